import subprocess
import sys
from pathlib import Path

import pytest

from models.catalog import PACKAGE, Catalog, Packaged, Trained, Use, load_catalog, sha256_of
from models.errors import WeightsError

ENTRY = """
[tiny]
file = "tiny.onnx"
bytes = 5
sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
licence = "MIT"
card = "tiny.md"
input = "nothing"
classes = ["yes", "no"]
use = "run"
[tiny.origin]
training = "models.training.tiny"
[tiny.calibration]
temperature = 2
thresholds = [0.5, 1]
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "catalog.toml").write_text(ENTRY)
    (tmp_path / "tiny.onnx").write_bytes(b"hello")
    return load_catalog(tmp_path / "catalog.toml", own=tmp_path)


def test_entry_has_what_the_file_says(catalog: Catalog) -> None:
    entry = catalog.entry("tiny")
    assert entry.classes == ("yes", "no")
    assert entry.origin == Trained("models.training.tiny")
    assert entry.use is Use.RUN
    assert entry.number("temperature") == 2.0
    assert entry.numbers("thresholds") == (0.5, 1.0)


def test_calibration_that_is_not_there_is_named(catalog: Catalog) -> None:
    with pytest.raises(WeightsError, match=r"tiny: calibration.bias must be a number"):
        catalog.entry("tiny").number("bias")
    with pytest.raises(WeightsError, match=r"calibration.temperature must be a list"):
        catalog.entry("tiny").numbers("temperature")


def test_unknown_id_names_the_known(catalog: Catalog) -> None:
    with pytest.raises(WeightsError, match="use one of tiny"):
        catalog.path("other")


def test_right_file_passes(catalog: Catalog) -> None:
    assert catalog.path("tiny").read_bytes() == b"hello"
    assert catalog.verify("tiny") == catalog.entry("tiny").sha256


def test_altered_and_missing_files_are_refused(catalog: Catalog) -> None:
    file = catalog.place("tiny")
    file.write_bytes(b"hellO")
    with pytest.raises(WeightsError, match="has sha256"):
        catalog.path("tiny")
    file.write_bytes(b"hello!")
    with pytest.raises(WeightsError, match="6 bytes, the catalog says 5"):
        catalog.path("tiny")
    file.unlink()
    with pytest.raises(WeightsError, match="restore it from the project"):
        catalog.path("tiny")


def test_a_file_is_checked_once_a_process_but_verify_always_looks(catalog: Catalog) -> None:
    catalog.path("tiny").write_bytes(b"hellO")
    assert catalog.path("tiny")
    with pytest.raises(WeightsError):
        catalog.verify("tiny")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[tiny]", "[tiny", "catalog: catalog.toml"),
        ('licence = "MIT"', "", "catalog: tiny"),
        ('classes = ["yes", "no"]', "", "catalog: tiny: classes is missing"),
        ('use = "run"', 'use = "sometimes"', "sometimes"),
        ("temperature = 2", 'temperature = "hot"', "could not convert"),
        ('training = "models.training.tiny"', 'package = "x"', "missing"),
        ("bytes = 5", "bytes = 5\nsize = 5", "size"),
    ],
)
def test_a_wrong_catalog_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(ENTRY.replace(old, new))
    with pytest.raises(WeightsError, match=problem):
        load_catalog(path)


def test_fetched_weights_lie_where_the_user_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODSYNC_WEIGHTS", str(tmp_path))
    assert load_catalog().place("silero_vad") == tmp_path / "silero_vad.onnx"
    monkeypatch.delenv("MOODSYNC_WEIGHTS")
    assert load_catalog().place("silero_vad").parent == PACKAGE / "weights" / "fetched"


def test_missing_fetched_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        load_catalog(fetched=tmp_path).path("silero_vad")
    assert caught.value.mend == "run `moodsync models fetch`"


@pytest.mark.parametrize("entry_id", load_catalog().entries)
def test_every_real_entry_is_complete(entry_id: str) -> None:
    entry = load_catalog().entry(entry_id)
    assert len(entry.sha256) == 64
    assert entry.licence
    assert (PACKAGE / "cards" / entry.card).is_file()
    if isinstance(entry.origin, Packaged):
        assert len(entry.origin.wheel_sha256) == 64
    else:
        assert sha256_of(PACKAGE / "weights" / entry.file) == entry.sha256


def test_the_hub_may_read_the_catalog_without_numpy() -> None:
    code = "import models.catalog, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0
