"""A source's switch over the real drivers: what it tells the hub, and when."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.camera import open_camera
from drivers.microphone import open_microphone
from drivers.source import StateCallback
from hub.sense.capture import Device, Tap, reason_code
from hub.sense.framing import FROM_SENSE_LIMIT, FrameBuffer
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import StateChange, parse_from_sense
from hub.sense.outbox import Outbox
from hub.types import SenseState

SOURCE = "camera:c"


class Rig:
    """Taps on one outbox, and what arrives at the hub's end."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self._hub = ours
        self._hub.settimeout(0.1)
        self._buffer = FrameBuffer(FROM_SENSE_LIMIT)
        self.outbox = Outbox(theirs, lambda: True)
        self.outbox.start()
        self.told: list[tuple[SenseState, Reason]] = []
        self.forgotten = 0
        self.delivered: list[object] = []
        self._taps: list[Tap[Device]] = []

    def close(self) -> None:
        for tap in self._taps:
            tap.allow(wanted=False)
            tap.settled.wait(3)
        self.outbox.close(3)

    def tap(self, make: Callable[[StateCallback], Device]) -> Tap[Device]:
        tap = Tap(SOURCE, make, self.outbox, self._forget)
        self._taps.append(tap)
        return tap

    def camera(self, url: str | int) -> Tap[Device]:
        return self.tap(
            lambda on_state: open_camera(SOURCE, url, 640, 480, 10, self.delivered.append, on_state)
        )

    def until(self, state: SenseState, limit_s: float = 20.0) -> Reason:
        """Wait until this state is told; return its reason."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                bodies = self._buffer.feed(self._hub.recv(65_536))
            except TimeoutError:
                continue
            for message in map(parse_from_sense, bodies):
                if isinstance(message, StateChange):
                    self.told.append((message.state, message.reason))
            if self.told and self.told[-1][0] is state:
                return self.told[-1][1]
        raise AssertionError(f"{state} was not told, but {self.told}")

    def _forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
def rig() -> Iterator[Rig]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        made = Rig(ours, theirs)
        yield made
        made.close()


@pytest.fixture(autouse=True)
def no_leaked_threads() -> None:
    """A tap's thread lives as long as its process: the general check does not apply here."""


def test_on_and_off_are_told_and_what_waited_is_forgotten(rig: Rig) -> None:
    tap = rig.camera("demo:")
    for round_ in (1, 2):
        tap.allow(wanted=True)
        assert rig.until(SenseState.ON) is Reason.NONE
        time.sleep(0.2)
        assert rig.delivered
        tap.allow(wanted=False)
        assert rig.until(SenseState.OFF) is Reason.NONE
        assert rig.forgotten == round_
        count = len(rig.delivered)
        time.sleep(0.3)
        assert len(rig.delivered) == count
    starting, on, off = SenseState.STARTING, SenseState.ON, SenseState.OFF
    assert [state for state, _ in rig.told] == [starting, on, off] * 2


def test_switching_off_what_is_off_is_confirmed_too(rig: Rig) -> None:
    tap = rig.camera("demo:")
    tap.allow(wanted=True)
    tap.allow(wanted=False)
    tap.allow(wanted=True)
    tap.allow(wanted=False)
    rig.until(SenseState.OFF)
    tap.allow(wanted=False)
    rig.told.clear()
    rig.until(SenseState.OFF)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (99, Reason.NO_DEVICE),
        ("/no/such/file.mp4", Reason.NO_DEVICE),
        (__file__, Reason.BROKEN),
        ("http://127.0.0.1:9/video", Reason.UNREACHABLE),
        ("https://127.0.0.1/video", Reason.NO_LIBRARY),
    ],
)
def test_a_camera_that_cannot_be_opened_says_why_by_a_code(
    rig: Rig, url: str | int, reason: Reason
) -> None:
    tap = rig.camera(url)
    tap.allow(wanted=True)
    assert rig.until(SenseState.FAILED) is reason
    tap.allow(wanted=False)
    rig.until(SenseState.OFF)


def test_a_microphone_that_is_not_there_says_so(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing = tmp_path / "asound.conf"
    nothing.write_text("pcm.!default { type null }\nctl.!default { type null }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(nothing))
    tap = rig.tap(
        lambda on_state: open_microphone(SOURCE, "no such thing", rig.delivered.append, on_state)
    )
    tap.allow(wanted=True)
    assert rig.until(SenseState.FAILED) is Reason.NO_DEVICE
    tap.allow(wanted=False)
    rig.until(SenseState.OFF)


def test_a_device_without_a_model_is_closed_and_stays_closed(rig: Rig) -> None:
    tap = rig.camera("demo:")
    tap.allow(wanted=True)
    rig.until(SenseState.ON)
    tap.give_up(Reason.NO_WEIGHTS)
    assert rig.until(SenseState.FAILED) is Reason.NO_WEIGHTS
    tap.allow(wanted=False)
    rig.until(SenseState.OFF)
    tap.allow(wanted=True)
    assert rig.until(SenseState.FAILED) is Reason.NO_WEIGHTS
    count = len(rig.delivered)
    time.sleep(0.3)
    assert len(rig.delivered) == count


class Stuck:
    """A device whose driver does not return."""

    def start(self) -> None:
        pass

    def stop(self, timeout_s: float) -> bool:
        time.sleep(min(timeout_s, 0.2))
        return False


def test_a_device_that_does_not_close_is_not_confirmed(rig: Rig) -> None:
    tap = rig.tap(lambda _on_state: Stuck())
    tap.allow(wanted=True)
    tap.settled.wait(3)
    tap.allow(wanted=False)
    with pytest.raises(AssertionError, match="was not told"):
        rig.until(SenseState.OFF, 1.0)
    assert rig.forgotten == 0


def test_every_sentence_of_the_media_drivers_has_its_code() -> None:
    drivers = Path(__file__).parents[2] / "drivers"
    sentences = [
        sentence
        for file in ("camera.py", "camera_open.py", "microphone.py", "portaudio.py")
        for sentence in re.findall(
            r'(?:Lost\(\s*|return )f?"([a-z][^"]{8,})"', (drivers / file).read_text()
        )
    ]
    assert len(sentences) >= 10
    without = {s for s in sentences if reason_code(s) is Reason.UNAVAILABLE}
    general = {s for s in sentences if re.match("the microphone cannot be (opened|started)", s)}
    assert without == general
