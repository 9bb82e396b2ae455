import math

from hypothesis import given
from hypothesis import strategies as st

from models.face_track import KEEP_S, FaceTracker, match_cost, overlap
from models.face_types import Box, Detection

BOXES = st.tuples(
    st.floats(-0.2, 1.0), st.floats(-0.2, 1.0), st.floats(0.02, 0.6), st.floats(0.02, 0.6)
)
FRAMES = st.lists(
    st.tuples(st.floats(0.0, 1.5), st.lists(BOXES, max_size=4)), min_size=1, max_size=25
)


def face(x: float, y: float = 0.3, size: float = 0.2) -> Detection:
    return Detection(0.9, (x, y, size, size), ((x, y),) * 6)


def test_a_walking_face_keeps_its_number() -> None:
    tracker = FaceTracker()
    ids = {tracker.update([face(0.02 * step)], 0.1 * step)[0].id for step in range(40)}
    assert ids == {1}


def test_a_face_that_runs_too_fast_for_its_boxes_to_overlap_is_still_the_same() -> None:
    tracker = FaceTracker()
    ids = {tracker.update([face(0.12 * step, size=0.15)], 0.1 * step)[0].id for step in range(7)}
    assert ids == {1}


def test_two_faces_keep_apart_whatever_order_they_are_found_in() -> None:
    tracker = FaceTracker()
    for step in range(20):
        left, right = face(0.1 + 0.005 * step), face(0.6 - 0.005 * step)
        order = [left, right] if step % 2 else [right, left]
        tracks = tracker.update(order, 0.1 * step)
        by_place = {found.box: track.id for found, track in zip(order, tracks, strict=True)}
        if step == 0:
            first = (by_place[left.box], by_place[right.box])
        assert (by_place[left.box], by_place[right.box]) == first


def test_a_face_hidden_for_a_second_while_it_moves_on_is_the_same() -> None:
    tracker = FaceTracker()
    for step in range(10):
        tracker.update([face(0.02 * step)], 0.1 * step)
    for step in range(10, 18):
        tracker.update([], 0.1 * step)
    assert tracker.update([face(0.02 * 18)], 1.8)[0].id == 1


def test_a_face_gone_for_longer_than_is_kept_comes_back_as_another() -> None:
    tracker = FaceTracker()
    tracker.update([face(0.3)], 0.0)
    tracker.update([], KEEP_S + 0.1)
    assert tracker.tracks == ()
    assert tracker.update([face(0.3)], KEEP_S + 0.2)[0].id == 2


def test_a_face_elsewhere_of_another_size_is_another() -> None:
    tracker = FaceTracker()
    tracker.update([face(0.1, size=0.1)], 0.0)
    assert tracker.update([face(0.12, 0.3, 0.5)], 0.1)[0].id == 2


def test_time_that_stands_still_or_jumps_back_breaks_nothing() -> None:
    tracker = FaceTracker()
    tracker.update([face(0.3)], 5.0)
    assert tracker.update([face(0.31)], 5.0)[0].id == 1
    assert tracker.update([face(0.32)], 1.0)[0].id == 1
    assert all(math.isfinite(value) for value in tracker.tracks[0].box_at(9.0))


@given(FRAMES)
def test_numbers_are_unique_within_a_frame_and_never_come_back(
    frames: list[tuple[float, list[Box]]],
) -> None:
    tracker, now = FaceTracker(), 0.0
    last_seen: dict[int, float] = {}
    highest = 0
    for passed, boxes in frames:
        now += passed
        faces = [Detection(0.9, box, ()) for box in boxes]
        tracks = tracker.update(faces, now)
        ids = [track.id for track in tracks]
        assert len(set(ids)) == len(ids) == len(faces)
        for id_, found, track in zip(ids, faces, tracks, strict=True):
            assert track.detection is found
            if id_ in last_seen:
                assert now - last_seen[id_] <= KEEP_S + 1e-9
            else:
                assert id_ > highest
            last_seen[id_] = now
        highest = max([highest, *ids])
        assert all(now - track.seen_s <= KEEP_S + 1e-9 for track in tracker.tracks)


@given(FRAMES)
def test_a_track_is_never_expected_where_no_picture_can_be(
    frames: list[tuple[float, list[Box]]],
) -> None:
    tracker, now = FaceTracker(), 0.0
    for passed, boxes in frames:
        now += passed
        tracker.update([Detection(0.9, box, ()) for box in boxes], now)
        for track in tracker.tracks:
            x, y, width, height = track.box_at(now + 1.0)
            assert -2 < x < 3.5
            assert -2 < y < 3.5
            assert (width, height) == track.detection.box[2:]


@given(BOXES, BOXES)
def test_overlap_is_symmetric_and_whole_only_for_the_same_box(one: Box, other: Box) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert 0.0 <= overlap(one, other) <= 1.0 + 1e-9
    assert math.isclose(overlap(one, one), 1.0)
    assert match_cost(one, one) < -0.99
