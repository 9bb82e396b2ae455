"""Sounds that a house makes, as 16 kHz float32 in [-1, 1]; speech comes from espeak-ng."""

import io
import shutil
import subprocess
import wave
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.evaluate_senses import resample

Sound = NDArray[np.float32]

RATE_HZ = 16_000
TEXT = "I told you to close the door, and now the whole house is cold again. Please come here."


@cache
def speech(voice: str = "en", text: str = TEXT) -> Sound:
    """Speak a text; fails with the mend when espeak-ng is missing."""
    program = shutil.which("espeak-ng")
    assert program, "espeak-ng is missing: apt-get install espeak-ng"
    spoken = subprocess.run(
        [program, "-v", voice, "--stdout", text], capture_output=True, check=True, timeout=20
    ).stdout
    with wave.open(io.BytesIO(spoken)) as file:
        rate = file.getframerate()
    # The header that espeak-ng streams claims more samples than follow it.
    samples = np.frombuffer(spoken[44:][: len(spoken[44:]) // 2 * 2], "<i2") / 32768.0
    return resample(samples.astype(np.float32), rate)


def noise(seconds: float, slope: float, seed: int = 0, level: float = 0.1) -> Sound:
    """Make noise of power 1 / f ** slope and the given deviation."""
    size = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    spectrum *= np.maximum(np.arange(spectrum.size), 1.0) ** (-slope / 2)
    sound = np.fft.irfft(spectrum, size)
    return np.asarray(sound * level / sound.std(), np.float32)


def chord(seconds: float, pitches_hz: tuple[float, ...], vibrato_hz: float = 0.0) -> Sound:
    """Hold tones of six harmonics."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    bend = 3.0 * np.sin(2 * np.pi * vibrato_hz * time)
    tones = [
        np.sin(harmonic * (2 * np.pi * pitch * time + bend)) / harmonic
        for pitch in pitches_hz
        for harmonic in range(1, 7)
    ]
    mixed = np.sum(tones, axis=0)
    return np.asarray(0.5 * mixed / np.abs(mixed).max(), np.float32)


def tune(seconds: float, seed: int = 0) -> Sound:
    """Play plucked chords with a drum on the beat."""
    rng = np.random.default_rng(seed)
    result = np.zeros(int(seconds * RATE_HZ))
    beat = int(RATE_HZ * rng.uniform(0.25, 0.5))
    root = float(rng.uniform(90.0, 250.0))
    for start in range(0, result.size, beat):
        time = np.arange(min(2 * beat, result.size - start)) / RATE_HZ
        step = int(rng.choice([0, 5, 7, 9]))
        for interval in (0, 4, 7, 12):
            pitch = root * 2 ** ((step + interval) / 12)
            for harmonic in range(1, 6):
                wave_ = np.sin(2 * np.pi * harmonic * pitch * time)
                result[start : start + time.size] += wave_ * np.exp(-4 * time) / harmonic
        drum = rng.standard_normal(time.size) * np.exp(-30 * time)
        result[start : start + time.size] += drum
    return np.asarray(0.5 * result / np.abs(result).max(), np.float32)
