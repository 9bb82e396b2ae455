"""scripts/compare_figures.py lists what was measured otherwise than it is kept."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "compare_figures.py"

TEXT: dict[str, Any] = {"kind": "text", "accuracy": 0.70949, "ms_p50": 4.0, "risk": [0.1, 0.2]}
HEART: dict[str, Any] = {"kind": "heart", "records": [{"bpm": 60.0}]}


def compare(
    tmp_path: Path, kept: dict[str, Any], measured: dict[str, Any], *kinds: str
) -> tuple[int, str]:
    for folder, reports in (("kept", kept), ("measured", measured)):
        (tmp_path / folder).mkdir()
        for name, report in reports.items():
            (tmp_path / folder / f"{name}.json").write_text(json.dumps(report), "utf-8")
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "kept", tmp_path / "measured", *kinds],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_what_is_printed_alike_is_the_same_and_times_do_not_count(tmp_path: Path) -> None:
    again = {**TEXT, "accuracy": 0.70931, "ms_p50": 9.0}
    code, said = compare(tmp_path, {"text": TEXT}, {"text": again})
    assert (code, said) == (0, "4 figures are the same to 3 digits, 0 differ\n")


def test_a_digit_that_differs_is_named_with_both_values(tmp_path: Path) -> None:
    again = {**TEXT, "risk": [0.1, 0.201]}
    code, said = compare(tmp_path, {"text": TEXT}, {"text": again})
    assert code == 1
    assert "text: risk[1]: 0.2 kept, 0.201 measured" in said


def test_what_was_not_measured_counts_unless_another_kind_was_asked_for(tmp_path: Path) -> None:
    code, said = compare(tmp_path, {"text": TEXT, "heart": HEART}, {"text": TEXT}, "text")
    assert (code, "not measured" in said) == (0, False)


def test_the_heart_belongs_to_the_body(tmp_path: Path) -> None:
    code, said = compare(tmp_path, {"text": TEXT, "heart": HEART}, {"text": TEXT}, "body")
    assert code == 1
    assert said.startswith("heart: not measured\n")
