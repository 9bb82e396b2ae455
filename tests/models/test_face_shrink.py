import cv2
import numpy as np
import pytest

from models.face_shrink import halve, shrink
from tests.models import faces


@pytest.mark.parametrize("side", [129, 200, 260, 440, 511])
def test_a_portrait_becomes_what_true_averaging_makes_of_it(side: int) -> None:
    portrait = faces.resized(faces.astronaut(), side, side)
    exact = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA).astype(int)
    difference = shrink(portrait, (128, 128)) - exact
    assert np.abs(difference).mean() < 4
    assert abs(difference.mean()) < 0.5, "the light changed"


def test_no_pixel_is_skipped() -> None:
    """Stripes of one pixel are grey from afar, wherever they begin."""
    stripes = np.tile(np.array([0, 255], np.uint8).repeat(3).reshape(1, 2, 3), (480, 240, 1))
    assert np.abs(shrink(stripes, (128, 128)).astype(int) - 128).max() <= 1


def test_a_small_picture_is_enlarged() -> None:
    small = np.full((10, 20, 3), 77, np.uint8)
    assert shrink(small, (128, 64)).shape == (64, 128, 3)
    assert (shrink(small, (128, 64)) == 77).all()


@pytest.mark.parametrize(("ratio", "block"), [(0.2, 1), (1.99, 1), (2, 2), (3.9, 2), (4, 4)])
def test_blocks_are_averaged_as_far_as_the_ratio_goes(ratio: float, block: int) -> None:
    image = np.random.default_rng(1).integers(0, 256, (11, 23), dtype=np.uint8)
    small, covers = halve(image, ratio)
    assert covers == block
    assert small.shape == (11 // block, 23 // block)
    kept = image[: small.shape[0] * block, : small.shape[1] * block]
    means = kept.reshape(small.shape[0], block, small.shape[1], block).mean(axis=(1, 3))
    assert np.abs(small - means).max() <= 1


def test_a_line_is_not_averaged_away() -> None:
    assert halve(np.zeros((1, 4000, 3), np.uint8), 31.0)[0].shape == (1, 4000, 3)
    assert shrink(np.zeros((1, 4000, 3), np.uint8), (128, 1)).shape == (1, 128, 3)
