"""Values that are made small come back as they were, or as near as the format promises."""

import math
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.types import Status
from hub.store import codes
from hub.types import SenseState, Trigger
from models.types import Emotion, Sense


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        (codes.SENSES, Sense),
        (codes.LABELS, Emotion),
        (codes.TRIGGERS, Trigger),
        (codes.STATUSES, Status),
        (codes.SENSE_STATES, SenseState),
    ],
)
def test_every_member_has_a_code(table: tuple[StrEnum, ...], enum: type[StrEnum]) -> None:
    assert sorted(table) == sorted(enum)


def test_codes_of_released_files_never_move() -> None:
    assert [codes.SENSES.index(s) for s in (Sense.FACE, Sense.CONTEXT)] == [0, 4]
    assert [codes.LABELS.index(e) for e in (Emotion.ANGER, Emotion.SURPRISE)] == [0, 7]
    assert [codes.STATUSES.index(s) for s in (Status.DONE, Status.SUPERSEDED)] == [0, 5]
    assert [codes.TRIGGERS.index(t) for t in (Trigger.MOOD, Trigger.PERSON)] == [0, 3]
    assert codes.SENSE_STATES.index(SenseState.FAILED) == 3


@given(st.text())
def test_a_sentence_comes_back_exactly(text: str) -> None:
    template, figures = codes.split_numbers(text)
    assert codes.join_numbers(template, figures) == text[: codes.MAX_TEXT]


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))))
def test_sentences_with_numbers_come_back_exactly(numbers: list[float]) -> None:
    text = " and ".join(f"it was {number}, sure" for number in numbers)
    template, figures = codes.split_numbers(text)
    assert codes.join_numbers(template, figures) == text[: codes.MAX_TEXT]


def test_sentences_that_differ_in_figures_share_a_template() -> None:
    first = codes.split_numbers("sad for 12 minutes (-0.5, 72 % sure)")
    second = codes.split_numbers("sad for 7 minutes (0.25, 9 % sure)")
    assert first[0] == second[0]
    assert (first[1], second[1]) == ("12 -0.5 72", "7 0.25 9")


def test_digits_within_a_name_are_no_figures() -> None:
    assert codes.split_numbers("mira2 and room_3") == ("mira2 and room_3", None)


def test_a_text_that_holds_the_gap_itself_is_kept_whole() -> None:
    assert codes.split_numbers("odd \x1a 5") == ("odd \x1a 5", None)


@given(st.floats(-1, 1))
def test_thousandths_are_near_enough(value: float) -> None:
    assert math.isclose(codes.unmilli(codes.milli(value)), value, abs_tol=0.0005 + 1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        codes.milli(value)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_shares_are_a_byte_each(shares: list[float]) -> None:
    packed = codes.pack_shares(shares)
    assert len(packed) == len(shares)
    assert codes.unpack_shares(packed) == pytest.approx(shares, abs=0.0026)


def test_shares_beyond_their_range_are_cut() -> None:
    assert codes.pack_shares([-0.5, 1.5]) == b"\x00\xff"


def test_weights_name_their_senses() -> None:
    packed = codes.pack_weights({Sense.VOICE: 0.4, Sense.FACE: 0.6})
    assert codes.unpack_weights(packed) == {Sense.FACE: 0.6, Sense.VOICE: 0.4}
