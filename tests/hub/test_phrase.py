"""The catalogues are whole, the code uses them rightly, and what was stored stays readable."""

import ast
import copy
import json
import pickle
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hub
from drivers.types import Status
from hub.api.access import Role
from hub.decide.guards import Guard
from hub.phrase import (
    LANGUAGES,
    SOURCE,
    Language,
    Phrase,
    best_language,
    catalogue,
    frozen,
    kept,
    phrase_or,
    restored,
    thawed,
    translated,
)
from hub.sense.message_fields import Reason
from hub.store.codes import join_numbers, split_numbers
from hub.store.whose import without
from hub.views import reason_of
from models.types import EMOTIONS, Emotion, Sense

ROOT = Path(hub.__file__).parent


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def calls() -> Iterator[tuple[str, re.Pattern[str], set[str] | None]]:
    """Yield where each phrase is made, which keys that may be, and its places if they are plain."""
    for file in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            where = f"{file.relative_to(ROOT)}:{node.lineno}"
            if node.func.id == "phrase_or":
                section = ast.literal_eval(node.args[0])
                yield where, re.compile(rf"{section}\.\w+"), set()
            if node.func.id == "Phrase":
                names = {word.arg for word in node.keywords if word.arg is not None}
                plain = len(names) == len(node.keywords)
                for key in keys(node.args[0]):
                    yield where, key, names if plain else None


def keys(node: ast.expr) -> Iterator[re.Pattern[str]]:
    match node:
        case ast.Constant(value=str(key)):
            yield re.compile(re.escape(key))
        case ast.IfExp(body=body, orelse=orelse):
            yield from keys(body)
            yield from keys(orelse)
        case ast.JoinedStr(values=values):
            parts = (
                re.escape(str(one.value)) if isinstance(one, ast.Constant) else r"\w+"
                for one in values
            )
            yield re.compile("".join(parts))


def test_every_language_has_the_same_keys_and_places() -> None:
    english = catalogue(SOURCE)
    for language in LANGUAGES:
        texts = catalogue(language)
        assert texts.keys() == english.keys(), language
        for key, text in texts.items():
            assert text.strip() == text != "", (language, key)
            assert places(text) == places(english[key]), (language, key)


def test_every_phrase_in_the_code_is_in_the_catalogue_with_its_places() -> None:
    texts = catalogue(SOURCE)
    used: set[str] = set()
    found = list(calls())
    assert len(found) > 150
    for where, pattern, given_names in found:
        matching = [key for key in texts if pattern.fullmatch(key)]
        assert matching, where
        used |= set(matching)
        for key in matching:
            assert given_names is None or places(texts[key]) <= given_names, (where, key)
    # Those whose key is a variable: `_seeming` and `how_sure`, the joining of lists.
    named = {"list.and", *(k for k in texts if re.fullmatch(r"sure\.\w+|because\.\w+_for", k))}
    assert set(texts) - used <= named | {"because.room_seems", "because.person_seems"}


def test_nothing_is_refused_in_words_that_cannot_be_translated() -> None:
    """What the API tells comes from the catalogues; a text of somebody else's is passed on."""
    told = {"Problem": 2, "Refusal": 1, "NotFound": 0, "ConsentRequired": 0, "TextRefused": 0}
    elsewhere = ("cli", "bench", "store", "config.py", "yaml_source.py", "edits.py", "rule_text.py")
    plain = [
        f"{file.relative_to(ROOT)}:{node.lineno} {ast.unparse(word)}"
        for file in sorted(ROOT.rglob("*.py"))
        if not str(file.relative_to(ROOT)).startswith(elsewhere)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in told
        for word in node.args[told[node.func.id] :]
        if isinstance(word, ast.Constant | ast.JoinedStr) and ast.unparse(word) != "''"
        if "first['msg']" not in ast.unparse(word)  # pydantic's words
    ]
    assert plain == []


def noted() -> Iterator[tuple[str, ast.expr]]:
    """Yield what each call that writes to the audit log is given to say, and where."""
    for file in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="audit"), args=[_, *said]):
                    pass
                case ast.Call(func=ast.Name(id="add_audit"), args=[_, _, _, *said]):
                    pass
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="self"), attr="_write"),
                    args=[_, _, _, *said],
                ) if file.name == "accounts.py":
                    pass
                case _:
                    continue
            for one in said:
                yield f"{file.relative_to(ROOT)}:{node.lineno} {ast.unparse(one)}", one


def test_nothing_is_noted_in_the_audit_log_in_words_that_cannot_be_translated() -> None:
    """mypy asks for a Phrase as the action; a detail is one too, or a name: never words as such."""
    found = list(noted())
    assert len(found) > 40
    plain = [
        where
        for where, said in found
        for one in ast.walk(said)
        if isinstance(one, ast.JoinedStr | ast.BinOp)
        or (isinstance(one, ast.Constant) and one.value and " " in str(one.value))
        if "Phrase(" not in where
    ]
    assert plain == []


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("role", [one.value for one in Role]),
        ("setting", ["sharing", "device", "wishes"]),
        ("mood", [one.value for one in Emotion]),
        ("sense", [one.value for one in Sense]),
        ("held", [one.value for one in Guard]),
        ("source", [one.value for one in Reason if one is not Reason.NONE]),
    ],
)
def test_every_name_has_its_word(section: str, names: list[str]) -> None:
    for name in names:
        assert isinstance(phrase_or(section, name), Phrase), f"{section}.{name}"


