"""Cameras and microphones of the sensing process: each has a switch, and a thread that obeys it."""

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from drivers.source import SourceState, SourceUnavailable, StateCallback
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import StateChange
from hub.sense.outbox import Outbox
from hub.sense.worker import print_where
from hub.types import SenseState

CLOSE_LIMIT_S = 1.5

# What the drivers say in words, as codes; the first that occurs in the sentence counts.
_CODES = {
    "permission": Reason.DENIED,
    "in use": Reason.BUSY,
    "there is no": Reason.NO_DEVICE,
    "went away": Reason.NO_DEVICE,
    "does not answer": Reason.UNREACHABLE,
    "no picture": Reason.TIMEOUT,
    "no sound": Reason.TIMEOUT,
    "stream ended": Reason.ENDED,
    "decoded": Reason.BROKEN,
    "stands still": Reason.BROKEN,
    "no video": Reason.BROKEN,
}
_STATES = {
    SourceState.OPENING: SenseState.STARTING,
    SourceState.ON: SenseState.ON,
    SourceState.LOST: SenseState.FAILED,
    SourceState.FAILED: SenseState.FAILED,
    SourceState.ENDED: SenseState.OFF,
}
"""SourceState.OFF is not among them: the tap itself confirms, once the device is closed."""


class Device(Protocol):
    """A camera or microphone of drivers/, for one activation."""

    def start(self) -> None:
        """Open it, on a thread of its own; may raise SourceUnavailable."""
        ...

    def stop(self, timeout_s: float) -> bool:
        """Close it; True only when it is closed."""
        ...


class RatedDevice(Device, Protocol):
    """A camera: how many pictures a second it delivers can be changed."""

    def set_rate(self, fps: float) -> None:
        """Deliver at most this many; within the camera's own limits."""
        ...


D = TypeVar("D", bound=Device)


class Tap(Generic[D]):
    """One source's switch. Opening and closing take time, so each tap has its own thread.

    Every `allow(False)` is answered by the state `off` once the device is closed. A device that
    does not close is not answered for: the hub then ends this process, which closes it. `device`
    is what is open now; `settled` is set while nothing is to be done.
    """

    def __init__(
        self,
        source: str,
        make: Callable[[StateCallback], D],
        outbox: Outbox,
        forget: Callable[[], None],
    ) -> None:
        self.source = source
        self.device: D | None = None
        self._make = make
        self._outbox = outbox
        self._forget = forget
        self.settled = threading.Event()
        self._changed = threading.Condition()
        self._wanted = False
        self._news = False
        self._fault = Reason.NONE
        self._thread = threading.Thread(target=self._run, name=f"tap {source}", daemon=True)
        self._thread.start()

    def allow(self, wanted: bool) -> None:
        """Switch on or off; returns at once."""
        with self._changed:
            self._wanted = wanted
            self._wake()

    def give_up(self, reason: Reason) -> None:
        """Close the device and stay closed: nothing here can read what it would deliver."""
        with self._changed:
            self._fault = reason
            self._wake()

    def _wake(self) -> None:
        self._news = True
        self.settled.clear()
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._news:
                    self.settled.set()
                self._changed.wait_for(lambda: self._news)
                self._news = False
                wanted, fault = self._wanted, self._fault
            if wanted and fault is Reason.NONE:
                if self.device is None:
                    self._open()
            elif self._closed():
                self._tell(SenseState.FAILED if wanted else SenseState.OFF, fault)

    def _open(self) -> None:
        try:
            self.device = self._make(self._on_state)
            self.device.start()
        except SourceUnavailable:
            self.device = None
            self._tell(SenseState.FAILED, Reason.NO_LIBRARY)
        except Exception as err:  # noqa: BLE001 - a fault in one driver leaves the others running
            self.device = None
            print_where(err)
            self._tell(SenseState.FAILED, Reason.INTERNAL)

    def _closed(self) -> bool:
        if self.device is not None and not self.device.stop(CLOSE_LIMIT_S):
            return False
        self.device = None
        self._forget()
        return True

    def _on_state(self, state: SourceState, reason: str) -> None:
        """Pass on what the driver says, on the driver's thread, while the source is wanted."""
        if self._wanted and state is not SourceState.OFF:
            code = Reason.INTERNAL if state is SourceState.FAILED else reason_code(reason)
            self._tell(_STATES[state], code)

    def _tell(self, state: SenseState, reason: Reason) -> None:
        shown = reason if state is SenseState.FAILED else Reason.NONE
        self._outbox.tell(StateChange(source=self.source, state=state, reason=shown))


def reason_code(sentence: str) -> Reason:
    """Return the code of a driver's sentence; words themselves never leave this process."""
    if not sentence:
        return Reason.NONE
    for words, code in _CODES.items():
        if words in sentence:
            return code
    return Reason.UNAVAILABLE
