"""PyPI's `fer` on a folder of frames: `python fer_peer.py FOLDER RUNS`, prints one line of JSON.

Runs by the Python of fer's own environment, so it imports nothing of ours. `fer` finds faces with
OpenCV's Haar cascade by default and reads their expressions with a net of its own.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

WARM_UP = 3
RESIDENT_KB = "VmRSS:"


def main(folder: Path, runs: int) -> None:
    """Read every frame once from memory, and print milliseconds, memory and faces found."""
    cv2: Any = importlib.import_module("cv2")
    detector = importlib.import_module("fer.fer").FER()
    frames = [cv2.imread(str(path)) for path in sorted(folder.glob("*.png"))]
    for frame in frames[:WARM_UP]:
        detector.detect_emotions(frame)
    times, found, spent = [], 0, time.process_time()
    for turn in range(runs):
        started = time.perf_counter()
        faces = detector.detect_emotions(frames[turn % len(frames)])
        times.append((time.perf_counter() - started) * 1000)
        found += bool(faces)
    cpu_ms = (time.process_time() - spent) * 1000 / runs
    result = {"ms": times, "cpu_ms": cpu_ms, "rss_mb": rss_mb(), "found": found}
    print(json.dumps(result))  # noqa: T201 - the result


def rss_mb() -> float:
    """Return the resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(RESIDENT_KB)) / 1000


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
