"""docs/models.md is made from reports; what a report of other weights or a table becomes."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from models.catalog import load_catalog

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    module = importlib.import_module("model_page")
    monkeypatch.setattr(module, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(module, "CARDS", tmp_path)
    monkeypatch.setattr(module, "FUSION", tmp_path / "fusion.md")
    (tmp_path / "fusion.md").write_text("# How readings become a mood\n")
    (tmp_path / "figures").mkdir()
    return module


def report(sha256: str) -> dict[str, Any]:
    return {
        "kind": "face", "model": "face_emotion", "sha256": sha256, "data": "dev", "n": 4,
        "groups": 4, "unread": 1, "labels": ["anger", "fear"], "accuracy": 0.5, "macro_f1": 0.4,
        "uar": 0.5, "ece": 0.1, "recall": {"anger": 1.0, "fear": 0.0}, "multilabel": {},
        "correlation": {}, "ms_p50": 1.0, "intervals": {"accuracy": [0.25, 0.75]},
        "confusion": [[2, 0, 0], [1, 0, 1]],
        "trust": {
            "reliability": [{"n": 3, "confidence": 0.8, "right": 2 / 3}],
            "risk": [i / 40 for i in range(20)], "aurc": 0.25,
        },
    }  # fmt: skip


def write(page: Any, name: str, content: dict[str, Any]) -> None:
    (page.FIGURES / f"{name}.json").write_text(json.dumps(content), "utf-8")


def test_a_report_becomes_a_table_and_three_plots(page: Any) -> None:
    write(page, "face_dev", report(load_catalog().entry("face_emotion").sha256))
    made = page.pages()
    assert "| accuracy | 0.500 | 0.250 to 0.750 |" in made["docs/models.md"]
    assert "earlier weight file" not in made["docs/models.md"]
    for what in ("reliability", "risk", "confusion"):
        name = f"docs/plots/face_dev_{what}.svg"
        assert f"plots/face_dev_{what}.svg" in made["docs/models.md"]
        assert ET.fromstring(made[name]).tag.endswith("svg")
    assert ">67%<" not in made["docs/plots/face_dev_confusion.svg"]
    assert ">100%<" in made["docs/plots/face_dev_confusion.svg"]


def test_a_report_of_other_weights_says_so(page: Any) -> None:
    write(page, "face_dev", report("0" * 64))
    assert "earlier weight file (face_emotion)" in page.pages()["docs/models.md"]


def test_a_table_drops_in_and_a_card_takes_its_block(page: Any) -> None:
    table = {
        "kind": "table", "title": "Voice in noise", "model": "voice_emotion", "note": "20 clips.",
        "columns": ["noise", "UAR"], "rows": [["white 20 dB", 0.66], ["white 10 dB", 0.5812]],
    }  # fmt: skip
    write(page, "noise", table)
    (page.CARDS / "voice.md").write_text("# V\n<!-- report: noise -->\nold\n<!-- end -->\nend\n")
    made = page.pages()
    assert "### Voice in noise" in made["docs/models.md"]
    assert "| white 10 dB | 0.581 |" in made["models/cards/voice.md"]
    assert "old" not in made["models/cards/voice.md"]
    assert made["models/cards/voice.md"].endswith("<!-- end -->\nend\n")
