"""How one device on a broker is understood and spoken to, whoever described it.

A configured device and one that its own network announced are the same to the driver: topics that
are read, a topic or more that tell whether it is there, and messages that carry a command out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from drivers.mqtt_dialects import (
    availability_topic,
    capabilities,
    read_availability,
    read_state,
    write_command,
)
from drivers.mqtt_settings import MqttDevice
from drivers.types import Capability, Command, DeviceId, DeviceInfo, DeviceState

NAME: Final = "mqtt"

Read = Callable[[bytes, DeviceState], DeviceState]
"""A payload and the state before it become the state after it; raises BadPayload."""
Hear = Callable[[bytes], bool | None]
"""A payload tells whether the device is there, None if nothing of that; raises BadPayload."""
Pressed = Callable[[bytes], tuple[str, ...]]
"""A payload tells which buttons people pressed, as for Port.pressed; raises BadPayload."""


class Needs(Enum):
    """How several availability topics add up."""

    ALL = "all"
    ANY = "any"
    LATEST = "latest"
    SPOKEN = "spoken"
    """All of those that have said anything; there may be topics that never do."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out."""

    topic: str
    payload: bytes
    reply: str = ""
    """What the device's answer will be known by; empty when it sends none."""


@dataclass(frozen=True, slots=True)
class Talk:
    """See the module."""

    id: DeviceId
    name: str
    capabilities: tuple[Capability, ...]
    write: Callable[[Command], tuple[Message, ...]]
    """Raises Refused."""
    reads: Mapping[str, Read]
    """By topic."""
    heard_at: Mapping[str, Hear] = field(default_factory=dict)
    """By topic; empty when nothing tells whether the device is there."""
    needs: Needs = Needs.LATEST
    info: DeviceInfo | None = None
    presses: Mapping[str, Pressed] = field(default_factory=dict)
    """By topic, each of which is among `reads`."""

    @property
    def topics(self) -> frozenset[str]:
        """Everything to subscribe to."""
        return frozenset((*self.reads, *self.heard_at))


def configured(key: str, config: MqttDevice) -> Talk:
    """Return how a device of the configuration is spoken to."""

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        return read_state(config, payload, before)

    def write(command: Command) -> tuple[Message, ...]:
        return (Message(*write_command(config, command)),)

    told_at = availability_topic(config)
    return Talk(
        DeviceId(f"{NAME}:{key}"),
        config.name or key,
        capabilities(config),
        write,
        {config.state_topic: read},
        {} if told_at is None else {told_at: read_availability},
    )
