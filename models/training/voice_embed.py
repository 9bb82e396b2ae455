"""Clip -> pooled statistics of the int8 encoder, in conditions, cached on disk.

The head is fitted on what the int8 encoder says, not on what the float one would say.
Every condition is one file, so an interrupted run goes on where it stopped.
"""

import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.log_mel import WINDOW_SAMPLES, log_mel
from models.runtime import Net
from models.training.voice_augment import add_noise, augment, coloured, music, reverberate
from models.training.voice_data import Clip, read_sound
from models.voice_emotion import window_starts
from models.voice_window import fit_window

Sound = NDArray[np.float32]

_SECONDS_BETWEEN_LINES: Final = 20.0
_BACKGROUND_VOICES: Final = 40


class Embedder:
    """Makes and caches arrays (windows, statistics) for a condition."""

    def __init__(self, encoder: Path, clips: Sequence[Clip], cache: Path, seed: int) -> None:
        self._net = Net.load(encoder)
        self._clips = clips
        self._sounds = [read_sound(clip.path) for clip in clips]
        self._cache = cache
        self._seed = seed
        cache.mkdir(parents=True, exist_ok=True)

    def augmented(self, condition: str) -> NDArray[np.float32]:
        """Embed one disturbed window of each clip; each name is a way of augmenting of its own."""
        heard = ([self._augment(i, condition)] for i in self._indices())
        return self._kept(condition, heard).astype(np.float32)

    def windows(self, condition: str = "clean") -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Embed all windows of each clip, and give the clip of each; see `disturb` for names."""
        heard = (self._disturbed(i, condition) for i in self._indices())
        rows = self._kept(condition, map(_windows, heard)).astype(np.float32)
        counts = [len(window_starts(sound.size)) for sound in self._sounds]
        return rows, np.repeat(np.arange(len(self._clips)), counts)

    def _indices(self) -> range:
        return range(len(self._clips))

    def _embed(self, window: Sound) -> Sound:
        statistics: Sound = self._net(log_mel(window)[None])[0][0]
        return statistics

    def _kept(self, condition: str, clips: Iterator[list[Sound]]) -> NDArray[np.float16]:
        path = self._cache / f"{condition}.npy"
        if path.exists():
            kept: NDArray[np.float16] = np.load(path)
            return kept
        started = spoken = time.monotonic()
        rows = []
        for done, windows in enumerate(clips, start=1):
            rows += [self._embed(window).astype(np.float16) for window in windows]
            now = time.monotonic()
            if now - spoken > _SECONDS_BETWEEN_LINES:
                spoken = now
                left = (now - started) / done * (len(self._clips) - done)
                print(f"  {condition}: {done}/{len(self._clips)}, {left:.0f} s left", flush=True)
        result = np.stack(rows)
        part = path.with_suffix(".part.npy")
        np.save(part, result)
        part.replace(path)
        return result

    def _disturbed(self, index: int, condition: str) -> Sound:
        sound = self._sounds[index]
        if condition == "clean":
            return sound
        return disturb(sound, self._clips[index].path.name, condition, self._seed)

    def _augment(self, index: int, condition: str) -> Sound:
        rng = _rng(self._clips[index].path.name, condition, self._seed)
        heard = augment(self._sounds[index], rng, self._background(index, rng))
        return fit_window(heard, start=int(rng.integers(max(1, heard.size - WINDOW_SAMPLES + 1))))

    def _background(self, index: int, rng: np.random.Generator) -> list[Sound]:
        """Pick voices of others in the fold: nobody is heard on both sides of a split."""
        clip = self._clips[index]
        voices = [
            other
            for other, who in enumerate(self._clips)
            if who.fold == clip.fold and who.speaker != clip.speaker
        ]
        if not voices:
            return [self._sounds[index]]
        picked = rng.choice(voices, size=min(_BACKGROUND_VOICES, len(voices)), replace=False)
        return [self._sounds[other] for other in picked]


def _windows(sound: Sound) -> list[Sound]:
    return [fit_window(sound, at) for at in window_starts(sound.size)]


def disturb(sound: Sound, name: str, condition: str, seed: int) -> Sound:
    """Disturb a clip for a test: "room", or a kind of noise with its ratio, such as "pink10".

    Kinds are white, pink and music; the ratio of the mean powers is in decibels.
    """
    rng = _rng(name, condition, seed)
    if condition == "room":
        return reverberate(sound, rng)
    kind = condition.rstrip("0123456789")
    noise = (
        music(rng, sound.size)
        if kind == "music"
        else coloured(rng, sound.size, {"white": 0.0, "pink": 1.0}[kind])
    )
    return add_noise(sound, noise, float(condition.removeprefix(kind)))


def _rng(name: str, condition: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(f"{name}/{condition}".encode())])
