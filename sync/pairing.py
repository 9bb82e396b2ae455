"""The pairing window: when a device may be let in, and how often it may try.

            open                     answer (one try)              accept
  CLOSED ----------> OPEN ----------------------------> ASKED ----------------> PAIRED
     ^               |  ^                               |   |                     |
     |  close, late, |  |  reject, tries are left       |   | close, late,        | open
     |  reject (QR)  |  +-------------------------------+   | reject of the last  |
     +---------------+--------------------------------------+---------------------+

CLOSED is how it is until somebody opens it: at the command line, with a button, or as an owner in
the app. A window lasts OPEN_S and allows TRIES; the QR code's secret and the digits are one-time,
made for the window and forgotten with it. What was said in one window means nothing in the next:
replayed messages are refused. An attempt by digits counts when the hub has answered it, since only
then could somebody guess.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sync.pairing_device import Device
from sync.pairing_digits import Answer, HubSide
from sync.pairing_errors import PairingRefused
from sync.pairing_qr import Asked, Ticket, open_request

OPEN_S = 120.0
TRIES = 3
DIGITS = 9


class State(StrEnum):
    """Where the window stands."""

    CLOSED = "closed"
    OPEN = "open"
    ASKED = "asked"
    PAIRED = "paired"


class Input(StrEnum):
    """What can happen to it."""

    OPEN = "open"
    ANSWER = "answer"
    ACCEPT = "accept"
    REJECT = "reject"
    CLOSE = "close"
    LATE = "late"


TRANSITIONS: dict[tuple[State, Input], State] = {
    (State.CLOSED, Input.OPEN): State.OPEN,
    (State.PAIRED, Input.OPEN): State.OPEN,
    (State.OPEN, Input.OPEN): State.OPEN,
    (State.ASKED, Input.OPEN): State.OPEN,
    (State.OPEN, Input.ANSWER): State.ASKED,
    (State.ASKED, Input.ANSWER): State.ASKED,
    (State.ASKED, Input.ACCEPT): State.PAIRED,
    (State.OPEN, Input.ACCEPT): State.PAIRED,
    (State.ASKED, Input.REJECT): State.OPEN,
    (State.OPEN, Input.REJECT): State.OPEN,
    (State.OPEN, Input.CLOSE): State.CLOSED,
    (State.ASKED, Input.CLOSE): State.CLOSED,
    (State.PAIRED, Input.CLOSE): State.CLOSED,
    (State.OPEN, Input.LATE): State.CLOSED,
    (State.ASKED, Input.LATE): State.CLOSED,
    (State.CLOSED, Input.CLOSE): State.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """What the person who opens a window is shown: digits to type, a ticket to scan."""

    digits: str = field(repr=False)
    ticket: Ticket = field(repr=False)
    closes_at: float


class Window:
    """One hub's pairing window. `now` is monotonic seconds; methods raise PairingRefused."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._state = State.CLOSED
        self._opened: Opened | None = None
        self._tries = 0
        self._side: HubSide | None = None
        self._attempt = ""

    @property
    def state(self) -> State:
        """Where it stands now."""
        if self._opened is not None and self._now() >= self._opened.closes_at:
            self._go(Input.LATE)
        return self._state

    @property
    def opened(self) -> Opened | None:
        """What is shown; None unless it is open."""
        return self._opened if self.state in {State.OPEN, State.ASKED} else None

    @property
    def tries_left(self) -> int:
        """How often a device may still try."""
        return max(0, TRIES - self._tries)

    def open(self, binding: bytes, digits: str | None = None) -> Opened:
        """Open it, with new secrets; one that is open already starts anew.

        `binding` names the hub's TLS certificate and authority; the ticket's fingerprint covers it.
        `digits` are given where nobody could be shown new ones: those of the home's sticker.
        """
        digits = digits or f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        self._go(Input.OPEN)
        self._tries, self._side = 0, None
        self._opened = Opened(digits, Ticket.new(binding), self._now() + OPEN_S)
        return self._opened

    def close(self) -> None:
        """Close it and forget its secrets."""
        if self.state in {State.OPEN, State.ASKED, State.PAIRED, State.CLOSED}:
            self._go(Input.CLOSE)

    def ask(self, message: bytes, binding: bytes) -> tuple[str, bytes]:
        """Answer a device's first message by digits; returns the attempt's id and our message.

        Takes a fifth of a second of processor time on a small machine: call it in a thread.
        """
        opened = self._use_try()
        side = HubSide(opened.digits, binding)
        try:
            answer = side.answer(message)
        except PairingRefused:
            self._reject()
            raise
        self._side, self._attempt = side, secrets.token_urlsafe(12)
        self._go(Input.ANSWER)
        return self._attempt, answer

    def confirm(self, attempt: str, device: Device, proof: bytes) -> Answer:
        """Check a device's proof that it knows the digits; returns ours. Closes on success."""
        side, self._side = self._side, None
        if self.state is not State.ASKED or side is None or attempt != self._attempt:
            raise PairingRefused("closed", "there is no such attempt")
        answer = side.confirm(proof, device.key, device.name)
        if answer is None:
            self._reject()
            raise PairingRefused("wrong_digits", "these were not the digits")
        self._accept()
        return answer

    def scan(self, request: bytes) -> Asked:
        """Take a request that was sealed to the ticket; closes on success."""
        opened = self._use_try()
        try:
            asked = open_request(opened.ticket, request)
        except PairingRefused:
            self._reject()
            raise
        self._accept()
        return asked

    def _use_try(self) -> Opened:
        opened = self.opened
        if opened is None:
            raise PairingRefused("closed", "pairing is closed")
        if self._tries >= TRIES:
            self._go(Input.CLOSE)
            raise PairingRefused("closed", "too many tries; pairing is closed")
        self._tries += 1
        return opened

    def _reject(self) -> None:
        self._go(Input.REJECT)
        if self._tries >= TRIES:
            self._go(Input.CLOSE)

    def _accept(self) -> None:
        self._go(Input.ACCEPT)

    def _go(self, what: Input) -> None:
        following = TRANSITIONS.get((self._state, what))
        if following is None:
            raise PairingRefused("closed", f"pairing is {self._state}")
        self._state = following
        if following in {State.CLOSED, State.PAIRED}:
            self._opened = self._side = None
            self._attempt = ""
