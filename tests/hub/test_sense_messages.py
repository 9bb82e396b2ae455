"""The wire schema: what it lets through, and that it lets nothing else through."""

import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import SchemaViolation
from hub.sense.framing import FROM_SENSE_LIMIT, TO_SENSE_LIMIT
from hub.sense.isolate import Isolation
from hub.sense.message_fields import Queue, Reason
from hub.sense.messages_from_sense import (
    Beat,
    ConnectRequest,
    Face,
    FromSense,
    Hello,
    Loaded,
    Ready,
    Spread,
    StateChange,
    Stats,
    TextRefusal,
    TextResult,
    Voice,
    Words,
    WordsStats,
    frame_from_sense,
    parse_from_sense,
)
from hub.sense.messages_to_sense import (
    MAX_TEXT,
    Allow,
    CameraSetup,
    Configure,
    Text,
    frame_to_sense,
    parse_to_sense,
)
from hub.sense.wire_reading import WireReading
from hub.types import SenseState
from models.types import Affect, Reading, Sense

READING = WireReading(
    v=-0.123456789012345, a=1 / 3, vv=0.1, av=0.2, p=(0.125,) * 8, quality=0.9, model="face_emotion"
)
CAMERA = "camera:" + "a" * 40
SPREAD = Spread(p50=1234567.8901234, p95=1234567.8901234)
MESSAGES: tuple[FromSense, ...] = (
    Hello(version=1, pid=1234, isolation=Isolation.USER_NAMESPACE),
    Ready(
        loaded=(
            Loaded(sense=Sense.FACE, models=("m" * 40,) * 8, reason=Reason.NONE, took_ms=1.5),
            Loaded(sense=Sense.TEXT, models=(), reason=Reason.NO_WEIGHTS, took_ms=1.5),
        )
    ),
    StateChange(source=CAMERA, state=SenseState.FAILED, reason=Reason.UNREACHABLE),
    Face(source=CAMERA, at=12345.678901234567, track=7, box=(0.1, 0.2, 0.3, 0.4), reading=READING),
    Voice(source="microphone:m", at=1.0, speech=0.5, level_db=-31.25, reading=READING),
    Words(source="microphone:m", at=1.0, reading=READING),
    TextResult(id=1, reading=READING),
    TextRefusal(id=1, reason=Reason.BUSY),
    ConnectRequest(source=CAMERA),
    Stats(
        frames=1 << 50,
        faces=1,
        voice_windows=1,
        texts=1,
        errors=1,
        drops=dict.fromkeys(Queue, 1 << 50),
        face_ms=SPREAD,
        voice_ms=SPREAD,
        text_ms=SPREAD,
        rss_mb=123.4,
        cpu_s=1.234,
        words=WordsStats(
            utterances=1 << 50,
            read=1,
            dropped=1,
            errors=1,
            ms=SPREAD,
            rss_mb=123.4,
            cpu_s=1.234,
            reason=Reason.NO_LIBRARY,
        ),
    ),
    Beat(),
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.t)
def test_every_message_arrives_as_it_was_sent_and_fits(message: FromSense) -> None:
    frame = frame_from_sense(message)
    assert parse_from_sense(frame[4:]) == message
    assert len(frame) <= FROM_SENSE_LIMIT


def test_a_reading_survives_the_wire_to_the_rounding() -> None:
    reading = Reading(Sense.FACE, Affect(0.3333333, -0.7, 0.01, 0.02), (0.125,) * 8, 0.5, "m")
    assert WireReading.of(reading).reading(Sense.FACE) == Reading(
        Sense.FACE, Affect(0.3333, -0.7, 0.01, 0.02), (0.125,) * 8, 0.5, "m"
    )


def test_the_longest_text_fits_whatever_its_characters_are() -> None:
    for character in ("\u0001", "\U0001f600", '"'):
        message = Text(id=1, text=character * MAX_TEXT)
        frame = frame_to_sense(message)
        assert len(frame) <= TO_SENSE_LIMIT
        assert parse_to_sense(frame[4:]) == message


