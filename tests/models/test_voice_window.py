import numpy as np
import pytest

from models.log_mel import WINDOW_SAMPLES
from models.voice_window import fit_window

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("size", [1, 500, 47_999, 48_000, 48_001, 200_000])
def test_gives_one_window_of_one_loudness(size: int) -> None:
    window = fit_window((RNG.standard_normal(size) * 0.3 + 0.2).astype(np.float32))
    assert window.shape == (WINDOW_SAMPLES,)
    assert window.dtype == np.float32
    if size > 1:
        assert float(np.sqrt(np.mean(window**2))) == pytest.approx(0.05, rel=1e-3)
        assert abs(float(window.mean())) < 1e-3


def test_loudness_makes_no_difference() -> None:
    sound = RNG.standard_normal(30_000).astype(np.float32)
    assert np.allclose(fit_window(sound), fit_window(sound * np.float32(0.01)), atol=1e-6)


def test_short_sound_is_repeated_and_long_sound_is_cut() -> None:
    short = RNG.standard_normal(20_000).astype(np.float32)
    repeated = fit_window(short)
    assert np.allclose(repeated[:20_000], repeated[20_000:40_000])
    ramp = np.linspace(-1, 1, 100_000, dtype=np.float32)
    middle, begin = fit_window(ramp), fit_window(ramp, start=0)
    assert np.allclose(middle, begin, atol=1e-5)  # both are centred ramps
    pulse = np.zeros(100_000, np.float32)
    pulse[10] = 1.0
    assert fit_window(pulse, start=0)[10] > 1.0
    assert not fit_window(pulse).any()


def test_silence_stays_silence() -> None:
    assert not fit_window(np.zeros(1000, np.float32)).any()


@pytest.mark.parametrize("shape", [(0,), (2, 100)])
def test_refuses_what_is_no_sound(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="1-D"):
        fit_window(np.zeros(shape, np.float32))
