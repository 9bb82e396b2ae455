"""Messages on the sense socket: a length of four bytes, big-endian, and that much JSON.

A frame counts with its length field. What comes from the sensing process may not be longer than
FROM_SENSE_LIMIT, so nothing of a picture's size fits; the other way a text and the list of
cameras have to pass.
"""

import struct

from hub.errors import SchemaViolation

FROM_SENSE_LIMIT = 4096
TO_SENSE_LIMIT = 65_536

_LENGTH = struct.Struct(">I")


def encode(body: bytes, limit: int) -> bytes:
    """Return the body as one frame; raises SchemaViolation when it exceeds `limit` bytes."""
    if _LENGTH.size + len(body) > limit:
        raise SchemaViolation(f"a message of {len(body)} bytes does not fit in {limit}")
    return _LENGTH.pack(len(body)) + body


class FrameBuffer:
    """Cuts a byte stream into bodies; never holds more than `limit` bytes and one chunk."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the bodies that are complete now, in order.

        Raises SchemaViolation when a frame announces more than the limit; the stream cannot be
        read further then, because the next frame's start is unknown.
        """
        self._waiting += data
        bodies: list[bytes] = []
        start = 0
        while len(self._waiting) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._waiting, start)
            if _LENGTH.size + length > self._limit:
                raise SchemaViolation(f"a frame of {length} bytes; at most {self._limit} may come")
            end = start + _LENGTH.size + length
            if end > len(self._waiting):
                break
            bodies.append(bytes(self._waiting[start + _LENGTH.size : end]))
            start = end
        del self._waiting[:start]
        return bodies
