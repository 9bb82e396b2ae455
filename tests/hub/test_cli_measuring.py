"""The commands that measure and refit models, run as a user would."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli.main import main
from tests.models.test_refit import samples
from tests.models.test_text_behaviour import FOLDER


def test_a_report_is_shown_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report.json"
    assert main(["evaluate", "behaviour", "--data", str(FOLDER), "--out", str(out)]) == 0
    assert "negation" in capsys.readouterr().out
    assert json.loads(out.read_text("utf-8"))["sentences"] == 200


@pytest.mark.slow
def test_a_benchmark_prints_json_and_nothing_else() -> None:
    """The parts that run a hub or a store would else write their log between the figures."""
    asked = [sys.executable, "-m", "hub", "bench", "storage", "--quick", "--json"]
    said = subprocess.run(asked, capture_output=True, check=False, timeout=50)
    assert "decision_kept" in json.loads(said.stdout)["figures"]


def test_a_folder_that_cannot_be_read_is_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("text", "body", "behaviour", "fusion"):
        assert main(["evaluate", kind, "--data", str(tmp_path)]) == 1
        said = capsys.readouterr().err
        assert str(tmp_path) in said
        assert "Traceback" not in said
    assert main(["refit", "text", "--data", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "data"


def test_refit_says_what_it_would_do_and_writes_nothing_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = Path("models/catalog.toml")
    before = catalog.read_bytes()
    assert main(["refit", "text", "--data", str(samples(tmp_path, wrong=4)), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["factor"] > 1.0
    assert "family_temperature" in found["calibration"]
    assert catalog.read_bytes() == before


def test_other_weights_are_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from models import catalog  # noqa: PLC0415 - its folder is moved

    shutil.copytree(catalog.PACKAGE / "weights", tmp_path / "weights")
    shutil.copy(catalog.PACKAGE / "catalog.toml", tmp_path / "catalog.toml")
    with (tmp_path / "weights" / "text_emotion.onnx").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"another")
    monkeypatch.setattr(catalog, "PACKAGE", tmp_path)
    for kind in ("text", "behaviour"):
        folder = samples(tmp_path, wrong=0) if kind == "text" else FOLDER
        assert main(["evaluate", kind, "--data", str(folder)]) == 1
        assert "sha256" in capsys.readouterr().err
