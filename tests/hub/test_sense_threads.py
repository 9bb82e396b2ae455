"""Outbox, worker, rate and durations: the small parts that the sensing threads stand on."""

import socket
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue

import pytest

from hub.sense.durations import Durations
from hub.sense.framing import FROM_SENSE_LIMIT, FrameBuffer
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import (
    Beat,
    Face,
    FromSense,
    Loaded,
    TextRefusal,
    parse_from_sense,
)
from hub.sense.outbox import MAX_READINGS, Outbox
from hub.sense.sight_rate import AWAKE_S, IDLE_FPS, SightRate
from hub.sense.wire_reading import WireReading
from hub.sense.worker import Worker
from models.errors import WeightsError
from models.types import Sense

READING = WireReading(v=0, a=0, vv=0.1, av=0.1, p=(), quality=1, model="face_emotion")


def face(source: str = "camera:c", track: int = 0) -> Face:
    return Face(source=source, at=1.0, track=track, box=(0, 0, 1, 1), reading=READING)


class Hub:
    """The other end of an outbox."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.settimeout(3)
        self._buffer = FrameBuffer(FROM_SENSE_LIMIT)

    def read(self, enough: int) -> list[FromSense]:
        """Return messages other than beats, at least so many."""
        messages: list[FromSense] = []
        while len(messages) < enough:
            for body in self._buffer.feed(self._sock.recv(65_536)):
                message = parse_from_sense(body)
                if not isinstance(message, Beat):
                    messages.append(message)
        return messages

    def beats(self, seconds: float) -> int:
        """Count the beats of so many seconds."""
        until = time.monotonic() + seconds
        count = 0
        self._sock.settimeout(0.05)
        while time.monotonic() < until:
            try:
                bodies = self._buffer.feed(self._sock.recv(65_536))
            except TimeoutError:
                continue
            count += sum(isinstance(parse_from_sense(body), Beat) for body in bodies)
        return count


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_only_readings_of_allowed_sources_pass_and_waiting_ones_are_thrown_away(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0], lambda: True)
    outbox.reading(face())
    outbox.allow(frozenset({"camera:c", "camera:d"}))
    outbox.reading(face("camera:c", 1))
    outbox.reading(face("camera:d", 2))
    outbox.reading(face("camera:e", 3))
    outbox.allow(frozenset({"camera:d"}))  # before anything was sent
    outbox.reading(face("camera:c", 4))
    outbox.start()
    outbox.tell(TextRefusal(id=1, reason=Reason.BUSY))
    outbox.close(3)
    sent = Hub(pair[1]).read(2)
    assert [message.track for message in sent if isinstance(message, Face)] == [2]
    assert len(sent) == 2


def test_the_oldest_reading_goes_when_the_hub_does_not_read_and_is_counted(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0], lambda: True)
    outbox.allow(frozenset({"camera:c"}))
    for track in range(MAX_READINGS + 5):
        outbox.reading(face(track=track))
    assert outbox.dropped == 5
    outbox.start()
    sent = Hub(pair[1]).read(MAX_READINGS)
    assert [m.track for m in sent if isinstance(m, Face)] == list(range(5, MAX_READINGS + 5))
    outbox.close(3)


def test_beats_come_twice_a_second_and_stop_while_a_thread_is_stuck(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    alive = True
    outbox = Outbox(pair[0], lambda: alive)
    outbox.start()
    hub = Hub(pair[1])
    assert 2 <= hub.beats(1.2) <= 4
    alive = False
    hub.beats(0.1)
    assert hub.beats(0.8) == 0
    outbox.close(3)


def test_an_outbox_without_a_hub_ends_its_thread(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0], lambda: True)
    pair[1].close()
    outbox.start()
    outbox.tell(TextRefusal(id=1, reason=Reason.BUSY))
    outbox.close(3)  # the fixture that looks for threads left behind checks the rest


class Ended(SystemExit):
    """Ends a worker's thread, which otherwise runs until the process ends."""


