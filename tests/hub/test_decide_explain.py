"""The sentence that goes with every decision."""

import re

import pytest

from hub.decide.explain import because
from hub.decide.policy import Value, goal_of
from hub.mood.context import Facts
from hub.settings import Person, Room, Rule, Scene, Settings
from models.types import Emotion, MoodEstimate, Sense

SETTINGS = Settings(
    rooms={"den": Room(name="Living room"), "hall": Room()},
    people={"ada": Person(name="Ada {x}")},
    scenes={"soft": Scene(name="Soft evening"), "plain": Scene()},
)
EVENING = Facts(minutes=19 * 60 + 42, sun_up=False, presence=True)


def sentence(
    when: dict[str, object],
    then: dict[str, object] | None = None,
    confidence: float = 0.72,
    weights: dict[Sense, float] | None = None,
    facts: Facts | None = None,
    device: str = "",
    value: Value | None = None,
    **more: object,
) -> str:
    rule = Rule.model_validate(
        {"room": "den", "when": when, "then": then or {"scene": "soft"}} | more
    )
    mood = MoodEstimate(-0.5, -0.3, Emotion.SADNESS, confidence, weights or {Sense.VOICE: 1.0}, 0.0)
    goal = goal_of(rule.then)
    return because(
        "unwind", rule, goal, SETTINGS, mood if rule.when.mood else None, facts, device, value
    )


def test_a_mood_names_senses_by_weight_sureness_dwell_context_and_rule() -> None:
    weights = {Sense.VOICE: 0.55, Sense.BODY: 0.35, Sense.CONTEXT: 0.1}
    said = sentence(
        {"mood": {}, "person": "ada", "sun": "down"}, weights=weights, facts=EVENING, for_s=300
    )
    assert said == (
        "Scene “Soft evening” in Living room because the voice and the body suggest that "
        "Ada {x} seems low for 5 min (fairly sure, 72%) and it is after sunset (rule unwind)."
    )


@pytest.mark.parametrize(("confidence", "words"), [(0.9, "very sure"), (0.41, "a guess")])
def test_sureness_is_in_words_first(confidence: float, words: str) -> None:
    assert f"({words}, " in sentence({"mood": {}}, confidence=confidence)


def test_a_room_and_one_sense() -> None:
    said = sentence({"mood": {}}, for_s=90)
    assert "the voice suggests that it seems low there for 90 s (" in said


@pytest.mark.parametrize(
    ("value", "words"),
    [(True, "yes"), (False, "no"), (21.50, "21.5"), ("open\n\x1b[31m", "open[31m")],
)
def test_a_sensor_and_what_it_reports(value: Value, words: str) -> None:
    when: dict[str, object] = {"sensor": {"device": "mqtt:m", "kind": "occupancy"}}
    said = sentence(when, {"restore": True}, device="Motion", value=value)
    assert said == (
        f"Back to how it was in Living room because Motion reports occupancy {words} (rule unwind)."
    )


def test_the_hour_and_who_is_there() -> None:
    said = sentence({"between": ["18:00", "23:00"], "presence": True, "sun": "down"}, facts=EVENING)
    assert "it is 19:42, between 18:00 and 23:00, it is after sunset and somebody is there" in said
    said = sentence({"presence": False, "sun": "up"}, facts=EVENING)
    assert "the sun is up and nobody is there" in said


@pytest.mark.parametrize(
    ("then", "what"),
    [
        ({"music": {"valence": 0.5, "energy": 0.5}}, "Lively, bright music in"),
        ({"music": {"valence": -0.5, "energy": -0.5}}, "Calm, muted music in"),
        ({"scene": "plain"}, "Scene “plain” in"),
        ({"scene": "unheard_of"}, "Scene “unheard_of” in"),
    ],
)
def test_what_is_done(then: dict[str, object], what: str) -> None:
    assert sentence({"mood": {}}, then).startswith(what)


def test_names_from_a_network_cannot_flood_the_sentence() -> None:
    when: dict[str, object] = {"sensor": {"device": "mqtt:m", "kind": "occupancy"}}
    assert len(sentence(when, device="x" * 10_000, value="y" * 10_000)) < 250


def test_unknown_rooms_and_people_are_called_by_their_keys() -> None:
    assert "in attic because" in sentence({"mood": {}}, room="attic")
    assert "in hall because" in sentence({"mood": {}}, room="hall")
    assert "that bo seems low" in sentence({"mood": {}, "person": "bo"})


def test_no_diagnosis_and_never_is_of_a_person() -> None:
    for label in Emotion:
        rule = Rule.model_validate({"room": "den", "when": {"mood": {}}, "then": {"scene": "soft"}})
        mood = MoodEstimate(0.0, 0.0, label, 0.5, {Sense.FACE: 1.0}, 0.0)
        said = because("r", rule, goal_of(rule.then), SETTINGS, mood, None, "", None)
        assert " seems " in said
        assert not re.search(r"\bis\b|depress|anxi|disorder|stress", said)
