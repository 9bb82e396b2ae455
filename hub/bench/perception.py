"""What one frame, one window of speech and one sentence cost on one thread.

Real input: the photograph of the demo at 640x480, speech by espeak-ng, and plain sentences.
"""

import subprocess
import time
from collections.abc import Callable
from functools import partial
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from drivers.demo_camera import DemoScene
from drivers.media import SAMPLE_RATE_HZ
from hub.bench.figures import Figure, at_most, median, plain
from hub.errors import HubError
from models.catalog import load_catalog
from models.face import FacePipeline
from models.text import TextPipeline
from models.voice_emotion import LIGHT_MODEL, MODEL, VoiceEmotion

SENTENCES = (
    "what a lovely day",
    "I can't believe they cancelled it again, this is so annoying.",
    "The meeting is at four.",
    "I miss her more than I thought I would.",
    "thank you so much for helping me with the garden yesterday, it means a lot to all of us!",
)
WARM_UP = 5


def measure(*, quick: bool) -> list[Figure]:
    """Measure every pipeline as the sensing process uses it, on this thread."""
    runs = 40 if quick else 200
    catalog = load_catalog()
    return [*_face(runs, FacePipeline(catalog, 1)), *_voice(runs), *_text(runs)]


def _face(runs: int, pipeline: FacePipeline) -> list[Figure]:
    moment = 0.0

    def on(image: NDArray[np.uint8]) -> Callable[[], object]:
        def once() -> object:
            nonlocal moment
            moment += 0.2
            return pipeline(image, moment)

        return once

    # Without a face, but never still: noise keeps the motion gate from saving the work.
    rng = np.random.default_rng(1)
    rooms = [rng.integers(60, 120, (480, 640, 3), dtype=np.uint8) for _ in range(4)]
    turn = 0

    def empty() -> object:
        nonlocal turn
        turn += 1
        return on(rooms[turn % len(rooms)])()

    without = _times(empty, runs)
    moment += 60
    scene = DemoScene(640, 480)
    pictures = [scene.picture(number / 5) for number in range(100)]

    def face() -> object:
        nonlocal turn
        turn += 1
        return on(pictures[turn % len(pictures)])()

    if not any(pipeline(picture, moment + i) for i, picture in enumerate(pictures[:10])):
        raise HubError("no face was found in the demo's photograph")
    moment += 20
    with_one = _times(face, runs)
    return [
        at_most("face_frame_empty", median(without), "ms", 10, "640x480, no face, moving"),
        # The mean: a face that is followed costs a fifth of one that is searched for.
        at_most("face_frame_one", fmean(with_one), "ms", 25, "640x480, mean: follow, find, read"),
    ]


def _voice(runs: int) -> list[Figure]:
    window = speech()[: 3 * SAMPLE_RATE_HZ]
    figures = []
    for name, model in (("voice_window", MODEL), ("voice_window_light", LIGHT_MODEL)):
        emotion = VoiceEmotion(load_catalog(), 1, model)
        spent = _times(partial(emotion.classify, window), runs)
        figures.append(at_most(name, median(spent), "ms", 10))
    return figures


def _text(runs: int) -> list[Figure]:
    started = time.perf_counter()
    model = TextPipeline(load_catalog(), 1)
    load_ms = (time.perf_counter() - started) * 1000
    turn = 0

    def sentence() -> object:
        nonlocal turn
        turn += 1
        return model(SENTENCES[turn % len(SENTENCES)])

    return [
        at_most("text_sentence", median(_times(sentence, runs)), "ms", 15),
        plain("text_load", load_ms, "ms"),
    ]


def speech() -> NDArray[np.float32]:
    """Return some seconds of synthesised speech; raises HubError without espeak-ng."""
    try:
        done = subprocess.run(
            ["espeak-ng", "--stdout", "-s", "150", "This is a sentence to measure with, not more."],  # noqa: S607
            check=True,
            capture_output=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError) as err:
        raise HubError("espeak-ng is needed for this: apt-get install espeak-ng") from err
    pcm = np.frombuffer(done.stdout[44:], dtype="<i2").astype(np.float32) / 32768
    old = np.arange(len(pcm)) / 22050
    new = np.arange(0, old[-1], 1 / SAMPLE_RATE_HZ)
    samples = np.interp(new, old, pcm).astype(np.float32)
    return np.tile(samples, 2)


def _times(work: Callable[[], object], runs: int) -> list[float]:
    for _ in range(WARM_UP):
        work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return times
