"""Devices that announce themselves on a broker: what every family of announcements offers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from drivers.mqtt_talk import Message, Talk
from drivers.operations import Operation
from drivers.types import DeviceId, DriverError, SetLight

Answer = Mapping[str, Any] | DriverError
"""What came back to a question: plain data, or why there is none."""
Ask = Callable[[Message], Any]
"""Sends a message that has a `reply` and awaits the answer; raises DriverError."""


@dataclass(slots=True)
class News:
    """What an announcement changes; empty when it says nothing new."""

    found: list[Talk] = field(default_factory=list)
    """New devices, and known ones that are spoken to in another way from now on."""
    lost: list[DeviceId] = field(default_factory=list)
    """Devices that their network removed."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """What cannot be used, and why; each is told once."""
    ask: list[Message] = field(default_factory=list)
    """What devices are to be asked once their topics are subscribed to."""
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    """Answers to messages that had this `reply`."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lights that change together by one message."""

    members: frozenset[DeviceId]
    write: Callable[[SetLight], tuple[Message, ...]]


class Family(Protocol):
    """One way in which devices announce themselves. No method blocks or does I/O."""

    name: str
    filters: tuple[str, ...]
    """The topic filters where announcements come."""

    def wants(self, topic: str) -> bool:
        """Return True for a topic that may bear an announcement."""
        ...

    def covers(self, topic: str) -> bool:
        """Return True for a device's topic that `filters` include: it needs no own subscription."""
        ...

    def take(self, topic: str, payload: bytes) -> News:
        """Take an announcement; an empty payload withdraws it. Raises BadPayload."""
        ...

    def clear(self) -> None:
        """Forget what was heard: the connection is new."""
        ...

    def groups(self) -> Sequence[Group]:
        """Return the groups of lights that the network itself keeps."""
        ...

    def operations(self, ask: Ask) -> tuple[Operation, ...]:
        """Return what people may do with the network as it is now."""
        ...


class Alone:
    """What a family is that has neither groups nor operations."""

    def covers(self, _topic: str) -> bool:
        """See Family."""
        return False

    def groups(self) -> Sequence[Group]:
        """See Family."""
        return ()

    def operations(self, _ask: Ask) -> tuple[Operation, ...]:
        """See Family."""
        return ()
