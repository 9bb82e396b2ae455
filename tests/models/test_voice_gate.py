import numpy as np
import pytest
from numpy.typing import NDArray

from models.noise_gate import SILENCE_DB, NoiseGate, level_db

BLOCK_S = 0.032
RNG = np.random.default_rng(0)


def noise(level: float) -> NDArray[np.float32]:
    return (10 ** (level / 20) * RNG.standard_normal(512)).astype(np.float32)


def openings(gate: NoiseGate, levels: list[float]) -> list[bool]:
    return [gate(noise(level)) for level in levels]


@pytest.mark.parametrize("level", [-55.0, -35.0, -10.0])
def test_steady_noise_closes_it(level: float) -> None:
    gate = NoiseGate(BLOCK_S)
    openings(gate, [level] * 60)
    assert not any(openings(gate, [level] * 300))
    assert gate.floor_db == pytest.approx(level, abs=2)


def test_what_stands_out_opens_it_and_it_stays_open_through_a_short_pause() -> None:
    gate = NoiseGate(BLOCK_S)
    openings(gate, [-50.0] * 100)
    assert all(openings(gate, [-30.0] * 20))
    pause = openings(gate, [-50.0] * 30)
    assert all(pause[:10])
    assert not any(pause[-10:])


def test_a_stream_may_begin_amid_speech() -> None:
    gate = NoiseGate(BLOCK_S)
    assert all(openings(gate, [-25.0] * 20))


def test_speech_with_pauses_does_not_close_it() -> None:
    gate = NoiseGate(BLOCK_S)
    openings(gate, [-60.0] * 60)
    words = ([-25.0] * 12 + [-48.0] * 3) * 40
    assert all(openings(gate, words))


def test_silence_is_closed() -> None:
    gate = NoiseGate(BLOCK_S)
    assert not any(gate(np.zeros(512, np.float32)) for _ in range(100))
    assert gate.floor_db == SILENCE_DB


def test_levels() -> None:
    assert level_db(np.ones(512, np.float32)) == pytest.approx(0.0)
    assert level_db(np.full(512, 0.1, np.float32)) == pytest.approx(-20.0, abs=0.01)
    assert level_db(np.zeros(0, np.float32)) == SILENCE_DB
