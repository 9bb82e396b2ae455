import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from models.affect import affect
from models.catalog import load_catalog
from models.face import MAX_SIDE, FacePipeline
from models.face_align import align
from models.face_emotion import FaceEmotion
from models.face_look import FaceFinder
from models.face_track import FaceTracker
from models.face_types import FaceReading
from models.types import EMOTIONS, Emotion, Sense
from tests.models import faces
from tests.models.faces import Image


@pytest.fixture
def pipeline() -> FacePipeline:
    return FacePipeline(load_catalog())


@pytest.fixture(scope="module")
def frame() -> Image:
    """A portrait in the middle of a VGA frame."""
    return faces.placed(np.full((480, 640, 3), 90, np.uint8), faces.astronaut(), 480, 80, 0)


def lone(readings: tuple[FaceReading, ...]) -> FaceReading:
    assert len(readings) == 1
    return readings[0]


def test_a_smile_reads_as_happiness(pipeline: FacePipeline) -> None:
    found = lone(pipeline(faces.astronaut(), 0.0))
    chances = dict(zip(EMOTIONS, found.reading.probabilities, strict=True))
    assert max(chances, key=lambda emotion: chances[emotion]) is Emotion.HAPPINESS
    assert found.reading.affect.valence > 0.3


def test_a_sober_portrait_does_not(pipeline: FacePipeline) -> None:
    chances = dict(
        zip(EMOTIONS, lone(pipeline(faces.hopper(), 0.0)).reading.probabilities, strict=True)
    )
    assert chances[Emotion.NEUTRAL] > chances[Emotion.HAPPINESS]


def test_a_reading_is_complete(pipeline: FacePipeline, frame: Image) -> None:
    found = lone(pipeline(frame, 0.0))
    reading = found.reading
    assert reading.sense is Sense.FACE
    assert reading.model == "face_emotion"
    assert len(reading.probabilities) == len(EMOTIONS)
    assert sum(reading.probabilities) == pytest.approx(1, abs=1e-9)
    assert reading.affect == affect(reading.probabilities)
    assert 0.9 < reading.quality <= 1
    x, y, width, height = found.box
    assert 0 <= x <= x + width <= 1
    assert 0 <= y <= y + height <= 1


def walk(frame: Image, steps: int) -> Iterator[tuple[float, Image]]:
    """The frame moved and lit a little differently ten times a second."""
    random = np.random.default_rng(1)
    for step in range(steps):
        moved = np.roll(frame, 4 * step, axis=1)
        lit = np.clip(moved * (1 + 0.1 * np.sin(step / 3)), 0, 255).astype(np.uint8)
        yield step / 10, faces.noisy(lit, random)


def test_one_face_that_moves_is_one_track_in_every_frame(
    pipeline: FacePipeline, frame: Image
) -> None:
    tracks = [[found.track for found in pipeline(image, now)] for now, image in walk(frame, 30)]
    assert tracks == [[1]] * 30


def test_a_still_person_is_not_lost(pipeline: FacePipeline, frame: Image) -> None:
    found = [len(pipeline(frame, step / 5)) for step in range(50)]
    assert found == [1] * 50


def test_who_returns_within_a_second_is_the_same_and_after_five_another(
    pipeline: FacePipeline, frame: Image
) -> None:
    empty = np.full((480, 640, 3), 90, np.uint8)
    assert lone(pipeline(frame, 0.0)).track == 1
    assert [pipeline(empty, 0.1 * step) for step in range(1, 10)] == [()] * 9
    assert lone(pipeline(frame, 1.0)).track == 1
    for step in range(50):
        assert pipeline(empty, 1.1 + 0.1 * step) == ()
    assert not pipeline.occupied
    assert lone(pipeline(frame, 6.2)).track == 2


def test_a_face_mostly_hidden_for_a_moment_keeps_its_number(
    pipeline: FacePipeline, frame: Image
) -> None:
    hidden = frame.copy()
    hidden[40:180, 230:360] = 30
    pipeline(frame, 0.0)
    for step in range(1, 8):
        assert all(found.track == 1 for found in pipeline(hidden, step / 10))
    assert lone(pipeline(frame, 0.8)).track == 1


def test_a_changed_expression_shows_within_a_second_but_not_at_once(
    pipeline: FacePipeline,
) -> None:
    """Two portraits in the same place are one track with two expressions."""
    happy = faces.placed(faces.room(), faces.astronaut(), 480, 80, 0)
    size, x, y = 330, 111, 5  # brings the second face over the first
    sober = faces.placed(faces.room(), faces.hopper()[44:556], size, x, y)
    first = lone(pipeline(happy, 0.0))
    after = [lone(pipeline(sober, 0.1 * step)) for step in range(1, 16)]
    assert {found.track for found in after} == {first.track}
    index = EMOTIONS.index(Emotion.HAPPINESS)
    course = [found.reading.probabilities[index] for found in (first, *after)]
    target = lone(FacePipeline(load_catalog())(sober, 0.0)).reading.probabilities[index]
    step = course[0] - target
    assert step > 0.3
    assert course[0] - course[1] < 0.4 * step
    assert course[10] - target < 0.25 * step


def test_an_empty_room_costs_nothing_to_speak_of(pipeline: FacePipeline) -> None:
    random = np.random.default_rng(2)
    room = [faces.noisy(faces.room(), random) for _ in range(10)]
    pipeline(room[0], 0.0)
    spent = []
    for step in range(1, 19):
        started = time.thread_time()
        assert pipeline(room[step % 10], step / 10) == ()
        spent.append(time.thread_time() - started)
    assert np.median(spent) < 0.002


