"""Which devices a topic concerns, and what is known of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.mqtt_talk import NAME, Needs, Talk
from drivers.types import Device


@dataclass(slots=True)
class MqttStats:
    """Counts since the start, over all connections."""

    received: int = 0
    malformed: int = 0
    """Payloads that their topic does not allow; each topic is logged once."""
    broke: int = 0
    """Messages that our own code could not handle: an error of ours, logged once a topic."""
    oversize: int = 0
    """Payloads over `max_payload_bytes`."""
    unexpected: int = 0
    """Messages on topics of no device."""
    coalesced: int = 0
    """States that a newer one of the same device replaced before anybody was told."""
    published: int = 0
    refused: int = 0
    """Announced entities that cannot be used; each is logged once."""
    over_limit: int = 0
    """Announced devices beyond `max_found`."""
    unasked: int = 0
    """Questions to devices that were dropped because too many waited."""
    presses: int = 0
    """Buttons that people pressed."""


class Known:
    """A device and what is known of it."""

    __slots__ = ("changed", "device", "fixed", "gone", "heard", "merged", "talk", "told")

    def __init__(self, talk: Talk, *, fixed: bool) -> None:
        self.talk = talk
        self.fixed = fixed
        """True for a device of the configuration: no announcement takes it away."""
        self.device = Device(
            talk.id, talk.name, NAME, talk.capabilities, available=False, info=talk.info
        )
        self.heard: dict[str, bool] = {}
        """What its availability topics said on this connection."""
        self.changed = False
        self.merged = False
        self.gone = False
        self.told: Device | None = None

    def connect(self) -> None:
        """Begin a connection: nothing has been heard on it.

        A configured device without an availability topic is taken for present; a found one
        is once its announcement has come again, or it reports.
        """
        self.heard = {}
        there = self.fixed and not self.talk.heard_at
        self.device = self.device.now(self.device.state, available=there)

    def confirmed(self, talk: Talk) -> None:
        """Take over an announcement, new or repeated."""
        self.talk = talk
        self.heard = {topic: self.heard[topic] for topic in talk.heard_at if topic in self.heard}
        there = self.is_there(None) if talk.heard_at else True
        self.device = Device(
            talk.id, talk.name, NAME, talk.capabilities, self.device.state, None, there,
            info=talk.info,
        )  # fmt: skip

    def is_there(self, latest: str | None) -> bool:
        """Return what the availability topics say together; `latest` is the one that spoke."""
        said = [self.heard.get(topic, False) for topic in self.talk.heard_at]
        match self.talk.needs:
            case Needs.ALL:
                return all(said)
            case Needs.ANY:
                return any(said)
            case Needs.SPOKEN:
                heard = [self.heard[topic] for topic in self.talk.heard_at if topic in self.heard]
                return bool(heard) and all(heard)
            case Needs.LATEST:
                return self.heard[latest] if latest is not None else any(said)


@dataclass(slots=True)
class Route:
    """Who reads and hears on a topic."""

    reads: list[Known] = field(default_factory=list)
    hears: list[Known] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Return True when nobody listens any more."""
        return not (self.reads or self.hears)


class Routes:
    """Every device, and its topics."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._routes: dict[str, Route] = {}

    def at(self, topic: str) -> Route | None:
        """Return who listens to a topic."""
        return self._routes.get(topic)

    def get(self, device: str) -> Known | None:
        """Return a device."""
        return self._known.get(device)

    def all(self) -> Iterator[Known]:
        """Yield every device."""
        yield from tuple(self._known.values())

    def topics(self) -> frozenset[str]:
        """Return every topic that somebody listens to."""
        return frozenset(self._routes)

    def add(self, known: Known) -> None:
        """Add a device, or one that is spoken to in another way from now on."""
        self._known[known.talk.id] = known
        for topic in known.talk.reads:
            self._route(topic).reads.append(known)
        for topic in known.talk.heard_at:
            self._route(topic).hears.append(known)

    def detach(self, known: Known) -> None:
        """Take a device's topics away, and the device."""
        self._known.pop(known.talk.id, None)
        for topic in known.talk.topics:
            route = self._route(topic)
            for listeners in (route.reads, route.hears):
                if known in listeners:
                    listeners.remove(known)
            if route.is_empty():
                del self._routes[topic]

    def _route(self, topic: str) -> Route:
        return self._routes.setdefault(topic, Route())
