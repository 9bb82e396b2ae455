"""What is known of a room besides moods: the hour, the sun, and whether somebody is there."""

from dataclasses import dataclass
from datetime import UTC, datetime

from astral import Observer
from astral.sun import elevation

from drivers.types import DeviceId
from hub.bus import Bus
from hub.clock import Clock
from hub.settings import Home, Settings
from hub.types import DeviceChanged, DeviceGone, RoomId, Sensed
from models.context import context_reading
from models.types import Reading, Sense

SEEN_S = 60.0
"""So long after a face or a voice somebody still counts as present."""

PRESENCE_KINDS = ("occupancy", "presence")

_SUNRISE_DEGREES = -0.833
"""The sun's centre when its upper edge shows, refraction included."""

_SUN_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may ask about a room; None means not known.

    `minutes` counts from local midnight. `presence` is False only where a sensor says so.
    """

    minutes: int
    sun_up: bool | None
    presence: bool | None


class Surroundings:
    """Keeps presence from devices, faces and voices, and knows the sun."""

    def __init__(self, settings: Settings, bus: Bus, clock: Clock) -> None:
        self._clock = clock
        self._observer: Observer | None = None
        self._sun: tuple[float, bool] | None = None
        self._occupied: dict[RoomId, dict[str, bool]] = {}
        self._seen_at: dict[RoomId, float] = {}
        self.reload(settings)
        bus.on(DeviceChanged, self._on_device)
        bus.on(DeviceGone, self._on_gone)
        bus.on(Sensed, self._on_sensed)

    def reload(self, settings: Settings) -> None:
        """Take over where the home is; a device that moved is published as changed."""
        self._observer = _observer(settings.home)
        self._sun = None

    def tell(self, room: RoomId, who: str, *, present: bool) -> None:
        """Take somebody's word, `who` names them, for whether anybody is there; until the next."""
        self._occupied.setdefault(room, {})[f"told:{who}"] = present

    def facts(self, room: RoomId) -> Facts:
        """Return what is known of a room now."""
        local = self._clock.local()
        return Facts(local.hour * 60 + local.minute, self._sun_up(), self._presence(room))

    def reading(self, room: RoomId) -> Reading:
        """Return the weak prior that hour and company give."""
        facts = self.facts(room)
        return context_reading(facts.minutes, facts.sun_up, facts.presence)

    def _presence(self, room: RoomId) -> bool | None:
        known = self._occupied.get(room, {})
        seen_at = self._seen_at.get(room)
        if any(known.values()):
            return True
        if seen_at is not None and self._clock.monotonic() - seen_at <= SEEN_S:
            return True
        return False if known else None

    def _sun_up(self) -> bool | None:
        if self._observer is None:
            return None
        now = self._clock.wall()
        # abs: the wall clock may be set back.
        if self._sun is None or abs(now - self._sun[0]) >= _SUN_EVERY_S:
            moment = datetime.fromtimestamp(now, UTC)
            degrees = elevation(self._observer, moment, with_refraction=False)
            self._sun = (now, degrees > _SUNRISE_DEGREES)
        return self._sun[1]

    def _on_device(self, changed: DeviceChanged) -> None:
        device = changed.device
        values = device.state.values
        for kind in PRESENCE_KINDS:
            if kind in values:
                break
        else:
            return
        self._forget(device.id)  # it may have been in another room
        if device.room is not None and device.available:
            known = self._occupied.setdefault(RoomId(device.room), {})
            known[device.id] = says_yes(values[kind])

    def _on_gone(self, gone: DeviceGone) -> None:
        self._forget(gone.device)

    def _forget(self, device: DeviceId) -> None:
        for known in self._occupied.values():
            known.pop(device, None)

    def _on_sensed(self, sensed: Sensed) -> None:
        if sensed.reading.sense in (Sense.FACE, Sense.VOICE):
            now = self._clock.monotonic()
            self._seen_at[sensed.room] = min(sensed.at, now)


def says_yes(value: float | bool | str) -> bool:
    """Return what a sensor's value means as yes or no; words by their usual spelling."""
    if isinstance(value, str):
        return value.strip().lower() in ("on", "true", "yes", "occupied", "home", "detected")
    return value > 0


def _observer(home: Home) -> Observer | None:
    if home.latitude is None or home.longitude is None:
        return None
    return Observer(home.latitude, home.longitude)
