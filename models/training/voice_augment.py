"""What rooms, microphones and codecs do to a voice, as seeded functions on 16 kHz sound.

Without this a head trained on studio recordings falls to chance in an ordinary room.
"""

import io
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

Sound = NDArray[np.float32]
Rng = np.random.Generator

_RATE_HZ: Final = 16_000


def augment(samples: Sound, rng: Rng, others: Sequence[Sound]) -> Sound:
    """Give a plausible home recording of a studio clip.

    `others` are voices to talk in the background. The result has another length and level.
    """
    samples = _speed(samples, rng)
    if _happens(rng, 0.4):
        samples = _pause(samples, rng)
    if _happens(rng, 0.45):
        samples = reverberate(samples, rng)
    if _happens(rng, 0.5):
        samples = _colour(samples, rng)
    if _happens(rng, 0.8):
        snr_db = float(rng.uniform(3.0, 30.0))
        samples = add_noise(samples, _noise(rng, others)(samples.size), snr_db)
    if _happens(rng, 0.15):
        samples = _clip(samples, rng)
    if _happens(rng, 0.2):
        samples = _codec(samples, rng)
    return samples


def add_noise(samples: Sound, noise: Sound, snr_db: float) -> Sound:
    """Mix in noise of the same length at the given ratio of the mean powers."""
    power, disturbance = float(np.mean(samples**2)), float(np.mean(noise**2))
    scale = np.sqrt(power / max(disturbance, 1e-12) / 10.0 ** (snr_db / 10.0))
    return np.asarray(samples + scale * noise, dtype=np.float32)


def coloured(rng: Rng, size: int, slope: float) -> Sound:
    """Make noise whose power falls as 1 / f ** slope: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(size))
    bins = np.maximum(np.arange(spectrum.size), 1.0)
    return np.fft.irfft(spectrum * bins ** (-slope / 2.0), size).astype(np.float32)


def music(rng: Rng, size: int) -> Sound:
    """Make chords of decaying harmonics with a beat."""
    result = np.zeros(size)
    beat = int(_RATE_HZ * rng.uniform(0.2, 0.6))
    root = float(rng.uniform(80.0, 300.0))
    for start in range(0, size, beat):
        time = np.arange(min(size - start, 2 * beat)) / _RATE_HZ
        step = int(rng.choice([0, 3, 5, 7, 10]))
        for interval in (0, int(rng.choice([3, 4])), 7):
            pitch = root * 2.0 ** ((step + interval) / 12.0)
            for harmonic in range(1, int(rng.integers(2, 8))):
                tone = np.sin(2 * np.pi * pitch * harmonic * time) / harmonic
                result[start : start + time.size] += tone * np.exp(-time * rng.uniform(1.0, 6.0))
    return result.astype(np.float32)


def reverberate(samples: Sound, rng: Rng) -> Sound:
    """Convolve with a room: exponentially decaying noise after a direct sound."""
    decay_s = float(rng.uniform(0.15, 0.8))
    time = np.arange(int(_RATE_HZ * decay_s)) / _RATE_HZ
    tail = rng.standard_normal(time.size) * np.exp(-6.9 * time / decay_s)
    tail[: int(_RATE_HZ * 0.002)] = 0.0
    direct_db = float(rng.uniform(-6.0, 12.0))
    tail *= 10.0 ** (-direct_db / 20.0) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(signal.fftconvolve(samples, tail)[: samples.size], np.float32)


def _happens(rng: Rng, chance: float) -> bool:
    return float(rng.random()) < chance


def _speed(samples: Sound, rng: Rng) -> Sound:
    percent = int(rng.integers(-6, 7))
    if percent == 0:
        return samples
    return np.asarray(signal.resample_poly(samples, 100, 100 + percent), np.float32)


def _pause(samples: Sound, rng: Rng) -> Sound:
    """Let the utterance begin late or end early in its window."""
    before, after = (int(_RATE_HZ * rng.uniform(0.0, 0.6)) for _ in range(2))
    return np.pad(samples, (before, after))


def _noise(rng: Rng, others: Sequence[Sound]) -> Callable[[int], Sound]:
    kind = rng.choice(["coloured", "shaped", "babble", "music", "hum"], p=[0.4, 0.2, 0.2, 0.1, 0.1])
    match kind:
        case "coloured":
            return lambda size: coloured(rng, size, float(rng.choice([0.0, 0.0, 1.0, 1.0, 2.0])))
        case "shaped":
            return lambda size: _colour(coloured(rng, size, 1.0), rng)
        case "babble":
            return lambda size: _babble(rng, size, others)
        case "music":
            return lambda size: music(rng, size)
        case _:
            return lambda size: hum(rng, size)


def _babble(rng: Rng, size: int, others: Sequence[Sound]) -> Sound:
    result = np.zeros(size, np.float32)
    for _ in range(int(rng.integers(2, 7))):
        other = others[int(rng.integers(len(others)))]
        start = int(rng.integers(other.size))
        result += np.resize(np.roll(other, start), size) / max(float(np.std(other)), 1e-6)
    return result


def hum(rng: Rng, size: int) -> Sound:
    """Make mains hum with harmonics over a fan's noise."""
    time = np.arange(size) / _RATE_HZ
    mains = float(rng.choice([50.0, 60.0]))
    tones = [np.sin(2 * np.pi * mains * k * time + k) / k for k in range(1, 12)]
    fan = coloured(rng, size, 1.5)
    mixed = np.sum(tones, axis=0) + fan / max(float(np.std(fan)), 1e-9)
    return np.asarray(mixed, dtype=np.float32)


def _colour(samples: Sound, rng: Rng) -> Sound:
    """Tilt and band-limit, as cheap microphones, walls and telephones do."""
    low = float(rng.choice([20.0, 80.0, 200.0, 300.0]))
    high = float(rng.choice([2500.0, 3400.0, 4500.0, 6000.0, 7600.0]))
    bands = signal.butter(2, [low, high], "bandpass", fs=_RATE_HZ, output="sos")
    passed = signal.sosfilt(bands, samples)
    tilt = float(rng.uniform(-0.4, 0.4))
    return np.asarray(signal.lfilter([1.0, tilt], [1.0], passed), np.float32)


def _clip(samples: Sound, rng: Rng) -> Sound:
    limit = float(np.quantile(np.abs(samples), rng.uniform(0.93, 0.995)))
    return np.clip(samples, -limit, limit)


def _codec(samples: Sound, rng: Rng) -> Sound:
    """Encode and decode: mu-law telephone sound, or Vorbis at its lowest rates."""
    peak = max(float(np.max(np.abs(samples))), 1e-6)
    scaled = samples / peak * 0.9
    if _happens(rng, 0.5):
        companded = np.sign(scaled) * np.log1p(255.0 * np.abs(scaled)) / np.log(256.0)
        steps = np.round(companded * 127.0) / 127.0
        expanded = np.sign(steps) * np.expm1(np.abs(steps) * np.log(256.0)) / 255.0
        return np.asarray(expanded * peak, dtype=np.float32)
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", _RATE_HZ, 1, format="OGG", subtype="VORBIS", compression_level=1.0
    ) as stream:
        stream.write(scaled)
    buffer.seek(0)
    decoded = soundfile.read(buffer, dtype="float32")[0]
    return np.asarray(decoded * peak, dtype=np.float32)
