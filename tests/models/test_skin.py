import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.skin import activity, usable

RATE_HZ = 4.0


def response(at_s: float, height_us: float, seconds: float) -> list[float]:
    """One response: a rise of about 1.5 s and a slow recovery, as electrodermal ones are."""
    peak = 1.5 * math.exp(-1.5 / 0.75) - math.exp(-4.0)
    levels = []
    for index in range(int(seconds * RATE_HZ)):
        t = index / RATE_HZ - at_s
        rise = t * math.exp(-t / 0.75) if t > 0 else 0.0
        levels.append(height_us * rise / peak if t > 0 else 0.0)
    return levels


def skin(tonic_us: float, responses: Sequence[tuple[float, float]], seconds: float) -> list[float]:
    levels = [tonic_us] * int(seconds * RATE_HZ)
    for at_s, height_us in responses:
        levels = [a + b for a, b in zip(levels, response(at_s, height_us, seconds), strict=True)]
    return levels


def test_flat_skin_is_all_tonic() -> None:
    found = activity(skin(4.0, [], 60), RATE_HZ)
    assert found is not None
    assert found.tonic_us == pytest.approx(4.0)
    assert (found.phasic_us, found.responses_per_min, found.quality) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_counts_responses(count: int) -> None:
    found = activity(skin(2.0, [(5 + 9 * k, 0.4) for k in range(count)], 60), RATE_HZ)
    assert found is not None
    assert found.responses_per_min == pytest.approx(count, abs=0.01)
    assert found.tonic_us == pytest.approx(2.0, abs=0.1)
    assert found.phasic_us > 0.0


def test_ignores_ripples_and_drift() -> None:
    drift = [3.0 + 0.01 * k / RATE_HZ + 0.01 * math.sin(k) for k in range(240)]
    found = activity(drift, RATE_HZ)
    assert found is not None
    assert found.responses_per_min == 0.0


def test_rejects_what_skin_cannot_give() -> None:
    levels = skin(4.0, [], 60)
    levels[100] = 50.0  # a touch of the electrode
    levels[160] = 0.0  # it fell off
    levels[200] = math.nan
    good = usable(levels, RATE_HZ)
    assert not any(good[96:105])
    assert not any(good[156:165])
    assert not any(good[196:205])
    assert sum(good) >= 210
    found = activity(levels, RATE_HZ)
    assert found is not None
    assert found.tonic_us == pytest.approx(4.0)
    assert found.responses_per_min == 0.0
    assert found.quality == pytest.approx(sum(good) / 240)


@pytest.mark.parametrize("levels", [[], [0.0] * 240, [math.nan] * 240, [4.0] * 20])
def test_no_skin_no_answer(levels: list[float]) -> None:
    assert activity(levels, RATE_HZ) is None


@pytest.mark.parametrize("rate_hz", [0.0, -4.0, math.nan])
def test_refuses_a_rate_that_is_none(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="rate_hz"):
        activity([4.0] * 240, rate_hz)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 5])
def test_finds_the_responses_that_neurokit_simulates(count: int) -> None:
    import neurokit2  # noqa: PLC0415 - takes seconds

    simulated = neurokit2.eda_simulate(
        duration=60, sampling_rate=100, scr_number=count, drift=-0.005, noise=0, random_state=1
    )
    # It puts the responses' sum on an arbitrary scale: lift it to where skin is.
    found = activity([float(level) + 3.0 for level in simulated[::25]], RATE_HZ)
    assert found is not None
    assert found.responses_per_min == pytest.approx(count, abs=1.0)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=100))
def test_anything_may_come(levels: list[float]) -> None:
    found = activity(levels, RATE_HZ)
    if found is not None:
        assert 0.0 <= found.quality <= 1.0
        assert math.isfinite(found.tonic_us)
        assert found.phasic_us >= 0.0
