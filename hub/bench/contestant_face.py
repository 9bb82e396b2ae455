"""Our face models on a folder of frames: `python -m hub.bench.contestant_face KIND FOLDER RUNS`.

KIND `face` reads whole frames as the sensing process does, `face_net` one aligned crop alone.
Prints one line of JSON: milliseconds of each sample, processor milliseconds a sample, resident
memory at the end, samples with an answer.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.demo_camera import DemoScene
from hub.process_stats import process_stats
from models.catalog import load_catalog
from models.face import FacePipeline
from models.face_emotion import FaceEmotion

WIDTH, HEIGHT = 640, 480
FRAMES = 30
FPS = 5
CROP = 48
WARM_UP = 3

Image = NDArray[np.uint8]


def write_frames(folder: Path, count: int) -> None:
    """Write what the demonstration's camera sees while the person is there, as PNG files."""
    scene = DemoScene(WIDTH, HEIGHT)
    for number in range(min(count, FRAMES)):
        cv2.imwrite(str(folder / f"{number:03}.png"), scene.picture(2.0 + number / FPS))


def main(kind: str, folder: Path, runs: int) -> None:
    """Measure and print."""
    frames = [np.asarray(cv2.imread(str(path)), np.uint8) for path in sorted(folder.glob("*.png"))]
    read = {"face": _whole, "face_net": _net}[kind]()
    for frame in frames[:WARM_UP]:
        read(frame)
    times, found, spent = [], 0, time.process_time()
    for turn in range(runs):
        frame = frames[turn % len(frames)]
        started = time.perf_counter()
        answer = read(frame)
        times.append((time.perf_counter() - started) * 1000)
        found += bool(answer)
    cpu_ms = (time.process_time() - spent) * 1000 / runs
    stats = process_stats()
    rss_mb = stats.rss_mb if stats else 0.0
    result = {"ms": times, "cpu_ms": cpu_ms, "rss_mb": rss_mb, "found": found}
    print(json.dumps(result))  # noqa: T201 - the result


def _whole() -> Callable[[Image], bool]:
    """Return the face path, frame after frame of one scene."""
    pipeline, moment_s = FacePipeline(load_catalog(), 1), 0.0

    def read(frame: Image) -> bool:
        nonlocal moment_s
        moment_s += 1 / FPS
        return bool(pipeline(frame, moment_s))

    return read


def _net() -> Callable[[Image], bool]:
    """Return the expression net alone, on the middle of the frame as if it were a crop."""
    emotion = FaceEmotion(load_catalog(), 1)

    def read(frame: Image) -> bool:
        gray = frame[:CROP, :CROP, 0]
        return bool(emotion.classify_crop(np.ascontiguousarray(gray)).sum() > 0)

    return read


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
