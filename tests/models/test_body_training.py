"""The body model judged on recordings in the Empatica E4's layout, written here."""

import json
from pathlib import Path

import pytest

from models.errors import DataError
from models.evaluate_body import evaluate_body
from models.training.body import judge, main, replay
from tests.models.body_records import HEAD, record

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("tells", "low", "high"), [(True, 0.8, 1.0), (False, 0.2, 0.8)])
def test_finds_stress_where_the_body_tells_it(
    tmp_path: Path, tells: bool, low: float, high: float
) -> None:
    (tmp_path / "tasks.csv").write_text(HEAD)
    moments = []
    for seed, person in enumerate(["S1", "S2", "S3"]):
        record(tmp_path, person, seed, tells)
        moments += replay(tmp_path, person)
    result = judge(moments)
    assert result["people"] == 3
    assert low <= result["auc_leave_people_out"] <= high
    assert low <= result["auc_shipped_weights"] <= high


def test_the_evaluation_reports_what_the_shipped_weights_do(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text(HEAD)
    for seed, person in enumerate(["S1", "S2", "S3"]):
        record(tmp_path, person, seed, tells=True)
    told: list[tuple[int, int]] = []
    report = evaluate_body(tmp_path, lambda done, all_: told.append((done, all_)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (report.people, report.kind) == (3, "body")
    assert report.auc > 0.8
    assert set(report.auc_of_people) == {"S1", "S2", "S3"}
    assert report.arousal["stress"] > report.arousal["rest"]
    low, high = report.intervals["auc"]
    assert low <= report.auc <= high
    assert any("AUC" in line for line in report.lines())


@pytest.mark.parametrize("people", [[], ["S1"]])
def test_too_few_people_are_no_evaluation(tmp_path: Path, people: list[str]) -> None:
    (tmp_path / "tasks.csv").write_text(HEAD)
    for person in people:
        record(tmp_path, person, 0, tells=True)
    with pytest.raises(DataError, match="two people"):
        evaluate_body(tmp_path)


def test_a_broken_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text(HEAD)
    record(tmp_path, "S1", 0, tells=True)
    (tmp_path / "S1" / "EDA.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(DataError, match="S1"):
        evaluate_body(tmp_path)


def test_a_smoke_run_takes_three_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks.csv").write_text(HEAD)
    for seed, person in enumerate(["S1", "S2", "S3", "S4"]):
        record(tmp_path, person, seed, tells=True)
    main(["--data", str(tmp_path), "--smoke"])
    said = capsys.readouterr().out
    assert "replayed 3/3 0 s left" in said
    assert json.loads(said[said.index("{") :])["people"] == 3
