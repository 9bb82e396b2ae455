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
