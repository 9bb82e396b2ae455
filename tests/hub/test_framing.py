import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import SchemaViolation
from hub.sense.framing import FROM_SENSE_LIMIT, FrameBuffer, encode


@given(
    st.lists(st.binary(max_size=300), max_size=20),
    st.lists(st.integers(min_value=1, max_value=50), min_size=1),
)
def test_bodies_come_out_as_they_went_in_however_the_stream_is_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(encode(body, FROM_SENSE_LIMIT) for body in bodies)
    buffer = FrameBuffer(FROM_SENSE_LIMIT)
    received: list[bytes] = []
    while stream:
        for cut in cuts:
            received += buffer.feed(stream[:cut])
            stream = stream[cut:]
    assert received == bodies


def test_the_largest_frame_has_4096_bytes_and_one_more_is_refused() -> None:
    largest = encode(b"x" * 4092, FROM_SENSE_LIMIT)
    assert len(largest) == 4096
    assert FrameBuffer(FROM_SENSE_LIMIT).feed(largest) == [b"x" * 4092]
    with pytest.raises(SchemaViolation):
        encode(b"x" * 4093, FROM_SENSE_LIMIT)
    with pytest.raises(SchemaViolation):
        FrameBuffer(FROM_SENSE_LIMIT).feed((4093).to_bytes(4, "big"))


def test_a_picture_sized_frame_is_refused_by_its_length_alone() -> None:
    buffer = FrameBuffer(FROM_SENSE_LIMIT)
    assert buffer.feed(encode(b"{}", FROM_SENSE_LIMIT)) == [b"{}"]
    with pytest.raises(SchemaViolation, match="921600"):
        buffer.feed((640 * 480 * 3).to_bytes(4, "big"))