class Parrot:
    """A part that takes whatever a test puts in."""

    sense = Sense.TEXT

    def __init__(self, load: Exception | None = None) -> None:
        self.items: SimpleQueue[object] = SimpleQueue()
        self.handled: SimpleQueue[object] = SimpleQueue()
        self._load = load

    def load(self) -> tuple[str, ...]:
        if self._load:
            raise self._load
        return ("parrot",)

    def take(self, timeout_s: float) -> object | None:
        try:
            return self.items.get(timeout=timeout_s)
        except Empty:
            return None

    def handle(self, item: object) -> None:
        if isinstance(item, BaseException):
            raise item
        if isinstance(item, float):
            time.sleep(item)
        self.handled.put(item)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bad_item_is_counted_and_the_next_is_handled(
    capfd: pytest.CaptureFixture[str],
) -> None:
    part, loaded = Parrot(), SimpleQueue[Loaded]()
    worker = Worker(part, loaded.put)
    worker.start()
    first = loaded.get(timeout=15)
    assert (first.models, first.reason) == (("parrot",), Reason.NONE)
    part.items.put(ValueError("words that somebody typed"))
    part.items.put("good")
    assert part.handled.get(timeout=15) == "good"
    assert worker.errors == 1
    printed = capfd.readouterr().err
    assert "ValueError" in printed
    assert "in handle" in printed
    assert "typed" not in printed
    part.items.put(Ended())


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (WeightsError("gone", "run `moodsync models fetch`"), Reason.NO_WEIGHTS),
        (RuntimeError("anything"), Reason.INTERNAL),
    ],
)
def test_a_part_that_cannot_load_says_why_and_ends(failure: Exception, reason: Reason) -> None:
    loaded = SimpleQueue[Loaded]()
    Worker(Parrot(failure), loaded.put).start()
    assert loaded.get(timeout=15).reason is reason


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_is_stuck_only_while_one_item_takes_far_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.sense.worker.STUCK_S", 0.1)
    part, loaded = Parrot(), SimpleQueue[Loaded]()
    worker = Worker(part, loaded.put)
    worker.start()
    loaded.get(timeout=15)
    time.sleep(0.2)
    assert not worker.stuck()
    part.items.put(0.5)
    time.sleep(0.3)
    assert worker.stuck()
    part.handled.get(timeout=15)
    time.sleep(0.05)
    assert not worker.stuck()
    part.items.put(Ended())


def test_an_empty_room_gets_one_picture_a_second_and_a_movement_all_that_is_allowed() -> None:
    rate = SightRate(10.0)
    assert rate.update(100.0, interesting=False, took_s=0.001) == IDLE_FPS
    assert rate.update(101.0, interesting=True, took_s=0.01) == 10.0
    assert rate.update(101.0 + AWAKE_S, interesting=False, took_s=0.001) == 10.0
    assert rate.update(101.1 + AWAKE_S, interesting=False, took_s=0.001) == IDLE_FPS


def test_the_rate_falls_to_what_the_machine_can_look_at() -> None:
    rate = SightRate(10.0)
    for step in range(50):
        fps = rate.update(100.0 + step, interesting=True, took_s=0.35)
    assert fps == pytest.approx(2.0, rel=0.02)
    for step in range(50):
        fps = rate.update(200.0 + step, interesting=True, took_s=0.01)
    assert fps == 10.0
    for step in range(50):
        fps = rate.update(300.0 + step, interesting=True, took_s=30.0)
    assert fps == IDLE_FPS


def test_durations_give_median_and_tail_of_the_newest() -> None:
    durations = Durations()
    assert durations.spread() is None
    for millis in range(1000, 0, -1):
        durations.add(millis / 1000)
    spread = durations.spread()
    assert spread is not None
    assert spread.p50 == pytest.approx(129, abs=1)
    assert spread.p95 == pytest.approx(244, abs=1)
