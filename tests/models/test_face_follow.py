"""Faces followed by flow: where they went, and lost as soon as it is not the same face any more."""

import math

import cv2
import numpy as np
import pytest

from models.catalog import load_catalog
from models.face import FacePipeline
from models.face_detect import FaceDetector
from models.face_follow import FaceFollower
from models.face_look import FaceFinder
from models.face_types import Detection
from tests.models import faces
from tests.models.faces import Image

WIDTH, HEIGHT = 640, 480
EYES_NOSE_MOUTH = 4


def moved(
    image: Image, shift: tuple[float, float] = (0, 0), scale: float = 1.0, turn_deg: float = 0.0
) -> tuple[Image, cv2.typing.MatLike]:
    """The picture shifted, scaled and turned about its middle, and the matrix that did it."""
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn_deg, scale)
    matrix[:, 2] += np.array(shift)
    drawn = cv2.warpAffine(
        image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(drawn, np.uint8), matrix


@pytest.fixture(scope="module")
def frame() -> Image:
    """A portrait in the middle of a VGA frame."""
    return faces.placed(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), faces.astronaut(), 480, 80, 0)


@pytest.fixture(scope="module")
def face(frame: Image) -> Detection:
    (found,) = FaceFinder(load_catalog()).find(frame, (), 0.0)
    return found


@pytest.fixture
def follower(frame: Image, face: Detection) -> FaceFollower:
    follower = FaceFollower()
    follower.remember(frame, [face])
    return follower


@pytest.mark.parametrize(
    ("shift", "scale", "turn_deg"),
    [
        ((0, 0), 1.0, 0.0),
        ((9, -6), 1.0, 0.0),
        ((-14, 10), 1.0, 0.0),
        ((0, 0), 1.12, 0.0),
        ((4, 4), 0.9, 0.0),
        ((0, 0), 1.0, 8.0),
        ((-6, 3), 1.05, -6.0),
    ],
)
def test_points_go_where_the_face_went(
    frame: Image,
    face: Detection,
    follower: FaceFollower,
    shift: tuple[float, float],
    scale: float,
    turn_deg: float,
) -> None:
    image, matrix = moved(frame, shift, scale, turn_deg)
    noisy = faces.noisy(image, np.random.default_rng(1))
    (found,) = follower.follow(noisy)
    apart_px = math.dist(*((x * WIDTH, y * HEIGHT) for x, y in face.points[:2]))
    for (x, y), now in zip(
        face.points[:EYES_NOSE_MOUTH], found.points[:EYES_NOSE_MOUTH], strict=True
    ):
        wanted = matrix @ (x * WIDTH, y * HEIGHT, 1.0)
        off_px = math.dist(wanted, (now[0] * WIDTH, now[1] * HEIGHT))
        assert off_px < 0.04 * apart_px
    assert found.box[2] == pytest.approx(face.box[2] * scale, rel=0.03)
    assert found.score == face.score


def test_a_lamp_that_is_dimmed_loses_no_face(frame: Image, follower: FaceFollower) -> None:
    assert follower.follow((frame * 0.6).astype(np.uint8))
    assert follower.follow(np.clip(frame * 1.2 + 10, 0, 255).astype(np.uint8))


def covered(frame: Image) -> Image:
    image = frame.copy()
    left, top, width, height = faces.ASTRONAUT_FACE
    x, y = 80 + round(left * HEIGHT), round(top * HEIGHT)
    image[y : y + round(height * HEIGHT), x : x + round(width * HEIGHT)] = 128
    return image


def another(frame: Image) -> Image:
    """Somebody else's face at the same place and of the same size."""
    catalog = load_catalog()
    portrait = faces.hopper()
    theirs = FaceDetector(catalog)(portrait)[0]
    (own,) = FaceFinder(catalog).find(frame, (), 0.0)
    x, y, width, height = (
        round(side * of)
        for side, of in zip(
            theirs.box, (*portrait.shape[1::-1], *portrait.shape[1::-1]), strict=True
        )
    )
    left, top = round(own.box[0] * WIDTH), round(own.box[1] * HEIGHT)
    size = round(own.box[2] * WIDTH), round(own.box[3] * HEIGHT)
    image = frame.copy()
    image[top : top + size[1], left : left + size[0]] = faces.resized(
        portrait[y : y + height, x : x + width], *size
    )
    return image


def test_what_is_no_longer_that_face_is_lost(frame: Image, follower: FaceFollower) -> None:
    room = faces.room()
    for what, image in {
        "covered": covered(frame),
        "another face": another(frame),
        "an empty room": room,
        "far away": moved(frame, (200, 0))[0],
        "upside down": np.ascontiguousarray(frame[::-1]),
        "black": np.zeros_like(frame),
        "noise": np.random.default_rng(2).integers(0, 256, frame.shape, np.uint8),
        "a smaller picture": faces.resized(frame, 40, 30),
    }.items():
        assert follower.follow(image) == [], what


def test_of_two_faces_the_one_that_left_is_lost_alone() -> None:
    portrait = faces.astronaut()[40:200, 140:300]
    empty = faces.room()
    both = faces.placed(faces.placed(empty, portrait, 200, 60, 140), portrait, 200, 380, 140)
    found = FaceFinder(load_catalog()).find(both, (), 0.0)
    assert len(found) == 2
    follower = FaceFollower()
    follower.remember(both, found)
    left = faces.placed(empty, portrait, 200, 60, 140)
    (stays,) = follower.follow(left)
    assert stays.box[0] < 0.5
    follower.remember(empty, [])
    assert follower.follow(both) == []


def test_the_nets_rest_while_a_face_is_followed(
    frame: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[float] = []
    whole = FaceDetector.__call__

    def counted(self: FaceDetector, *args: object, **more: object) -> tuple[Detection, ...]:
        searched.append(now)
        return whole(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(FaceDetector, "__call__", counted)
    pipeline = FacePipeline(load_catalog())
    tracks = set()
    for number in range(25):
        now = number / 5
        image, _ = moved(frame, (3.0 * math.sin(now * 2), 2.0 * math.cos(now)))
        tracks |= {reading.track for reading in pipeline(image, now)}
    assert len(tracks) == 1
    # The first two looks confirm the face; after that the whole frame is searched once a second.
    assert {round(at, 1) for at in searched} == {0.0, 0.2, 1.0, 2.0, 3.0, 4.0}


def test_whoever_leaves_is_gone_at_once(frame: Image) -> None:
    pipeline = FacePipeline(load_catalog())
    for number in range(4):
        assert pipeline(frame, number / 5)
    assert pipeline(covered(frame), 0.8) == ()
    assert pipeline(frame, 1.0)
