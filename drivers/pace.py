"""Which of many frames to keep so that no more than a wanted number a second are used."""


class Pace:
    """Lets at most `rate_hz` moments a second through, evenly, whatever rate they come at.

    The next due time advances by whole periods, not from the moment last let through: 10 Hz out
    of 15 Hz yields 10, where a plain "one period since the last" yields 7.5.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._due_s = float("-inf")

    def due(self, now_s: float) -> bool:
        """Return True when a moment at `now_s` is to be used."""
        if now_s < self._due_s:
            # A lowered then raised rate must not wait out the old, longer period.
            self._due_s = min(self._due_s, now_s + 1 / self.rate_hz)
            return False
        period = 1 / self.rate_hz
        self._due_s = max(self._due_s + period, now_s)
        return True
