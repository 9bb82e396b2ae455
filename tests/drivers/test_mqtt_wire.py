"""The MQTT packets, checked against paho's own and against bytes that mean nothing."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from drivers import mqtt_wire as wire

topics = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)


def packets(
    data: bytes, max_bytes: int = 1 << 20, pieces: int = 1 << 20
) -> list[tuple[int, bytes]]:
    return list(cut(wire.Decoder(max_bytes), data, pieces))


def cut(decoder: wire.Decoder, data: bytes, pieces: int) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(data), pieces):
        decoder.feed(data[start : start + pieces])
        while (packet := decoder.next()) is not None:
            yield packet


@given(topics, st.binary(max_size=300), st.booleans(), st.none() | st.integers(1, 65535))
def test_a_message_is_read_as_it_was_written(
    topic: str, payload: bytes, retain: bool, packet_id: int | None
) -> None:
    data = wire.publish(topic, payload, packet_id=packet_id, retain=retain)
    [(first, body)] = packets(data)
    assert first >> 4 == wire.Kind.PUBLISH
    assert wire.read_message(first, body) == wire.Message(topic, payload, retain, packet_id)


@given(
    st.lists(st.tuples(topics, st.binary(max_size=300)), max_size=8),
    st.integers(1, 50),
)
def test_any_division_of_the_stream_gives_the_same_packets(
    messages: list[tuple[str, bytes]], pieces: int
) -> None:
    data = b"".join(wire.publish(topic, payload) for topic, payload in messages)
    read = [wire.read_message(*packet) for packet in packets(data, pieces=pieces)]
    assert [(message.topic, message.payload) for message in read] == messages


@given(st.binary(max_size=400), st.integers(1, 40))
def test_any_bytes_end_in_packets_or_malformed_packet(data: bytes, pieces: int) -> None:
    try:
        for first, body in packets(data, max_bytes=64, pieces=pieces):
            assert len(body) <= 64
            if first >> 4 == wire.Kind.PUBLISH:
                wire.read_message(first, body)
            else:
                wire.read_packet_id(body)
    except wire.MalformedPacket:
        pass


@pytest.mark.parametrize("size", [100, 129, 20_000, 3_000_000])
def test_a_packet_over_the_limit_is_skipped_without_being_kept(size: int) -> None:
    decoder = wire.Decoder(max_bytes=64)
    large = wire.publish("a", b"x" * size)
    data = wire.publish("a", b"1") + large + wire.publish("a", b"2") + large
    read = []
    for packet in cut(decoder, data, pieces=1000):
        read.append(wire.read_message(*packet).payload)
        assert decoder.waiting <= 1100
    assert read == [b"1", b"2"]
    assert decoder.skipped == 2


@pytest.mark.parametrize(
    ("first", "body"),
    [
        (0x30, b""),
        (0x30, b"\x00"),
        (0x30, b"\x00\x05abc"),
        (0x32, b"\x00\x01a\x00"),
        (0x34, b"\x00\x01a\x00\x01x"),
        (0x36, b"\x00\x01a\x00\x01x"),
    ],
)
def test_broken_messages_are_malformed(first: int, body: bytes) -> None:
    with pytest.raises(wire.MalformedPacket):
        wire.read_message(first, body)


def test_a_length_of_five_bytes_is_malformed() -> None:
    with pytest.raises(wire.MalformedPacket):
        packets(b"\x30\xff\xff\xff\xff\x01")


def test_a_topic_that_is_no_text_is_no_topic_of_ours() -> None:
    assert "\ufffd" in wire.read_message(0x30, b"\x00\x02\xff\xfex").topic


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_lengths_at_the_edges_of_their_encoding(length: int) -> None:
    data = wire.publish("t", b"x" * (length - 3)) if length > 3 else wire.PINGREQ
    [(_, body)] = packets(data, max_bytes=1 << 22)
    assert len(body) == (length if length > 3 else 0)


def test_a_payload_too_long_for_mqtt_is_refused() -> None:
    class Endless(bytes):
        def __len__(self) -> int:
            return wire.MAX_LENGTH + 1

    with pytest.raises(ValueError, match="too long"):
        wire._packet(0x30, Endless())


def heard_from_paho(*, user: str | None, password: str | None, will: bool) -> bytes:
    """Return the first packet of paho's client with these settings."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = paho.Client(CallbackAPIVersion.VERSION2, "me", clean_session=True)
        if user is not None:
            client.username_pw_set(user, password)
        if will:
            client.will_set("me/gone", b"bye", qos=1, retain=True)
        received: list[bytes] = []

        def accept() -> None:
            peer, _ = server.accept()
            with peer:
                received.append(peer.recv(4096))

        thread = threading.Thread(target=accept)
        thread.start()
        client.connect("127.0.0.1", server.getsockname()[1], keepalive=30)
        client.loop_write()
        thread.join(5)
        client.disconnect()
        client.loop_write()
        return received[0]


@pytest.mark.parametrize(
    ("user", "password", "will"),
    [(None, None, False), ("u", None, True), ("u", "", False), ("üser", "pässword", True)],
)
def test_logging_in_is_byte_for_byte_what_paho_says(
    user: str | None, password: str | None, will: bool
) -> None:
    ours = wire.connect("me", 30, user, password, wire.Will("me/gone", b"bye") if will else None)
    assert ours == heard_from_paho(user=user, password=password, will=will)


def test_subscriptions_and_acknowledgements_are_as_the_standard_draws_them() -> None:
    assert wire.subscribe(10, ["a/b", "c/d"], 1) == (
        b"\x82\x0e\x00\x0a\x00\x03a/b\x01\x00\x03c/d\x01"  # figure 3.23, with QoS 1 twice
    )
    assert wire.puback(258) == b"\x40\x02" + struct.pack(">H", 258)
