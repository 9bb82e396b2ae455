"""Whose turn it is at one device: one command at a time, and who makes way for whom.

    new command    running is automatic   running is a person's      running is a person's fade
    automatic      takes its place        waits, the newest alone    waits, the newest alone
    a person's     takes its place        waits, in order            takes its place

"Takes its place" is at once: the other's task is cancelled and what it still has to unwind does
not hold the new one up, so that the newest wish reaches the device however fast they come.
"""

import asyncio
from collections import deque

from drivers.types import Refused

MAX_WAITING = 16
"""A person's commands that may wait for one device; one more is refused, and told so."""


class Turn:
    """One command on its way through a lane; made in the task that carries it out."""

    def __init__(self, *, by_person: bool) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.by_person = by_person
        self.sent = False
        """Whether the driver has been asked: the device may have got it."""
        self.fading = False
        """Whether only the steps of a fade are left."""
        self.granted: asyncio.Future[None] = task.get_loop().create_future()
        self._task = task
        self._cancelling = task.cancelling()
        self._superseded = False

    def supersede(self) -> None:
        """End the turn at the task's next step."""
        if not self._superseded:
            self._superseded = True
            self._task.cancel()

    def was_superseded(self) -> bool:
        """Tell whether a CancelledError is ours; if so it is used up (as asyncio.timeout does)."""
        return self._superseded and self._task.uncancel() <= self._cancelling


class Lane:
    """The lane of one device."""

    def __init__(self) -> None:
        self._running: Turn | None = None
        self._persons: deque[Turn] = deque()
        self._automatic: Turn | None = None

    async def enter(self, turn: Turn) -> bool:
        """Return when it is this command's turn, and whether it had to wait for that.

        Raises Refused when too many of a person's commands wait already.
        """
        running = self._running
        if running is None or _makes_way(running, turn):
            self._running = turn
            if running is not None:
                running.supersede()
            return False
        if not turn.by_person:
            if self._automatic is not None:
                self._automatic.supersede()
            self._automatic = turn
        elif len(self._persons) < MAX_WAITING:
            self._persons.append(turn)
        else:
            raise Refused(f"{MAX_WAITING} commands are waiting for this device already")
        await turn.granted
        return True

    def leave(self, turn: Turn) -> None:
        """Give the lane to the next, if this command still had it, or stop waiting."""
        if turn is self._automatic:
            self._automatic = None
        elif turn in self._persons:
            self._persons.remove(turn)
        if turn is not self._running:
            return
        self._running = None
        if self._persons:
            self._running = self._persons.popleft()
        elif self._automatic is not None:
            self._running, self._automatic = self._automatic, None
        if self._running is not None and not self._running.granted.done():
            self._running.granted.set_result(None)


def _makes_way(running: Turn, new: Turn) -> bool:
    return not running.by_person or (new.by_person and running.fading)
