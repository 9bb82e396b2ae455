import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.heart import LEAST_BEATS, accepted, rhythm


def breathing(count: int, seed: int = 0) -> list[float]:
    """Intervals of a resting person: about 0.85 s, swinging with the breath."""
    noise = random.Random(seed)
    return [
        0.85 + 0.04 * math.sin(2 * math.pi * beat / 4.7) + noise.gauss(0, 0.008)
        for beat in range(count)
    ]


def test_known_answers() -> None:
    # Alternating 0.8 and 0.9 s: all differences are 100 ms.
    found = rhythm([0.8, 0.9] * 10)
    assert found is not None
    assert found.bpm == pytest.approx(60 / 0.85)
    assert found.rmssd_ms == pytest.approx(100.0)
    assert found.sdnn_ms == pytest.approx(math.sqrt(20 / 19) * 50.0)
    assert (found.beats, found.rejected, found.quality) == (20, 0.0, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("bpm", [55, 70, 110])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_neurokit(bpm: int, seed: int) -> None:
    import neurokit2  # noqa: PLC0415 - takes seconds

    noise = np.random.default_rng(seed)
    swing = 0.03 * np.sin(np.arange(300) * 1.3) + noise.normal(0, 0.012, 300)
    rr = 60.0 / bpm * (1.0 + swing)
    peaks = np.round(np.cumsum(rr) * 1000).astype(int)
    oracle = neurokit2.hrv_time(peaks, sampling_rate=1000)
    found = rhythm(list(np.diff(peaks) / 1000.0))
    assert found is not None
    assert found.rejected == 0.0
    assert found.rmssd_ms == pytest.approx(float(oracle["HRV_RMSSD"].iloc[0]), rel=0.02)
    assert found.sdnn_ms == pytest.approx(float(oracle["HRV_SDNN"].iloc[0]), rel=0.02)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda rr: [*rr[:50], rr[50] + rr[51], *rr[52:]], id="missed beat"),
        pytest.param(lambda rr: [*rr[:50], 0.31, rr[50] - 0.31, *rr[51:]], id="extra beat"),
        pytest.param(lambda rr: [*rr[:50], 3.7, *rr[50:]], id="pause"),
        pytest.param(lambda rr: [*rr[:50], math.nan, -1.0, 0.0, math.inf, *rr[50:]], id="nonsense"),
        pytest.param(lambda rr: [rr[0] * 2, *rr[1:-1], rr[-1] * 2], id="at both ends"),
    ],
)
def test_an_artefact_changes_little(spoil: Callable[[list[float]], list[float]]) -> None:
    rr = breathing(100)
    clean, spoilt = rhythm(rr), rhythm(spoil(rr))
    assert clean is not None
    assert spoilt is not None
    assert spoilt.rmssd_ms == pytest.approx(clean.rmssd_ms, rel=0.03)
    assert spoilt.sdnn_ms == pytest.approx(clean.sdnn_ms, rel=0.03)
    assert spoilt.bpm == pytest.approx(clean.bpm, rel=0.01)
    assert spoilt.quality < clean.quality


def test_differences_do_not_join_across_what_was_rejected() -> None:
    # Were 0.80 and 0.90 joined across the pause, RMSSD would not be 0.
    found = rhythm([0.80] * 10 + [5.0] + [0.90] * 10)
    assert found is not None
    assert found.rmssd_ms == 0.0


@pytest.mark.slow
def test_agrees_with_neurokit_on_the_beats_of_an_ecg() -> None:
    import neurokit2  # noqa: PLC0415 - takes seconds

    from models.training.heart_check import compare  # noqa: PLC0415 - the same

    ecg = neurokit2.ecg_simulate(
        duration=90, sampling_rate=250, heart_rate=72, heart_rate_std=3, random_state=7
    )
    found = compare("simulated", ecg, 250)
    assert found.beats > 90
    assert found.worst_same < 0.02
    assert found.worst_found < 0.05
    assert found.off_wave <= found.moved


@pytest.mark.slow
def test_a_beat_that_the_correction_puts_beside_its_wave_is_counted() -> None:
    from models.training.heart_check import compare  # noqa: PLC0415 - takes seconds

    # A heart that breath drives hard, as in NeuroKit's own event-related recording.
    rr = [0.97, 1.05, 1.07, 0.93] * 14 + [1.07, 1.16, 0.95, 1.17, 1.08] + [1.0, 1.02, 0.98] * 18
    ecg = np.zeros(round(100 * sum(rr)) + 300)
    for beat in np.round(100 * (1.0 + np.cumsum(rr))).astype(int):
        ecg[beat - 3 : beat + 5] += [-0.05, 0.12, 0.4, 0.63, 0.3, -0.23, -0.4, -0.2]
    found = compare("breathing", ecg, 100)
    assert found.rejected == 0.0
    assert found.found == pytest.approx(found.uncorrected)
    assert found.moved == found.off_wave > 0


def test_deep_breath_is_no_artefact() -> None:
    rr = [0.9 + 0.28 * math.sin(2 * math.pi * beat / 14) for beat in range(70)]
    assert all(accepted(rr))
    # A beat that came too early, and the pause after it, are: they do not go there smoothly.
    spoilt = [*rr[:30], 0.55, 1.35, *rr[32:]]
    assert not any(accepted(spoilt)[30:32])


def test_too_few_beats_say_nothing() -> None:
    assert rhythm([]) is None
    assert rhythm([0.8] * (LEAST_BEATS - 1)) is None
    assert rhythm([3.0] * 100) is None


def test_quality_falls_to_nothing() -> None:
    qualities = []
    for bad in (0, 2, 5, 10, 20):
        found = rhythm([5.0] * bad + [0.8] * 20)
        assert found is not None
        qualities.append(found.quality)
    assert qualities == sorted(qualities, reverse=True)
    assert qualities[0] == 1.0
    assert qualities[-1] == 0.0


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_anything_may_come(rr: list[float]) -> None:
    assert len(accepted(rr)) == len(rr)
    found = rhythm(rr)
    if found is not None:
        assert 30.0 <= found.bpm <= 200.0
        assert 0.0 <= found.quality <= 1.0
