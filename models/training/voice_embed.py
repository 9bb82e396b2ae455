"""Clip -> pooled statistics of the int8 encoder, in conditions, cached on disk.

The head is fitted on what the int8 encoder says, not on what the float one would say.
Every condition is one file, so an interrupted run goes on where it stopped.
"""

import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.log_mel import WINDOW_SAMPLES, log_mel
from models.runtime import Net
from models.training.voice_augment import add_noise, augment, coloured, music, reverberate
from models.training.voice_data import Clip, read_sound
from models.voice_window import fit_window

_SECONDS_BETWEEN_LINES: Final = 20.0
_BACKGROUND_VOICES: Final = 40


class Embedder:
    """Makes and caches an array (clips, statistics) for a condition."""

    def __init__(self, encoder: Path, clips: Sequence[Clip], cache: Path, seed: int) -> None:
        self._net = Net.load(encoder)
        self._clips = clips
        self._sounds = [read_sound(clip.path) for clip in clips]
        self._cache = cache
        self._seed = seed
        cache.mkdir(parents=True, exist_ok=True)

    def embed(self, condition: str) -> NDArray[np.float32]:
        """Embed all clips: "clean", or any other name for a way of augmenting of its own."""
        path = self._cache / f"{condition}.npy"
        if path.exists():
            kept: NDArray[np.float16] = np.load(path)
            if len(kept) == len(self._clips):
                return kept.astype(np.float32)
        started = spoken = time.monotonic()
        rows = []
        for index in range(len(self._clips)):
            (row,) = self._net(log_mel(self._window(index, condition))[None])
            rows.append(row[0].astype(np.float16))
            now = time.monotonic()
            if now - spoken > _SECONDS_BETWEEN_LINES:
                spoken = now
                done, total = index + 1, len(self._clips)
                left = (now - started) / done * (total - done)
                print(f"  {condition}: {done}/{total}, {left:.0f} s left", flush=True)
        result = np.stack(rows)
        part = path.with_suffix(".part.npy")
        np.save(part, result)
        part.replace(path)
        return result.astype(np.float32)

    def _window(self, index: int, condition: str) -> NDArray[np.float32]:
        sound = self._sounds[index]
        if condition == "clean":
            return fit_window(sound)
        rng = _rng(self._clips[index].path.name, condition, self._seed)
        heard = augment(sound, rng, self._background(index, rng))
        return fit_window(heard, start=int(rng.integers(max(1, heard.size - WINDOW_SAMPLES + 1))))

    def _background(self, index: int, rng: np.random.Generator) -> list[NDArray[np.float32]]:
        """Pick voices of others in the fold: nobody is heard on both sides of a split."""
        clip = self._clips[index]
        voices = [
            other
            for other, who in enumerate(self._clips)
            if who.fold == clip.fold and who.speaker != clip.speaker
        ]
        picked = rng.choice(voices, size=min(_BACKGROUND_VOICES, len(voices)), replace=False)
        return [self._sounds[other] for other in picked]


def test_sound(
    sound: NDArray[np.float32], name: str, condition: str, seed: int
) -> NDArray[np.float32]:
    """Disturb a clip for a test: "room", or a kind of noise with its signal-to-noise ratio."""
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
