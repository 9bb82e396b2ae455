import numpy as np
import pytest

from models.face_gate import RECHECK_S, FaceGate
from tests.models import faces
from tests.models.faces import Image


@pytest.fixture
def gate() -> FaceGate:
    gate = FaceGate()
    gate.looked(faces.room(), 100.0, found=False)
    return gate


def test_the_first_frame_is_wanted() -> None:
    assert FaceGate().wants(faces.room(), 0.0)


def test_a_still_room_is_not_wanted_until_the_recheck(gate: FaceGate) -> None:
    assert not gate.wants(faces.room(), 100.1)
    assert not gate.wants(faces.room(), 100.0 + RECHECK_S - 0.1)
    assert gate.wants(faces.room(), 100.0 + RECHECK_S)


@pytest.mark.parametrize("sigma", [2.0, 6.0, 12.0])
def test_the_sensors_noise_is_no_movement(gate: FaceGate, sigma: float) -> None:
    random = np.random.default_rng(0)
    assert not any(gate.wants(faces.noisy(faces.room(), random, sigma), 100.1) for _ in range(20))


@pytest.mark.parametrize("gain", [0.93, 1.07])
def test_a_change_of_exposure_is_no_movement(gate: FaceGate, gain: float) -> None:
    brighter = np.clip(faces.room() * gain, 0, 255).astype(np.uint8)
    assert not gate.wants(brighter, 100.1)


def test_a_person_who_comes_in_is_seen(gate: FaceGate) -> None:
    assert gate.wants(faces.placed(faces.room(), faces.astronaut(), 200, 50, 250), 100.1)


def test_one_who_comes_slowly_is_seen_too(gate: FaceGate) -> None:
    def faded(share: float) -> Image:
        there = faces.placed(faces.room(), faces.astronaut(), 300, 100, 150)
        return (faces.room() * (1 - share) + there * share).astype(np.uint8)

    seen = [gate.wants(faded(step / 50), 100.0 + step * 0.02) for step in range(50)]
    assert not seen[0]
    assert seen[-1]


def test_a_face_opens_the_gate(gate: FaceGate) -> None:
    gate.looked(faces.room(), 100.0, found=True)
    assert gate.wants(faces.room(), 100.1)


def test_a_clock_that_jumps_back_opens_the_gate(gate: FaceGate) -> None:
    assert gate.wants(faces.room(), 50.0)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (3000, 2, 3)])
def test_odd_shapes_pass(shape: tuple[int, int, int]) -> None:
    gate = FaceGate()
    gate.looked(np.zeros(shape, np.uint8), 0.0, found=False)
    assert not gate.wants(np.zeros(shape, np.uint8), 0.1)
