"""Bytes of straps, sensors and broadcasts: the standards' examples, edges, and rubbish."""

import contextlib
from random import Random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from hypothesis import given
from hypothesis import strategies as st

from drivers.bluetooth_gatt import QUANTITIES, HeartRate, heart_rate, quantity, short, text, uuid16
from drivers.bthome import Decoder
from drivers.types import BadPayload

ADDRESS = "54:48:E6:8F:80:A5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
SEALED = bytes.fromhex("41a47266c95f730011223378237214")
"""The example of https://bthome.io/encryption."""


def decoded(hexadecimal: str) -> tuple[dict[str, float | bool], tuple[str, ...]]:
    read = Decoder(ADDRESS).read(bytes.fromhex(hexadecimal))
    return dict(read.values), read.actions


def sealed(plain: bytes, counter: int, key: bytes = KEY) -> bytes:
    tail = counter.to_bytes(4, "little")
    nonce = bytes.fromhex(ADDRESS.replace(":", "")) + b"\xd2\xfc\x41" + tail
    closed = AESCCM(key, tag_length=4).encrypt(nonce, plain, None)
    return b"\x41" + closed[:-4] + tail + closed[-4:]


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"\x00\x48", HeartRate(72, None, None, ())),
        (b"\x01\x2c\x01", HeartRate(300, None, None, ())),
        (b"\x06\x48", HeartRate(72, True, None, ())),
        (b"\x04\x00", HeartRate(0, False, None, ())),
        (b"\x0e\x48\x10\x27", HeartRate(72, True, 10_000, ())),
        (b"\x1e\x48\x01\x00\x00\x04\x00\x02", HeartRate(72, True, 1, (1.0, 0.5))),
        (b"\x10\x48", HeartRate(72, None, None, ())),
    ],
)
def test_a_heart_rate_is_read(data: bytes, read: HeartRate) -> None:
    assert heart_rate(data) == read


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x01\x48", b"\x08\x48\x01", b"\x10\x48\x01"])
def test_half_a_heart_rate_is_refused(data: bytes) -> None:
    with pytest.raises(BadPayload, match="heart rate"):
        heart_rate(data)


@pytest.mark.parametrize(
    ("characteristic", "data", "value"),
    [
        (0x2A6E, b"\x66\x08", 21.5),
        (0x2A6E, b"\x0c\xfe", -5.0),
        (0x2A6E, b"\x00\x80", None),
        (0x2A6F, b"\xff\xff", None),
        (0x2A6F, b"\x88\x13", 50.0),
        (0x2A6D, b"\x8d\x76\x0f\x00", 1013.389),
        (0x2AFB, b"\x10\x27\x00", 100.0),
        (0x2B8C, b"\x20\x03", 800),
        (0x2A19, b"\x57", 87),
    ],
)
def test_a_quantity_is_in_our_units(characteristic: int, data: bytes, value: float | None) -> None:
    assert quantity(uuid16(characteristic), data) == value
    assert short(uuid16(characteristic)) == characteristic
    with pytest.raises(BadPayload):
        quantity(uuid16(characteristic), data + b"\0")


def test_texts_are_cut_to_what_can_be_shown() -> None:
    assert text(b"Acme\x1b[2J\0") == "Acme[2J"
    assert text(b"\xff\xfe") == ""
    assert len(text(b"x" * 500)) == 60


@pytest.mark.parametrize(
    ("data", "values", "actions"),
    [
        ("4002ca0903bf13", {"temperature": 25.06, "humidity": 50.55}, ()),
        ("40016104138a01058a1400", {"battery": 97, "pressure": 1008.83, "illuminance": 52.58}, ()),
        ("400161 04138a01", {"battery": 97, "pressure": 1008.83}, ()),
        ("401a0121002301", {"contact": True, "motion": False, "occupancy": True}, ()),
        ("401f00", {"locked": True}, ()),
        ("40 02c409 02 0c0a", {"temperature": 25.0, "temperature_2": 25.72}, ()),
        ("443a003a02", {}, ("double_2",)),
        ("443a01", {}, ("single",)),
        ("443c0103", {}, ("left",)),
        ("405302686901 61", {"battery": 97}, ()),
        ("400161fe0102", {"battery": 97}, ()),
    ],
)
def test_a_broadcast_is_read(
    data: str, values: dict[str, float | bool], actions: tuple[str, ...]
) -> None:
    assert decoded(data) == (values, actions)


@pytest.mark.parametrize("data", ["", "200161", "4002ca", "44003a01", "41a47266c9"])
def test_what_is_no_broadcast_is_refused(data: str) -> None:
    with pytest.raises(BadPayload):
        decoded(data)


def test_an_encrypted_broadcast_needs_its_key_and_comes_once() -> None:
    decoder = Decoder(ADDRESS, KEY)
    assert decoder.read(SEALED).values == {"temperature": 25.06, "humidity": 50.55}
    with pytest.raises(BadPayload, match="there is no key"):
        Decoder(ADDRESS).read(SEALED)
    with pytest.raises(BadPayload, match="does not fit"):
        Decoder(ADDRESS, bytes(16)).read(SEALED)
    with pytest.raises(BadPayload, match="not encrypted"):
        decoder.read(bytes.fromhex("4002ca09"))
    newer, older = sealed(b"\x01\x61", 2_000_000_000), sealed(b"\x01\x60", 1_999_999_999)
    assert decoder.read(newer).values == {"battery": 97}
    assert decoder.read(newer).values == {"battery": 97}, "the same one, said several times"
    with pytest.raises(BadPayload, match="sent again"):
        decoder.read(older)
    assert decoder.read(sealed(b"\x01\x64", 3)).values == {"battery": 100}, "a new battery"


@given(st.binary(max_size=40))
def test_rubbish_is_refused_or_read_and_nothing_else(data: bytes) -> None:
    for read in (
        heart_rate,
        Decoder(ADDRESS).read,
        Decoder(ADDRESS, KEY).read,
        lambda d: [quantity(one, d) for one in QUANTITIES],
    ):
        with contextlib.suppress(BadPayload):
            read(data)


def test_ten_thousand_damaged_broadcasts() -> None:
    dice, refused = Random(7), 0
    whole = [bytes.fromhex("4002ca0903bf13"), SEALED, bytes.fromhex("44003a0116013a01")]
    decoders = Decoder(ADDRESS), Decoder(ADDRESS, KEY)
    for _ in range(10_000):
        data = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 3)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            dice.choice(decoders).read(bytes(data[: dice.randint(0, len(data))]))
        except BadPayload:
            refused += 1
    assert 3000 < refused < 10_000
