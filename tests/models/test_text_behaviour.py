"""The text sense on 200 sentences that each find out one thing."""

from pathlib import Path

import pytest

from models.errors import DataError
from models.evaluate_behaviour import BehaviourReport, evaluate_behaviour

FOLDER = Path(__file__).parent.parent / "fixtures" / "text_behaviour"

FLOORS = {"negation": 0.5, "sarcasm": 0.7, "emoji": 0.85, "slang": 0.85, "invariance": 0.9}
"""A little below what was measured: one or two sentences may change sides with new weights."""


@pytest.fixture(scope="module")
def report() -> BehaviourReport:
    return evaluate_behaviour(FOLDER)


@pytest.mark.parametrize("kind", FLOORS)
def test_passes_often_enough(report: BehaviourReport, kind: str) -> None:
    assert report.passed[kind] / report.cases[kind] >= FLOORS[kind]


def test_every_case_is_tried(report: BehaviourReport) -> None:
    assert report.sentences == 200
    assert report.cases.keys() == FLOORS.keys()
    assert report.n == sum(report.cases.values())
    assert report.n - sum(report.passed.values()) == len(report.failed)
    assert any("negation" in line for line in report.lines())


def broken(folder: Path, *lines: str) -> Path:
    (folder / "behaviour.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_a_wrong_expectation_fails(tmp_path: Path) -> None:
    folder = broken(
        tmp_path,
        "kind,expect,text,against",
        "a,negative,what a lovely day I love it,",
        "a,higher,I hate this,I love this",
        "a,same,I hate this,I love this",
        "b,unlike_lower,I love this,I love this",
    )
    found = evaluate_behaviour(folder)
    assert found.passed == {"a": 0, "b": 0}
    assert found.failed == (1, 2, 3, 4)


@pytest.mark.parametrize(
    "lines",
    [
        ("text,kind", "a,b"),
        ("kind,expect,text,against",),
        ("kind,expect,text,against", "a,positive"),
        ("kind,expect,text,against", "a,odd,some text,"),
        ("kind,expect,text,against", "a,same,some text,"),
    ],
)
def test_what_cannot_be_tried_is_refused(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(DataError):
        evaluate_behaviour(broken(tmp_path, *lines))
