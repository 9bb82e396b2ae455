import csv
import shutil
from pathlib import Path

import pytest

from models.catalog import PACKAGE, Catalog, load_catalog
from models.errors import DataError
from models.refit import refit, write

pytestmark = pytest.mark.slow

TEXTS = [
    ("I love this, thank you so much", "happiness"),
    ("what a wonderful evening", "happiness"),
    ("you idiot, I hate you", "anger"),
    ("this makes me so angry", "anger"),
    ("I miss her and cannot stop crying", "sadness"),
    ("I feel so sad and alone", "sadness"),
    ("I am terrified of spiders", "fear"),
    ("the train leaves at nine", "neutral"),
    ("the shop is next to the station", "neutral"),
    ("wait, what? I do not understand", "surprise"),
]


def samples(folder: Path, wrong: int) -> Path:
    """Write each text in some spellings; `wrong` of ten have somebody else's label."""
    rows = []
    for turn in range(6):
        for number, (text, label) in enumerate(TEXTS):
            said = TEXTS[(number + 5) % len(TEXTS)][1] if (number + turn) % 10 < wrong else label
            rows.append((text + "!" * turn, said, f"person{turn}"))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label", "group"), *rows])
    return folder


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A copy of the catalog that may be written to; the weights stay where they are."""
    shutil.copy(PACKAGE / "catalog.toml", tmp_path / "catalog.toml")
    return load_catalog(tmp_path / "catalog.toml")


def test_a_sense_that_claims_too_much_is_softened(tmp_path: Path) -> None:
    found = refit("text", samples(tmp_path, wrong=4))
    assert found.n == 60
    assert found.factor > 1.5
    assert found.nll[1] < found.nll[0]
    assert found.ece[1] < found.ece[0]
    entry = load_catalog().entry("text_emotion")
    assert found.calibration["family_temperature"] == pytest.approx(
        entry.number("family_temperature") * found.factor
    )
    assert any("temperature" in line for line in found.lines())


def test_writing_changes_two_lines_and_fits_from_there(tmp_path: Path, catalog: Catalog) -> None:
    data = samples(tmp_path, wrong=4)
    before = (tmp_path / "catalog.toml").read_text("utf-8").splitlines()
    write(refit("text", data, catalog=catalog), tmp_path / "catalog.toml")
    after = (tmp_path / "catalog.toml").read_text("utf-8").splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split(" = ")[0] for line in changed] == ["family_temperature", "family_bias"]
    # Fitting what is fitted finds nothing left to do.
    again = refit("text", data, catalog=load_catalog(tmp_path / "catalog.toml"))
    assert again.factor == pytest.approx(1.0, abs=0.01)


def test_a_catalog_without_the_lines_is_refused(tmp_path: Path) -> None:
    found = refit("text", samples(tmp_path, wrong=2))
    (tmp_path / "catalog.toml").write_text("[other]\n")
    with pytest.raises(DataError, match=r"text_emotion\.calibration"):
        write(found, tmp_path / "catalog.toml")
    (tmp_path / "catalog.toml").write_text("[text_emotion.calibration]\ntemperature = 1\n")
    with pytest.raises(DataError, match="family_temperature"):
        write(found, tmp_path / "catalog.toml")


def test_too_little_to_fit_on_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "labels.csv").open("w", encoding="utf-8") as file:
        file.write("text,label\nI love it,joy\nI hate it,anger\n")
    with pytest.raises(DataError, match="40 labelled samples"):
        refit("text", tmp_path)
    with pytest.raises(DataError, match="none of"):
        refit("body", tmp_path)