def test_presence_asks_without_changing_anything(pipeline: FacePipeline, frame: Image) -> None:
    assert pipeline.presence(faces.room(), 0.0)
    pipeline(faces.room(), 0.0)
    assert not pipeline.presence(faces.room(), 0.1)
    assert pipeline.presence(frame, 0.1)
    assert not pipeline.presence(faces.room(), 0.2)
    assert lone(pipeline(frame, 0.3)).track == 1


BAD_FRAMES = {
    "black": np.zeros((480, 640, 3), np.uint8),
    "white": np.full((480, 640, 3), 255, np.uint8),
    "noise": np.random.default_rng(5).integers(0, 256, (480, 640, 3), dtype=np.uint8),
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "a line": np.random.default_rng(6).integers(0, 256, (1, 4000, 3), dtype=np.uint8),
    "a strip": np.random.default_rng(7).integers(0, 256, (17, 8000, 3), dtype=np.uint8),
    "stripes": np.tile(np.array([0, 255], np.uint8).repeat(3).reshape(1, 2, 3), (480, 320, 1)),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_shows_nobody(pipeline: FacePipeline, name: str) -> None:
    for step in range(3):
        assert pipeline(BAD_FRAMES[name], 3.0 * step) == ()


def test_a_huge_frame_is_read(pipeline: FacePipeline) -> None:
    huge = np.asarray(cv2.resize(faces.astronaut(), (4000, 4000)), np.uint8)
    assert lone(pipeline(huge, 0.0)).reading.quality > 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((0, 640, 3), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.zeros((480, 640, 3), np.int64),
        np.zeros((2, MAX_SIDE + 1, 3), np.uint8),
        np.zeros((), np.uint8),
        "no array",
        None,
    ],
)
def test_what_is_no_frame_is_refused(pipeline: FacePipeline, wrong: Image) -> None:
    with pytest.raises(ValueError, match="a frame"):
        pipeline(wrong, 0.0)


@pytest.mark.parametrize("when", [float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(pipeline: FacePipeline, frame: Image, when: float) -> None:
    with pytest.raises(ValueError, match="time"):
        pipeline(frame, when)


def test_a_new_face_is_read_from_both_sides_at_once_and_a_known_one_in_turn(
    pipeline: FacePipeline,
) -> None:
    image = faces.hopper().copy()
    image[:, :250] //= 2  # light from one side: the two views differ
    finder, tracker, emotion = (
        FaceFinder(load_catalog()),
        FaceTracker(),
        FaceEmotion(load_catalog()),
    )
    crops = []
    for step in range(20):
        found = finder.find(image, tracker.tracks, step / 5)
        tracker.update(found, step / 5)
        crop = align(image, found[0])
        assert crop is not None
        crops.append(crop.gray)
    sides = [emotion.classify_view(crops[-1], mirrored=mirrored) for mirrored in (False, True)]
    apart = np.abs(sides[0] - sides[1]).max()
    assert apart > 0.03
    course = [lone(pipeline(image, step / 5)).reading.probabilities for step in range(20)]
    assert np.abs(course[0] - emotion.classify_crop(crops[0])).max() < 1e-6
    late = np.mean(course[-2:], axis=0)
    assert np.abs(late - np.mean(sides, axis=0)).max() < 0.25 * apart
    assert np.ptp(course[-2:], axis=0).max() > 0.1 * apart


def test_a_bad_frame_between_good_ones_is_forgotten(pipeline: FacePipeline, frame: Image) -> None:
    assert lone(pipeline(frame, 0.0)).track == 1
    with pytest.raises(ValueError, match="a frame"):
        pipeline(frame[:, :, 0], 0.1)
    assert lone(pipeline(frame, 0.2)).track == 1


def test_a_crop_of_another_shape_or_type_is_refused() -> None:
    emotion = FaceEmotion(load_catalog())
    for wrong in (np.zeros((47, 48), np.uint8), np.zeros((48, 48, 3), np.uint8)):
        with pytest.raises(ValueError, match="a crop is uint8"):
            emotion.classify_crop(wrong)
        with pytest.raises(ValueError, match="a crop is uint8"):
            emotion.classify_view(wrong, mirrored=False)
    with pytest.raises(ValueError, match="float32"):
        emotion.classify_crop(np.zeros((48, 48), np.float32))


def test_the_mirrored_view_is_the_view_of_the_mirrored_crop() -> None:
    emotion = FaceEmotion(load_catalog())
    crop = np.asarray(cv2.resize(faces.astronaut()[50:200, 150:300, 1], (48, 48)), np.uint8)
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    assert (
        emotion.classify_view(crop, mirrored=True)
        == emotion.classify_view(mirrored, mirrored=False)
    ).all()


def test_light_does_not_change_what_a_crop_shows() -> None:
    emotion = FaceEmotion(load_catalog())
    crop = np.asarray(cv2.resize(faces.astronaut()[50:200, 150:300, 1], (48, 48)), np.uint8)
    bright = emotion.classify_crop(crop)
    dark = emotion.classify_crop((crop * 0.4 + 10).astype(np.uint8))
    assert np.abs(bright - dark).max() < 0.08


def test_flat_and_noisy_crops_give_finite_probabilities() -> None:
    emotion = FaceEmotion(load_catalog())
    random = np.random.default_rng(0)
    crops = [np.full((48, 48), level, np.uint8) for level in (0, 128, 255)]
    crops += [random.integers(0, 256, (48, 48), dtype=np.uint8) for _ in range(5)]
    for crop in crops:
        chances = emotion.classify_crop(crop)
        assert np.isfinite(chances).all()
        assert chances.sum() == pytest.approx(1, abs=1e-5)
