"""From a device's rate and channels to 16 kHz mono: nothing lost below 7.2 kHz, nothing folded."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.resample import Downmix, Resampler, Samples, clipped_share

RATES = [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000]


def tone(hz: float, rate_hz: int, seconds: float = 1.0) -> Samples:
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.sin(2 * np.pi * hz * t).astype(np.float32)


def level_db(samples: NDArray[np.float32]) -> float:
    """Level against a full-scale sine, start and end left out."""
    middle = samples[1000:-200].astype(np.float64)
    return float(10 * np.log10(2 * np.mean(middle**2) + 1e-20))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.9])
def test_tones_pass_unchanged(rate: int, share: float) -> None:
    hz = share * min(rate, 16_000) / 2
    out = Resampler(rate, 16_000)(tone(hz, rate))
    assert abs(level_db(out)) < 0.01
    spectrum = np.abs(np.fft.rfft(out[1000:9000] * np.hanning(8000)))
    assert abs(np.argmax(spectrum) * 2 - hz) <= 2


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("hz", [8_000, 8_100, 9_000, 10_900, 15_500, 22_000, 40_000])
def test_what_would_fold_back_is_gone(rate: int, hz: float) -> None:
    if hz < rate / 2:
        assert level_db(Resampler(rate, 16_000)(tone(hz, rate))) < -78


@pytest.mark.parametrize("rate", [8_000, 11_025])
def test_up_sampling_adds_no_images(rate: int) -> None:
    """The tone's mirror above the old Nyquist frequency must not be heard."""
    out = Resampler(rate, 16_000)(tone(rate - 6_500, rate))
    spectrum = np.abs(np.fft.rfft(out[1000:9000] * np.kaiser(8000, 14)))
    images = spectrum[6_500 // 2 - 20 :]
    assert 20 * np.log10(images.max() / spectrum.max()) < -78


@given(
    rate=st.sampled_from([8_000, 16_000, 44_100, 48_000]),
    cuts=st.lists(st.integers(0, 1_500), max_size=8),
)
@settings(max_examples=40, deadline=None)
def test_the_cutting_into_blocks_does_not_matter(rate: int, cuts: list[int]) -> None:
    signal = np.random.default_rng(1).standard_normal(3_000).astype(np.float32)
    whole = Resampler(rate, 16_000)(signal)
    pieces = Resampler(rate, 16_000)
    bounds = [0, *sorted(cuts), len(signal)]
    parts = [pieces(signal[a:b]) for a, b in pairwise(bounds)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=2e-6)


@pytest.mark.parametrize("rate", [*RATES, 16_000])
def test_a_second_in_is_a_second_out(rate: int) -> None:
    resample = Resampler(rate, 16_000)
    count = sum(len(resample(np.zeros(rate // 10, np.float32))) for _ in range(100))
    assert abs(count - 16_000 * (rate // 10) * 100 / rate) <= 1


def test_the_delay_is_as_told() -> None:
    click = np.zeros(48_000, np.float32)
    click[24_000] = 1
    resample = Resampler(48_000, 16_000)
    peak = int(np.argmax(resample(click)))
    assert abs(peak / 16_000 - 0.5 - resample.delay_s) < 1 / 16_000
    assert resample.delay_s < 0.01


def test_nothing_is_done_where_nothing_is_to_do() -> None:
    signal = tone(440, 16_000)
    assert Resampler(16_000, 16_000)(signal) is signal


@pytest.mark.parametrize("rates", [(0, 16_000), (16_000, 0), (-1, 16_000)])
def test_impossible_rates_are_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(*rates)


def test_eight_channels_of_which_one_has_the_microphone() -> None:
    frames = np.zeros((1_600, 8), np.int16)
    frames[:, 5] = (tone(300, 16_000, 0.1) * 20_000).astype(np.int16)
    mono = Downmix(8)(frames)
    np.testing.assert_allclose(mono, frames[:, 5] / 32768, atol=1e-6)
    assert mono.dtype == np.float32


def test_channels_that_have_spoken_keep_counting() -> None:
    downmix = Downmix(2)
    loud = np.full((10, 2), 16_384, np.int16)
    left_only = loud.copy()
    left_only[:, 1] = 0
    assert downmix(left_only)[0] == pytest.approx(0.5)
    assert downmix(loud)[0] == pytest.approx(0.5)
    assert downmix(left_only)[0] == pytest.approx(0.25)


def test_silence_stays_silence_and_full_scale_stays_within_one() -> None:
    assert not Downmix(2)(np.zeros((100, 2), np.int16)).any()
    extremes = np.array([[-32768], [32767]], np.int16)
    assert Downmix(1)(extremes).tolist() == [-1.0, pytest.approx(32767 / 32768)]


def test_clipping_is_told_of_the_worst_channel() -> None:
    frames = np.zeros((10, 8), np.int16)
    frames[:3, 2] = 32767
    frames[3:5, 2] = -32768
    frames[5, 2] = -32767
    frames[0, 7] = 32766
    assert clipped_share(frames) == pytest.approx(0.6)
    assert clipped_share(np.zeros((0, 8), np.int16)) == 0
