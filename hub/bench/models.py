"""The models beside what people use instead: milliseconds and memory, on the same pictures.

Every contestant runs in a process of its own and takes turns with its peer. A peer lives in a
virtual environment of its own: it is kept under the folder named by MOODSYNC_BENCH_PEERS, or made
and thrown away. A peer that does not install is reported as absent, and nothing is compared.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from hub.bench import text_model
from hub.bench.contestant_face import write_frames
from hub.bench.figures import Figure, at_least, at_most, median, plain
from hub.errors import HubError

PEERS_FOLDER = "MOODSYNC_BENCH_PEERS"
HERE = Path(__file__).parent

INSTALL_LIMIT_S = 900
RUN_LIMIT_S = 300
TURNS = 2


@dataclass(frozen=True, slots=True)
class Peer:
    """A program to compare with: its name, what pip installs for it, and the script that runs it.

    The script takes a folder of samples and a number of runs, and prints what `Trial` holds.
    """

    name: str
    packages: tuple[str, ...]
    script: Path


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run of a contestant measured.

    `ms` of each sample by the clock, `cpu_ms` a sample of processor time over all its threads
    (which other programs do not lengthen much), memory at its end, samples with an answer.
    """

    ms: tuple[float, ...]
    cpu_ms: float
    rss_mb: float
    found: int


FER = Peer(
    "fer",
    ("fer==25.10.3", "opencv-contrib-python<5", "setuptools<81"),
    HERE / "peers" / "fer_peer.py",
)
FACE_TIMES_FASTER = 20.0
FACE_NET_MS = 2.0


def measure(*, quick: bool) -> list[Figure]:
    """Measure each model, and its peer when that is or can be installed."""
    runs = 20 if quick else 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_frames(folder, runs)
        with environment(FER, install=not quick) as python:
            faces = _face(folder, runs, python)
    return [*faces, *text_model.measure(quick=quick)]


def _face(folder: Path, runs: int, peer: Path | None) -> list[Figure]:
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(contest(_own("face", folder, runs)))
        if peer:
            theirs.append(contest((str(peer), str(FER.script), str(folder), str(runs))))
    net = contest(_own("face_net", folder, runs))
    figures = [
        at_most(
            "face_net",
            median(net.ms),
            "ms",
            FACE_NET_MS,
            "one aligned crop and its mirror image, one thread",
        ),
        plain("face_net_cpu", net.cpu_ms, "ms", "the same in processor time"),
        *_costs("face", ours, runs, "detect, track, align, read; three nets loaded"),
    ]
    if not theirs:
        return [*figures, plain("fer_frame", float("nan"), "ms", "absent: it does not install")]
    ratio = _mean(theirs) / _mean(ours)
    cheaper = median([trial.cpu_ms for trial in theirs]) / median([trial.cpu_ms for trial in ours])
    return [
        *figures,
        *_costs("fer", theirs, runs, "PyPI fer, as it comes"),
        at_least("face_times_faster", ratio, "x", FACE_TIMES_FASTER, "than fer, by the clock"),
        plain("face_times_cheaper", cheaper, "x", "than fer, in processor time"),
    ]


def _costs(name: str, trials: Sequence[Trial], runs: int, note: str) -> list[Figure]:
    """Return what a frame costs a contestant, and its memory."""
    seen = f"640x480, mean, a face in {trials[0].found} of {runs}"
    return [
        plain(f"{name}_frame", _mean(trials), "ms", seen),
        plain(f"{name}_frame_cpu", median([trial.cpu_ms for trial in trials]), "ms", seen),
        plain(f"{name}_rss", median([trial.rss_mb for trial in trials]), "MB", note),
    ]


def contest(command: Sequence[str]) -> Trial:
    """Run a contestant and return what it measured; raises HubError when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, or the peer's
            command, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        return Trial(tuple(found["ms"]), found["cpu_ms"], found["rss_mb"], found["found"])
    except subprocess.CalledProcessError as err:
        last = (err.stderr or "").strip().splitlines()[-1:]
        raise HubError(f"{command[1]} failed: {' '.join(last)}") from err
    except (OSError, subprocess.TimeoutExpired, LookupError, ValueError) as err:
        raise HubError(f"{command[1]} measured nothing: {err}") from err


@contextmanager
def environment(peer: Peer, *, install: bool) -> Iterator[Path | None]:
    """Yield the Python of a peer's environment, made for the occasion if `install`; else None."""
    kept = os.environ.get(PEERS_FOLDER)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(kept or name) / peer.name
        python = folder / "bin" / "python"
        if not python.exists() and install:
            _install(peer, folder, python)
        yield python if python.exists() else None


def _install(peer: Peer, folder: Path, python: Path) -> None:
    """Make the environment; leave nothing behind when the packages do not install."""
    steps = (
        (sys.executable, "-m", "venv", str(folder)),
        (str(python), "-m", "pip", "install", "--quiet", *peer.packages),
    )
    try:
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, timeout=INSTALL_LIMIT_S)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as err:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"{peer.name} does not install: {err}", file=sys.stderr)  # noqa: T201 - told at once


def _own(kind: str, folder: Path, runs: int) -> tuple[str, ...]:
    return (sys.executable, "-m", "hub.bench.contestant_face", kind, str(folder), str(runs))


def _mean(trials: Sequence[Trial]) -> float:
    """Milliseconds of a frame, the median of the turns' means: frames differ much in cost."""
    return median([fmean(trial.ms) for trial in trials])
