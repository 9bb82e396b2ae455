"""Every figure that cards and docs show is the one that was measured on the installed weights."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    return importlib.import_module("model_page")


def test_pages_and_cards_say_what_the_reports_say(page: Any) -> None:
    made = page.pages()
    assert {"docs/models.md", "docs/fusion.md", "models/cards/text_emotion.md"} <= made.keys()
    stale = [name for name, text in made.items() if (ROOT / name).read_text("utf-8") != text]
    assert stale == []


def test_no_figure_is_of_weights_that_are_not_installed(page: Any) -> None:
    old = [name for name, text in page.pages().items() if "earlier weight file" in text]
    assert old == []


def test_a_changed_figure_makes_the_card_stale(
    page: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in page.FIGURES.glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    ratings = tmp_path / "text_ratings.json"
    report = json.loads(ratings.read_text("utf-8"))
    report["correlation"]["valence"] = 0.7512
    ratings.write_text(json.dumps(report), "utf-8")
    monkeypatch.setattr(page, "FIGURES", tmp_path)
    card = page.pages()["models/cards/text_emotion.md"]
    assert "| r valence | at least 0.750 | 0.751 | met |" in card
    assert card != (ROOT / "models/cards/text_emotion.md").read_text("utf-8")


def test_an_aim_counts_as_missed_by_what_was_measured(page: Any) -> None:
    reports: dict[str, Any] = {"fusion": {"loss": {"guess": 0.0101, "stranger": 0.01}}}
    guess, stranger = sys.modules["model_aims"].AIMS["fusion"][-2:]
    assert guess.row(reports)[1:] == ["at most 0.010", "0.010", "**missed by 0.000**"]
    assert stranger.row(reports)[1:] == ["at most 0.010", "0.010", "met"]


def test_aims_of_voice_and_face_are_read_from_their_cards(page: Any) -> None:
    aims = sys.modules["model_aims"]
    for name, file in (("voice", "voice_emotion"), ("face", "face_emotion")):
        card = (ROOT / "models" / "cards" / f"{file}.md").read_text("utf-8")
        rows = {row[0]: row[1:] for row in (aim.row({}) for aim in aims.card_aims(name, card))}
        for what, (wanted, reached, verdict) in rows.items():
            assert f"| {what} | {wanted} | {reached} | {verdict} |" in card
    worse = card.replace("| accuracy | 0.8367 |", "| accuracy | 0.8321 |")
    assert worse != card
    rows = {row[0]: row[1:] for row in (aim.row({}) for aim in aims.card_aims("face", worse))}
    assert rows["accuracy, 8 classes"] == ["at least 0.850", "0.832", "**missed by 0.018**"]
    assert rows["accuracy, int8 from float"][-1] == "met"


def test_a_voice_card_tells_of_corpora_left_out_in_each_of_its_ways(page: Any) -> None:
    tables = sys.modules["card_tables"]
    recipe = "| corpus | UAR |\n| --- | --- |\n| EmoDB | 0.9 |\n| nEMO{} | 0.4 |\n"
    people = "\n| corpus | corpus left out |\n| --- | --- |\n| nEMO | 0.35 |\n"
    assert tables.corpora_left_out(recipe.format(", never heard")) == {"nEMO": 0.4}
    assert tables.corpora_left_out(recipe.format("") + people) == {"nEMO": 0.35}
    tuned = "tuned, a corpus left out is read at: EmoDB 0.796, nEMO 0.389.\n"
    both = {"EmoDB": 0.796, "nEMO": 0.389}
    assert tables.corpora_left_out(recipe.format("") + people + tuned) == both
    assert tables.speech_rejected("none of 1,750 windows") == 1.0
    assert tables.speech_rejected("35 of\n1,750 windows") == 0.98
    with pytest.raises(LookupError, match="windows"):
        tables.speech_rejected("many")
