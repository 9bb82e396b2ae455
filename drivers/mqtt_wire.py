"""MQTT 3.1.1 packets, as far as a client needs them that publishes and subscribes at QoS 0 and 1.

Pure: bytes in, packets out. Section numbers are those of the OASIS standard
(docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """The control packet types that occur (2.2.1)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class MalformedPacket(ValueError):  # noqa: N818 - the standard's name
    """The other end does not speak MQTT; the connection has to be closed (4.8)."""


PINGREQ: Final = bytes([Kind.PINGREQ << 4, 0])
DISCONNECT: Final = bytes([Kind.DISCONNECT << 4, 0])
SUBSCRIPTION_REFUSED: Final = 0x80
MAX_LENGTH: Final = 268_435_455
"""The greatest remaining length (2.2.3)."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, and keeps, when we vanish (3.1.2.5)."""

    topic: str
    payload: bytes


def connect(
    client_id: str,
    keepalive_s: int,
    username: str | None = None,
    password: str | None = None,
    will: Will | None = None,
) -> bytes:
    """Ask for a clean session (3.1). The will is sent at QoS 1 and kept."""
    flags = 0x02
    body = _string(client_id)
    if will is not None:
        flags |= 0x2C
        body += _string(will.topic) + len(will.payload).to_bytes(2, "big") + will.payload
    if username is not None:
        flags |= 0x80
        body += _string(username)
        if password is not None:
            flags |= 0x40
            body += _string(password)
    head = _string("MQTT") + bytes([4, flags]) + keepalive_s.to_bytes(2, "big")
    return _packet(Kind.CONNECT << 4, head + body)


def publish(
    topic: str, payload: bytes, *, packet_id: int | None = None, retain: bool = False
) -> bytes:
    """Publish at QoS 0, or at QoS 1 with a packet id (3.3)."""
    first = (Kind.PUBLISH << 4) | retain
    head = _string(topic)
    if packet_id is not None:
        first |= 0x02
        head += packet_id.to_bytes(2, "big")
    return _packet(first, head + payload)


def puback(packet_id: int) -> bytes:
    """Acknowledge a message that came at QoS 1 (3.4)."""
    return _packet(Kind.PUBACK << 4, packet_id.to_bytes(2, "big"))


def subscribe(packet_id: int, topics: Sequence[str], qos: int) -> bytes:
    """Subscribe to topic filters (3.8)."""
    wanted = b"".join(_string(topic) + bytes([qos]) for topic in topics)
    return _packet((Kind.SUBSCRIBE << 4) | 0x02, packet_id.to_bytes(2, "big") + wanted)


def unsubscribe(packet_id: int, topics: Sequence[str]) -> bytes:
    """Give topic filters up (3.10)."""
    unwanted = b"".join(_string(topic) for topic in topics)
    return _packet((Kind.UNSUBSCRIBE << 4) | 0x02, packet_id.to_bytes(2, "big") + unwanted)


@dataclass(frozen=True, slots=True)
class Message:
    """A published message. `packet_id` is set when it has to be acknowledged."""

    topic: str
    payload: bytes
    retained: bool
    packet_id: int | None


def read_message(first: int, body: bytes) -> Message:
    """Read a PUBLISH (3.3). A topic that is not UTF-8 has replacement characters in it."""
    start = 2 + int.from_bytes(body[:2], "big")
    qos = (first >> 1) & 3
    packet_id = None
    end = start
    if qos == 1:
        end = start + 2
        packet_id = int.from_bytes(body[start:end], "big")
    elif qos:
        raise MalformedPacket("a message at QoS 2 that nobody subscribed to")
    if end > len(body) or len(body) < 2:  # noqa: PLR2004 - the topic's length itself
        raise MalformedPacket("a message that ends too early")
    return Message(body[2:start].decode("utf-8", "replace"), body[end:], bool(first & 1), packet_id)


def read_packet_id(body: bytes) -> int:
    """Read what PUBACK, SUBACK and UNSUBACK begin with."""
    if len(body) < 2:  # noqa: PLR2004
        raise MalformedPacket("an acknowledgement without a packet id")
    return int.from_bytes(body[:2], "big")


class Decoder:
    """Cuts a stream into packets. One that is over the limit is skipped as it comes, and counted.

    Memory is bounded by `max_bytes` and what was fed last, whatever a packet says of its length.
    """

    def __init__(self, max_bytes: int) -> None:
        self.skipped = 0
        self._max_bytes = max_bytes
        self._buffer = b""
        self._at = 0
        self._skip = 0

    @property
    def waiting(self) -> int:
        """How many bytes have been fed and not been returned yet."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        if self._skip:
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0

    def next(self) -> tuple[int, bytes] | None:
        """Return a packet's first byte and its body, or None when the rest has not come yet.

        Raises MalformedPacket.
        """
        while True:
            buffer, at = self._buffer, self._at
            start, length = at + 2, _short_length(buffer, at)
            if length is None:
                found = _length(buffer, at + 1)
                if found is None:
                    return None
                start, length = found
            end = start + length
            if length > self._max_bytes:
                self.skipped += 1
                self._skip = max(0, end - len(buffer))
                self._at = min(end, len(buffer))
                continue
            if end > len(buffer):
                return None
            self._at = end
            return buffer[at], buffer[start:end]


def _short_length(buffer: bytes, at: int) -> int | None:
    """Return the remaining length if it is there and one byte long, as nearly always."""
    if at + 1 < len(buffer) and buffer[at + 1] < 0x80:  # noqa: PLR2004
        return buffer[at + 1]
    return None


def _length(buffer: bytes, at: int) -> tuple[int, int] | None:
    """Return where the body starts and how long it is (2.2.3), or None if that is not known yet."""
    length = 0
    for index in range(4):
        if at + index >= len(buffer):
            return None
        byte = buffer[at + index]
        length |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004
            return at + index + 1, length
    raise MalformedPacket("a length of more than four bytes")


def _packet(first: int, body: bytes) -> bytes:
    length = len(body)
    if length > MAX_LENGTH:
        raise ValueError("the packet is too long for MQTT")
    head = bytearray([first])
    while True:
        length, low = length >> 7, length & 0x7F
        head.append(low | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data
