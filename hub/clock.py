"""Time, passed in so that tests and replays can hold it in their hands."""

import time
from datetime import UTC, datetime, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """The only source of time in the hub."""

    def monotonic(self) -> float:
        """Return seconds that never go back; used for every age and deadline."""
        ...

    def wall(self) -> float:
        """Return seconds since 1970 UTC; used at storage and for times of day only."""
        ...

    def local(self) -> datetime:
        """Return the home's local time."""
        ...


class SystemClock:
    """The machine's clocks in the home's time zone."""

    def __init__(self, zone: str = "UTC") -> None:
        self._zone: tzinfo = UTC if zone == "UTC" else ZoneInfo(zone)

    def monotonic(self) -> float:
        """See Clock."""
        return time.monotonic()

    def wall(self) -> float:
        """See Clock."""
        return time.time()

    def local(self) -> datetime:
        """See Clock."""
        return datetime.now(self._zone)


class ManualClock:
    """A clock that moves when told, for tests and for replaying a week in a second."""

    def __init__(self, start_wall: float = 1_800_000_000.0) -> None:
        self._monotonic = 1000.0
        self._wall = start_wall

    def monotonic(self) -> float:
        """See Clock."""
        return self._monotonic

    def wall(self) -> float:
        """See Clock."""
        return self._wall

    def local(self) -> datetime:
        """See Clock (UTC)."""
        return datetime.fromtimestamp(self._wall, UTC)

    def advance(self, seconds: float) -> None:
        """Move both clocks on."""
        self._monotonic += seconds
        self._wall += seconds

    def jump_wall(self, seconds: float) -> None:
        """Move the wall clock alone, as NTP or a person would."""
        self._wall += seconds