def test_the_hub_to_sense_messages_arrive_as_they_were_sent() -> None:
    camera = CameraSetup(source=CAMERA, url="rtsp://u:p@h/x", width=640, height=480, max_fps=5)
    configure = Configure(
        cameras=(camera,),
        microphones=(),
        text=True,
        words=True,
        threads=1,
        licence="any",
        voice="auto",
    )
    for message in (configure, Allow(sources=(CAMERA, "text"))):
        assert parse_to_sense(frame_to_sense(message)[4:]) == message


# Every way to spoil a message; each must be refused for every message that it applies to.


def _plain(message: FromSense) -> dict[str, Any]:
    return dict(json.loads(message.model_dump_json()))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to all scalars."""
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in _places(inner, (*path, key))]
    if isinstance(value, list):
        return [place for key, inner in enumerate(value) for place in _places(inner, (*path, key))]
    return [path]


def _put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def _extra_key(message: dict[str, Any], chance: random.Random) -> None:
    key = "".join(chance.choices("abctzvsp_ \x00\u00e9", k=chance.randrange(12)))
    if key in message:
        key += "!"
    message[key] = chance.choice([None, 0.5, "what was said", [0] * chance.randrange(900)])


def _missing_key(message: dict[str, Any], chance: random.Random) -> None:
    del message[chance.choice(sorted(message))]


def _other_type(message: dict[str, Any], chance: random.Random) -> None:
    message["t"] = chance.choice(["frame", "FACE", "", " face", "configure", None, 3, "face\x00"])


def _wild_number(message: dict[str, Any], chance: random.Random) -> None:
    wild = [math.nan, math.inf, -math.inf, 1e300, -1e300, -201, 1 << 70]
    _put(message, chance.choice(_places(message)), chance.choice(wild))


def _wrong_kind(message: dict[str, Any], chance: random.Random) -> None:
    wrong = [[], {}, [[0.5]], {"a": 1}, True, "a sentence that says something"]
    _put(message, chance.choice(_places(message)), chance.choice(wrong))


_WELL_FORMED = tuple(message.model_dump_json() for message in MESSAGES)
SPOILERS = (_extra_key, _missing_key, _other_type, _wild_number, _wrong_kind)


def _malformed(chance: random.Random) -> bytes:
    message = json.loads(chance.choice(_WELL_FORMED))
    chance.choice(SPOILERS)(message, chance)
    body = json.dumps(message).encode()
    return body[: len(body) - chance.choice([0, 0, 0, 1, 2])]


@settings(max_examples=100, deadline=None)
@given(st.integers())
def test_ten_thousand_malformed_messages_are_refused_each_with_the_one_error(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        with pytest.raises(SchemaViolation):
            parse_from_sense(_malformed(chance))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_the_one_error(body: bytes) -> None:
    with pytest.raises(SchemaViolation):
        parse_from_sense(body)


def test_depth_is_no_way_in() -> None:
    for body in (b"[" * 4000, b'{"t":' * 800, b'{"t":"face","reading":' + b"[" * 4000):
        with pytest.raises(SchemaViolation):
            parse_from_sense(body)


@pytest.mark.parametrize(
    "p",
    [
        (0.5,) * 8,
        (1.0,) + (0.0,) * 6,
        (0.2,) * 5,
        (1.1, -0.1) + (0.0,) * 6,
        (math.nan,) + (0.0,) * 7,
    ],
)
def test_probabilities_are_eight_and_sum_to_one(p: tuple[float, ...]) -> None:
    face = _plain(MESSAGES[3])
    face["reading"]["p"] = list(p)
    with pytest.raises(SchemaViolation):
        parse_from_sense(json.dumps(face).encode())


def test_a_refusal_quotes_nothing_of_what_was_refused() -> None:
    spoilt = _plain(MESSAGES[3]) | {"said": "my secret words", "source": "my secret words"}
    with pytest.raises(SchemaViolation) as caught:
        parse_from_sense(json.dumps(spoilt).encode())
    assert "secret" not in str(caught.value)
    assert "said" not in str(caught.value)
    assert "extra_forbidden" in str(caught.value)
