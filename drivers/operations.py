"""What a driver lets people do with its network besides commands: join, pair, remove, back up.

The command line and the app show every operation of every driver from this description alone, so
that a new driver needs no code in either.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from drivers.settings import Strict

Progress = Callable[[str], None]
"""Takes a line for the person who waits; returns at once and never raises."""

Answer = Mapping[str, Any]
"""Plain data: what json.dumps takes."""


class NoArguments(Strict):
    """For operations that need nothing."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do. `run` raises Refused, Unreachable, BadCredentials with a reason to show.

    The arguments' field descriptions are the help; a field of type `pydantic.SecretStr` is asked
    for without echo and never logged.
    """

    name: str
    """`permit_join`: lower case and underscores."""
    summary: str
    """One line in the imperative: `Let new devices join for a while`."""
    arguments: type[Strict]
    run: Callable[[Any, Progress], Awaitable[Answer]]
    """Takes an instance of `arguments`."""
    limit_s: float = 60.0
    destroys: bool = False
    """True for what cannot be undone: people are asked first."""


@runtime_checkable
class Operable(Protocol):
    """A driver that has operations. They may be called only while it runs."""

    def operations(self) -> tuple[Operation, ...]:
        """Return them all, as the network is now: what it does not have is left out."""
        ...