def test_every_outcome_has_its_words() -> None:
    for status in Status:
        assert reason_of(status, "no answer") == "no answer"
        assert reason_of(status, "") == ""
    assert translated(reason_of(Status.REFUSED, "no"), "de") == "abgelehnt: no"


def test_a_name_without_a_word_stands_for_itself() -> None:
    assert phrase_or("kind", "pressure_of_steam") == "pressure_of_steam"


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr, en;q=0.2, de;q=0.7", "de"),
        ("en;q=0.5, de;q=0.5", "en"),
        ("de;q=0, fr", "en"),
        ("de;q=much, *", "en"),
        ("x" * 10_000, "en"),
    ],
)
def test_the_best_language_is_chosen(accepted: str, best: Language) -> None:
    assert best_language(accepted, "en") == best


def test_who_asks_for_no_language_is_told_in_the_homes() -> None:
    assert best_language("fr;q=1", "de") == "de"


def test_a_phrase_is_its_english_text_and_knows_the_other() -> None:
    room = Phrase("refused.no_room", name="attic")
    assert room == "there is no room 'attic'"
    assert room.in_language("en") == room
    assert room.in_language("de") == "es gibt keinen Raum „attic“"
    assert isinstance(str(LookupError(room)), Phrase)
    assert isinstance(str(room), Phrase)
    for same in (copy.deepcopy(room), copy.copy(room), pickle.loads(pickle.dumps(room))):
        assert same == room
        assert translated(same, "de") == room.in_language("de")
    assert json.dumps({"title": room}) == json.dumps({"title": str.__str__(room)})


def test_a_key_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        Phrase("refused.by_nobody")
    with pytest.raises(KeyError):
        Phrase("refused.no_room")


def test_phrases_within_phrases_lists_and_numbers_follow_the_language() -> None:
    said = Phrase("mend.people", people=(Phrase("sense.face"), "B", 3.5))
    assert said == "people: the face, B and 3.5"
    assert said.in_language("de") == "Personen: das Gesicht, B und 3,5"
    assert translated([{"why": said, "n": 1}, (said,)], "de") == [
        {"why": said.in_language("de"), "n": 1},
        [said.in_language("de")],
    ]


texts = st.text(max_size=30)
parts = st.recursive(
    texts | st.integers(-999, 999) | st.floats(-99, 99).map(lambda x: round(x, 2)),
    lambda one: (
        st.lists(one, max_size=3).map(tuple)
        | st.builds(lambda who: Phrase("mend.people", people=who), one)
    ),
    max_leaves=5,
)


@given(parts)
def test_what_is_stored_comes_back_in_every_language(part: object) -> None:
    said = Phrase("mend.people", people=part)  # type: ignore[arg-type]
    for again in (
        restored(said.stored()),
        thawed(json.loads(json.dumps(frozen({"w": said}))))["w"],
    ):
        assert again == said
        assert isinstance(again, Phrase)
        assert again.in_language("de") == said.in_language("de")
    if len(said.stored()) < 500:
        assert restored(join_numbers(*split_numbers(said.stored()))) == said


@given(
    texts | st.just('["') | st.builds('["{}'.format, texts) | st.builds('["a",{}]'.format, texts)
)
def test_any_other_text_comes_back_without_an_error(text: str) -> None:
    assert isinstance(restored(text), str)
    if not text.startswith('["'):
        assert restored(text) == text


@given(texts | parts.map(lambda part: Phrase("mend.people", people=part).stored()))
def test_a_name_that_looks_like_a_stored_phrase_stays_a_name(text: str) -> None:
    for again in (restored(kept(text)), thawed(json.loads(json.dumps(frozen([text]))))[0]):
        assert again == text
        assert again == (again.in_language("de") if isinstance(again, Phrase) else again)


def test_what_another_version_said_reads_as_its_parts() -> None:
    assert restored('["because.of_the_moon",{"room":"Den","why":["x.y",{"n":4}]}]') == "Den 4"


@pytest.mark.parametrize("erased", ["Ada", "room", "because", "face", "sense"])
def test_an_erased_name_leaves_a_sentence(erased: str) -> None:
    said = Phrase(
        "because.decision",
        what=Phrase("because.scene", scene="Soft"),
        room="Ada's room",
        why=(Phrase("sense.face"),),
        rule="face",
    )
    left = restored(without(erased, said.stored()))
    assert "Soft" in left
    assert "{" not in left
    assert "Ada" not in left or erased != "Ada"


@pytest.mark.parametrize(
    "text",
    [
        '["a",1]',
        '["a lamp",{}]',
        '["a.b",' + "[" * 5_000 + "]" * 5_000 + "]",
        '["a.b",{"c":' + "[" * 5_000 + "]" * 5_000 + "}]",
    ],
    ids=["pair", "name", "deep list", "deep part"],
)
def test_what_only_looks_like_a_phrase_stays_as_it_is(text: str) -> None:
    assert thawed({"name": text}) == {"name": text}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hub_and_the_app_have_the_same_word_for_a_mood(language: Language) -> None:
    text = (Path(hub.__file__).parent / "web" / "src" / "i18n" / language / "common.ts").read_text(
        encoding="utf-8"
    )
    app = dict(re.findall(r'"mood\.(\w+)": "([^"]*)"', text))
    told = {emotion.value: catalogue(language)[f"mood.{emotion.value}"] for emotion in EMOTIONS}
    assert told == {name: app[name] for name in told}
    assert len(set(told.values())) == len(told)  # a list to choose from has no word twice
