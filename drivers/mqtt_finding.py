"""Devices that announce themselves on a broker: what every family of announcements offers."""

from dataclasses import dataclass, field
from typing import Protocol

from drivers.mqtt_talk import Talk
from drivers.types import DeviceId


@dataclass(slots=True)
class News:
    """What an announcement changes; empty when it says nothing new."""

    found: list[Talk] = field(default_factory=list)
    """New devices, and known ones that are spoken to in another way from now on."""
    lost: list[DeviceId] = field(default_factory=list)
    """Devices that their network removed."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """What cannot be used, and why; each is told once."""


class Family(Protocol):
    """One way in which devices announce themselves. No method blocks or does I/O."""

    name: str
    filters: tuple[str, ...]
    """The topic filters where announcements come."""

    def wants(self, topic: str) -> bool:
        """Return True for a topic that may bear an announcement; asked for every stray message."""
        ...

    def take(self, topic: str, payload: bytes) -> News:
        """Take an announcement; an empty payload withdraws it. Raises BadPayload."""
        ...

    def clear(self) -> None:
        """Forget what was heard: the connection is new."""
        ...
