"""How often sounds that are no speech are read as a mood.

`python -m models.training.voice_rejection --out FILE`. Noise, chords, tunes and hum of ten seconds
each go through the whole path (noise gate, voice activity, emotion). Counted are the windows that
were read, out of one a second, which speech would give.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog, load_catalog
from models.training.voice_augment import coloured, hum, music
from models.voice import VoicePipeline

Sound = NDArray[np.float32]

_RATE_HZ: Final = 16_000
_SECONDS: Final = 10
_PIECES: Final = 25


def rejection(catalog: Catalog, pieces: int = _PIECES) -> dict[str, tuple[int, int]]:
    """Give for each kind of sound how many windows were read, and of how many."""
    result = {}
    for number, (kind, make) in enumerate(_KINDS.items()):
        read = 0
        for piece in range(pieces):
            rng = np.random.default_rng([number, piece])
            sound = make(rng, _SECONDS * _RATE_HZ)
            level = 10.0 ** (rng.uniform(-45.0, -10.0) / 20.0)
            sound = np.clip(sound * level / max(float(sound.std()), 1e-9), -1.0, 1.0)
            pipeline = VoicePipeline(catalog)
            for end in range(_RATE_HZ // 10, sound.size + 1, _RATE_HZ // 10):
                pipeline(sound[end - _RATE_HZ // 10 : end].astype(np.float32), end / _RATE_HZ)
            read += pipeline.windows
        result[kind] = (read, pieces * _SECONDS)
        print(f"  {kind}: {read} of {pieces * _SECONDS}", flush=True)
    return result


def _chord(rng: np.random.Generator, size: int) -> Sound:
    time = np.arange(size) / _RATE_HZ
    root = float(rng.uniform(80.0, 400.0))
    bend = float(rng.uniform(0.0, 3.0)) * np.sin(2 * np.pi * float(rng.uniform(4.0, 6.0)) * time)
    tones = [
        np.sin(harmonic * (2 * np.pi * root * 2 ** (step / 12) * time + bend)) / harmonic
        for step in (0, int(rng.choice([3, 4])), 7)
        for harmonic in range(1, 7)
    ]
    return np.asarray(np.sum(tones, axis=0), np.float32)


def _beats(rng: np.random.Generator, size: int) -> Sound:
    """Make noise in bursts, as drums, dishes and footsteps do."""
    time = np.arange(size) / _RATE_HZ
    every_s = float(rng.uniform(0.2, 0.8))
    envelope = np.exp(-(time % every_s) * float(rng.uniform(5.0, 40.0)))
    return np.asarray(coloured(rng, size, 1.0) * envelope, np.float32)


_KINDS: Final[Mapping[str, Callable[[np.random.Generator, int], Sound]]] = {
    "white noise": lambda rng, size: coloured(rng, size, 0.0),
    "pink noise": lambda rng, size: coloured(rng, size, 1.0),
    "brown noise": lambda rng, size: coloured(rng, size, 2.0),
    "noise in bursts": _beats,
    "held chords, with vibrato": _chord,
    "tunes of chords": music,
    "mains hum and fan": hum,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.write_text(json.dumps(rejection(load_catalog()), indent=1) + "\n", "utf-8")
