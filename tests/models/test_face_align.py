import cv2
import numpy as np
import pytest

from models.catalog import load_catalog
from models.face_align import SIDE, TEMPLATE, align, as_crop
from models.face_detect import FaceDetector
from models.face_quality import quality
from models.face_types import Detection, Point
from tests.models import faces
from tests.models.faces import Image


def marked(points: list[tuple[float, float]], width: int = 640, height: int = 480) -> Image:
    """A grey picture with a white dot at each point."""
    image = np.full((height, width, 3), 60, np.uint8)
    for x, y in points:
        cv2.circle(image, (round(x), round(y)), 6, (255, 255, 255), -1)
    return image


def detection(points: list[tuple[float, float]], width: int = 640, height: int = 480) -> Detection:
    left, right, mouth = points
    relative: list[Point] = [(x / width, y / height) for x, y in (left, right, left, mouth)]
    return Detection(0.9, (0.1, 0.1, 0.3, 0.3), tuple(relative))


def turned(degrees: float, scale: float) -> list[tuple[float, float]]:
    """The template's points, turned, scaled and moved into a picture."""
    turn = scale * np.exp(1j * np.radians(degrees))
    moved = [(complex(x, y) - (24 + 24j)) * turn + (320 + 240j) for x, y in TEMPLATE]
    return [(point.real, point.imag) for point in moved]


@pytest.mark.parametrize("degrees", [-50, 0, 20, 170])
@pytest.mark.parametrize("scale", [3.0, 6.5])
def test_eyes_and_mouth_come_to_lie_on_the_template(degrees: float, scale: float) -> None:
    points = turned(degrees, scale)
    crop = align(marked(points), detection(points))
    assert crop is not None
    assert crop.gray.shape == (SIDE, SIDE)
    assert crop.gray.dtype == np.uint8
    for x, y in TEMPLATE:
        assert crop.gray[int(y), int(x)] > 170
    assert crop.gray[2, 2] == 60
    assert crop.native_side == pytest.approx(SIDE * scale, rel=1e-6)
    assert crop.roll_deg == pytest.approx(degrees, abs=1e-6)
    assert crop.inside == 1.0 if abs(degrees) < 1 and scale < 4 else crop.inside <= 1.0


@pytest.mark.parametrize("scale", [1.0, 2.2, 4.3, 6.5])
def test_the_crop_is_in_its_place_to_a_tenth_of_a_pixel(scale: float) -> None:
    points = turned(20, scale)
    rows, columns = np.mgrid[0:480, 0:640]
    gray = np.full((480, 640), 60.0)
    for x, y in points:
        away = (rows + 0.5 - y) ** 2 + (columns + 0.5 - x) ** 2
        gray += 190 * np.exp(-away / (2 * (1.3 * scale) ** 2))
    crop = align(np.repeat(gray.astype(np.uint8)[:, :, None], 3, axis=2), detection(points))
    assert crop is not None
    for x, y in TEMPLATE:
        spot = np.s_[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5]
        light = crop.gray[spot] - 60.0
        down, across = np.mgrid[spot] + 0.5
        assert (light * across).sum() / light.sum() == pytest.approx(x, abs=0.1)
        assert (light * down).sum() / light.sum() == pytest.approx(y, abs=0.1)


def test_a_crop_is_the_same_however_large_the_face_is_in_the_picture() -> None:
    picture, found = faces.hopper(), FaceDetector(load_catalog())(faces.hopper())[0]
    whole = align(picture, found)
    half = align(faces.resized(picture, 256, 300), found)
    assert whole is not None
    assert half is not None
    difference = whole.gray.astype(int) - half.gray.astype(int)
    assert np.abs(difference).mean() < 3


def test_a_face_half_outside_is_cut_and_says_so() -> None:
    points = [(x - 320, y) for x, y in turned(0, 6)]
    crop = align(marked(points), detection(points))
    assert crop is not None
    assert 0.4 < crop.inside < 0.7


@pytest.mark.parametrize("spot", [(100.0, 100.0), (0.0, 0.0)])
def test_points_that_coincide_give_no_crop(spot: tuple[float, float]) -> None:
    assert align(faces.room(), detection([spot, spot, spot])) is None


def test_a_face_outside_the_picture_gives_no_crop() -> None:
    points = [(x + 2000, y) for x, y in turned(0, 3)]
    assert align(faces.room(), detection(points)) is None


@pytest.mark.parametrize("shape", [(48, 48), (1, 1), (200, 100), (30, 30, 3), (500, 480, 3)])
def test_any_picture_becomes_a_crop(shape: tuple[int, ...]) -> None:
    crop = as_crop(np.full(shape, 77, np.uint8))
    assert crop.shape == (SIDE, SIDE)
    assert (crop == 77).all()


@pytest.mark.parametrize("shape", [(), (5,), (0, 4), (4, 4, 4), (4, 4, 3, 1)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a crop is uint8"):
        as_crop(np.zeros(shape, np.uint8))


def test_floats_are_refused() -> None:
    with pytest.raises(ValueError, match="float64"):
        as_crop(np.zeros((48, 48)))  # type: ignore[arg-type]


def judged(image: Image, found: Detection) -> float:
    crop = align(image, found)
    assert crop is not None
    return quality(found, crop).total


def test_quality_falls_with_blur_dark_noise_and_distance() -> None:
    picture = faces.hopper()
    found = FaceDetector(load_catalog())(picture)[0]
    good = judged(picture, found)
    assert good > 0.9
    blurred = [
        judged(np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8), found)
        for sigma in (4, 8, 16)
    ]
    assert good >= blurred[0] > blurred[1] > blurred[2]
    dark = [judged((picture * light).astype(np.uint8), found) for light in (0.3, 0.15, 0.05)]
    assert good >= dark[0] > dark[1] > dark[2]
    small = [
        judged(faces.resized(picture, side, side * 600 // 512), found) for side in (80, 60, 40)
    ]
    assert good > small[0] > small[1] > small[2]
    noisy = faces.noisy(faces.resized(picture, 128, 150), np.random.default_rng(0), 110)
    assert judged(noisy, found) < 0.5 * good


def test_quality_falls_when_the_nose_leaves_the_middle() -> None:
    picture = faces.hopper()
    found = FaceDetector(load_catalog())(picture)[0]
    (left, right, nose, *rest), across = found.points, found.points[1][0] - found.points[0][0]
    turned_away = Detection(
        found.score, found.box, (left, right, (nose[0] + 0.45 * across, nose[1]), *rest)
    )
    assert judged(picture, turned_away) < 0.6 * judged(picture, found)


def test_points_on_one_line_have_no_quality() -> None:
    picture = faces.hopper()
    found = FaceDetector(load_catalog())(picture)[0]
    crop = align(picture, found)
    assert crop is not None
    flat = Detection(0.9, found.box, tuple((0.1 * i, 0.5) for i in range(6)))
    assert quality(flat, crop).total == 0.0
