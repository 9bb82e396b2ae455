"""One physical device of a family as the hub's devices: its actors, and all it measures.

A device with one actor is one device that also measures; of several actors each is its own, and
what is measured and pressed is one more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.mqtt_ha_config import safe_id
from drivers.mqtt_ha_parts import Made, together
from drivers.mqtt_talk import NAME, Hear, Message, Needs, Pressed, Talk
from drivers.types import Capability, Command, DeviceId, DeviceInfo, Measures, Refused
from drivers.wishes import wish


@dataclass(frozen=True, slots=True)
class Actor:
    """Something that takes commands."""

    suffix: str
    """What tells it from the others of its device."""
    made: Made
    name: str = ""
    """Its own name, if its maker or owner gave it one."""


@dataclass(slots=True)
class Parts:
    """What a device is made of."""

    actors: list[Actor] = field(default_factory=list)
    rest: Made = field(default_factory=Made)
    """What it measures, and its buttons."""


@dataclass(frozen=True, slots=True)
class About:
    """What all parts of a device share."""

    key: str
    """Unique on the broker, and stable."""
    name: str
    info: DeviceInfo
    heard_at: Mapping[str, Hear]
    needs: Needs


def devices(about: About, parts: Parts) -> list[Talk]:
    """Return how each of the hub's devices is spoken to; none for what does nothing."""
    rest = parts.rest
    if len(parts.actors) == 1:
        (actor,) = parts.actors
        return [_talk(about, "", actor.name or about.name, _merged(actor.made, rest))]
    found = [
        _talk(about, f"_{actor.suffix}", actor.name or f"{about.name} {actor.suffix}", actor.made)
        for actor in parts.actors
    ]
    if rest.capabilities or rest.presses:
        found.append(_talk(about, "", about.name, _merged(rest, Made())))
    return found


def writing(made: Made) -> Callable[[Command], tuple[Message, ...]]:
    """Return the writer that refuses what is not this device's."""

    def write(command: Command) -> tuple[Message, ...]:
        messages = None if made.write is None else made.write(command)
        if messages is None:
            raise Refused(f"this device on MQTT cannot {wish(command)}")
        return messages

    return write


def _merged(first: Made, second: Made) -> Made:
    """Return both as one, with one list of what is measured."""
    both = [*first.capabilities, *second.capabilities]
    kinds = [kind for each in both if isinstance(each, Measures) for kind in each.kinds]
    able: list[Capability] = [each for each in both if not isinstance(each, Measures)]
    if kinds:
        able.append(Measures(tuple(dict.fromkeys(kinds))))
    reads = {topic: [*each] for topic, each in first.reads.items()}
    for topic, each in second.reads.items():
        reads.setdefault(topic, []).extend(each)
    presses: dict[str, Pressed] = {**first.presses, **second.presses}
    return Made(able, reads, first.write, presses)


def _talk(about: About, suffix: str, name: str, made: Made) -> Talk:
    return Talk(
        DeviceId(f"{NAME}:{safe_id(about.key + suffix)}"), name, tuple(made.capabilities),
        writing(made), together(made.reads), about.heard_at, about.needs, about.info, made.presses,
    )  # fmt: skip
