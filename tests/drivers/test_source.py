"""The life of a source, shown on one whose device is a list of what happens."""

import threading
import time
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from drivers.source import Backoff, Lost, Source, SourceState
from tests.fakes.recorder import Recorder


class Scripted(Source):
    """A source whose sessions do what a list says: deliver, be lost, end, or break."""

    def __init__(self, recorder: Recorder, *sessions: str) -> None:
        super().__init__("camera", "lounge", recorder.on_state)
        self._sessions: Iterator[str] = iter(sessions)
        self._backoff = Backoff(0.01, 0.02)
        self.open = False

    def _session(self) -> None:
        self.open = True
        try:
            match next(self._sessions, "wait"):
                case "wait":
                    self._arrived()
                    self._stopping.wait(10)
                case "sample then lost":
                    self._arrived()
                    raise Lost("unplugged")
                case "lost":
                    raise Lost("absent")
                case "break":
                    raise ZeroDivisionError
                case "end":
                    self._arrived()
        finally:
            self.open = False


def test_it_is_on_with_the_first_sample_and_off_when_closed() -> None:
    recorder = Recorder()
    source = Scripted(recorder, "wait")
    source.start()
    recorder.wait_state("on")
    was_open = source.open
    assert source.stop()
    assert (was_open, source.open) == (True, False)
    assert recorder.names == ["opening", "on", "off"]
    assert source.state is SourceState.OFF


def test_a_loss_is_warned_of_once_and_its_end_noted_once() -> None:
    recorder = Recorder()
    source = Scripted(recorder, "lost", "lost", "lost", "wait")
    with capture_logs() as logs:
        source.start()
        recorder.wait_state("on")
        source.stop()
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("source_lost", "warning"),
        ("source_back", "info"),
    ]
    assert recorder.names == ["opening", "lost", "on", "off"]


def test_each_new_reason_is_told() -> None:
    recorder = Recorder()
    source = Scripted(recorder, "sample then lost", "lost", "wait")
    source.start()
    recorder.wait(lambda r: len(r.states) == 5)
    source.stop()
    assert [reason for _, reason in recorder.states] == ["", "", "unplugged", "absent", "", ""]


def test_an_end_is_final_and_closes() -> None:
    recorder = Recorder()
    source = Scripted(recorder, "end", "wait")
    source.start()
    recorder.wait_state("off")
    assert recorder.names == ["opening", "on", "ended", "off"]
    assert source.stop()


def test_a_fault_is_told_logged_and_closes() -> None:
    recorder = Recorder()
    source = Scripted(recorder, "break")
    with capture_logs() as logs:
        source.start()
        recorder.wait_state("off")
    assert (SourceState.FAILED, "ZeroDivisionError") in recorder.states
    assert logs[0]["event"] == "source_failed"
    assert source.stop()


def test_a_broken_callback_still_closes() -> None:
    recorder = Recorder()
    source = Scripted(recorder, "wait")
    closed = threading.Event()

    def on_state(state: SourceState, _: str) -> None:
        if state is SourceState.OFF:
            closed.set()
        raise ValueError

    source._on_state = on_state
    with capture_logs():
        source.start()
        assert closed.wait(5)
        assert source.stop()


def test_stop_does_not_wait_out_a_back_off() -> None:
    recorder = Recorder()
    source = Scripted(recorder, "lost")
    source._backoff = Backoff(30, 30)
    source.start()
    recorder.wait_state("lost")
    began = time.monotonic()
    assert source.stop()
    assert time.monotonic() - began < 8
    assert recorder.names[-1] == "off"


def test_a_device_that_hangs_is_admitted() -> None:
    recorder = Recorder()
    release = threading.Event()

    class Hanging(Scripted):
        def _session(self) -> None:
            release.wait(10)

    source = Hanging(recorder)
    source.start()
    assert not source.stop(0.2)
    assert recorder.names == ["opening"]
    release.set()
    assert source.stop(2)
    assert recorder.names == ["opening", "off"]


def test_a_source_is_started_once() -> None:
    source = Scripted(Recorder(), "wait")
    source.start()
    with pytest.raises(RuntimeError):
        source.start()
    source.stop()


def test_stop_before_start_is_a_stop() -> None:
    source = Scripted(Recorder(), "wait")
    assert source.stop()
    with pytest.raises(RuntimeError):
        source.start()


def test_back_off_doubles_with_jitter_up_to_its_limit() -> None:
    backoff = Backoff(0.5, 30)
    waits = [backoff.next_s() for _ in range(10)]
    ceilings = [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert all(c / 2 <= wait <= c for wait, c in zip(waits, ceilings, strict=True))
    assert len(set(waits)) == 10
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_only_a_session_that_lasted_resets_the_back_off() -> None:
    recorder = Recorder()
    source = Scripted(recorder, *["sample then lost"] * 4)
    source.start()
    recorder.wait(lambda r: [s for s, _ in r.states].count(SourceState.LOST) == 4)
    source.stop()
    assert source._backoff.next_s() > 0.01  # grown, not reset by a short sign of life

    recorder = Recorder()
    source = Scripted(recorder, *["sample then lost"] * 4)
    source.healthy_after_s = 0
    source.start()
    recorder.wait(lambda r: [s for s, _ in r.states].count(SourceState.LOST) == 4)
    source.stop()
    assert source._backoff._ceiling_s == 0.02  # one step after each reset
