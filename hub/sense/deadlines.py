"""By when the sensing process must have started, said something, and closed what was switched off.

Looked at every TICK_S, so that what has to take effect within 2 s does.
"""

from hub.clock import Clock
from hub.errors import SenseGone
from hub.phrase import Phrase
from hub.types import SenseState, SourceId

SILENCE_LIMIT_S = 1.7
CONFIRM_LIMIT_S = 1.7
TICK_S = 0.2
START_LIMIT_S = 30.0


class Deadlines:
    """What one process owes the hub. A process that misses a deadline is to be killed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.started = self._heard = clock.monotonic()
        self._ready = False
        self._closing: dict[SourceId, float] = {}

    def heard(self) -> None:
        """Note that the process said that it is alive."""
        self._heard = self._clock.monotonic()

    def ready(self) -> float:
        """Note that the process has loaded everything; return how many seconds that took."""
        self._ready = True
        self.heard()
        return self._heard - self.started

    def allow(self, sources: frozenset[SourceId], closing: frozenset[SourceId]) -> None:
        """Let these sources be on, and those in `closing` owe the word that they are off.

        One that owes it already is not given longer.
        """
        deadline = self._clock.monotonic() + CONFIRM_LIMIT_S
        self._closing = {
            source: self._closing.get(source, deadline)
            for source in (self._closing.keys() | closing) - sources
        }

    def state(self, source: SourceId, state: SenseState, *, allowed: bool) -> None:
        """Note what the process says of a source that may be on or may not."""
        if state is SenseState.OFF:
            self._closing.pop(source, None)
        elif not allowed:
            # Whatever the reason why it says so: it has as long to be off as any other.
            self._closing.setdefault(source, self._clock.monotonic() + CONFIRM_LIMIT_S)

    def look(self, since: float) -> None:
        """Raise SenseGone if a deadline has passed. `since` is when the hub went to sleep."""
        now = self._clock.monotonic()
        if now - since > 2 * TICK_S:
            self._heard = max(self._heard, since)  # the hub itself was away and not reading
        if self._ready and now - self._heard > SILENCE_LIMIT_S:
            raise SenseGone(Phrase("service.sense_silent", seconds=round(now - self._heard, 1)))
        if not self._ready and now - self.started > START_LIMIT_S:
            raise SenseGone(Phrase("service.sense_not_ready", seconds=round(START_LIMIT_S)))
        late = sorted(source for source, deadline in self._closing.items() if now > deadline)
        if late:
            raise SenseGone(Phrase("service.sense_not_off", sources=", ".join(late)))
