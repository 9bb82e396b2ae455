"""What can be asked about devices: list, set, name, place, hide, disable, forget, diagnose.

Plain data in and out, like hub.operations, of which it is a part.
"""

from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from drivers.types import (
    Command,
    DeviceId,
    Press,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetTemperature,
    SetVolume,
)
from hub.act.dispatch import By
from hub.act.known_devices import NOWHERE
from hub.control import Handler, LongHandler, Tell
from hub.device_views import away_view, full_view
from hub.errors import Refusal
from hub.networks import Networks
from hub.phrase import Phrase
from hub.redact import without_secrets
from hub.store.queries import Where
from hub.views import outcome_view

if TYPE_CHECKING:
    from hub.app import Hub

LAST_OUTCOMES = 10
SEARCHED_OUTCOMES = 500
BY = "person"
"""Who acts on the control socket."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _List(_Request):
    hidden: bool = True


class _Set(_Request):
    device: str
    on: bool | None = None
    level: float | None = Field(default=None, ge=0, le=1)
    kelvin: int | None = Field(default=None, ge=1000, le=10_000)
    xy: tuple[float, float] | None = None
    target: float | None = Field(default=None, ge=5, le=30)
    volume: float | None = Field(default=None, ge=0, le=1)
    speed: float | None = Field(default=None, ge=0, le=1)
    position: float | None = Field(default=None, ge=0, le=1)
    option: str | None = None
    number: float | None = None
    press: bool = False


class _Device(_Request):
    device: str


class _Rename(_Device):
    name: str | None = Field(default=None, max_length=60)


class _Place(_Device):
    room: str | None = None
    nowhere: bool = False


class _Flag(_Device):
    value: bool


class _Run(_Request):
    driver: str | None = None
    operation: str
    arguments: dict[str, Any] = {}


class DeviceOperations:
    """One method an operation; `handlers` names them for the control socket."""

    def __init__(self, hub: "Hub", by: str = BY) -> None:
        self._hub = hub
        self._by = by
        self.networks = Networks(hub.drivers)

    def handlers(self) -> dict[str, Handler]:
        """Return the operations by name."""
        return {
            "devices": self._devices,
            "set": self._set,
            "rename": self._rename,
            "place": self._place,
            "hide": self._hide,
            "disable": self._disable,
            "forget": self._forget,
            "diagnose": self._diagnose,
            "networks": self._networks,
        }

    def long_handlers(self) -> dict[str, LongHandler]:
        """Return those that tell how they go."""
        return {"network": self._network}

    async def _devices(self, data: dict[str, Any]) -> dict[str, Any]:
        hidden = _List.model_validate(data).hidden
        shown = [full_view(self._hub, device) for device in self._hub.devices.all()]
        shown += [away_view(self._hub, device) for device in self._away()]
        return {"devices": [device for device in shown if hidden or not device["hidden"]]}

    async def _set(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Set.model_validate(data)
        outcomes = [
            await self._hub.dispatcher.execute(command, By.PERSON) for command in _commands(request)
        ]
        return {"outcomes": [outcome_view(outcome) for outcome in outcomes]}

    async def _rename(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Rename.model_validate(data)
        name = request.name.strip() if request.name else None
        if name is not None and not (name and name.isprintable()):
            raise Refusal("bad_name", Phrase("refused.bad_name"))
        return await self._give(request.device, name=name)

    async def _place(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Place.model_validate(data)
        room = NOWHERE if request.nowhere else request.room
        rooms = self._hub.settings.rooms
        if room and room not in rooms:
            raise Refusal(
                "unknown_room",
                Phrase("refused.no_room", name=room),
                Phrase("mend.rooms", rooms=", ".join(rooms)),
            )
        return await self._give(request.device, room=room)

    async def _hide(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Flag.model_validate(data)
        return await self._give(request.device, hidden=request.value)

    async def _disable(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Flag.model_validate(data)
        return await self._give(request.device, disabled=request.value)

    async def _forget(self, data: dict[str, Any]) -> dict[str, Any]:
        device = self._known(_Device.model_validate(data).device)
        if self._hub.devices.get(device) is not None:
            raise Refusal(
                "device_is_here",
                Phrase("refused.device_is_here", device=device),
                Phrase("mend.remove_device"),
            )
        await self._hub.known_devices.forget(device, self._by)
        return {"forgotten": device}

    async def _diagnose(self, data: dict[str, Any]) -> dict[str, Any]:
        hub = self._hub
        device = self._known(_Device.model_validate(data).device)
        there = hub.devices.get(device)
        name = device.partition(":")[0]
        outcomes = await hub.store.outcomes(Where(limit=SEARCHED_OUTCOMES), fresh=True)
        mine = [asdict(one) for one in outcomes if one.device == device][:LAST_OUTCOMES]
        services = {health.name: health for health in hub.supervisor.health()}
        service = services.get(f"driver {name}")
        found = {
            "device": away_view(hub, device) if there is None else full_view(hub, there),
            "driver": {
                "name": name,
                "service": None if service is None else asdict(service),
                "stats": _counters(getattr(hub.drivers.get(name), "stats", None)),
            },
            "last_outcomes": mine,
        }
        shown: dict[str, Any] = without_secrets(found)
        return shown

    async def _networks(self, data: dict[str, Any]) -> dict[str, Any]:
        _Request.model_validate(data)
        return {"operations": self.networks.list()}

    async def _network(self, data: dict[str, Any], tell: Tell) -> dict[str, Any]:
        request = _Run.model_validate(data)
        return await self.networks.run(request.driver, request.operation, request.arguments, tell)

    async def _give(self, which: str, **changes: str | bool | None) -> dict[str, Any]:
        hub = self._hub
        device = self._known(which)
        await hub.known_devices.give(device, self._by, **changes)
        hub.devices.refresh(device)
        there = hub.devices.get(device)
        return {"device": away_view(hub, device) if there is None else full_view(hub, there)}

    def _known(self, name: str) -> DeviceId:
        device = DeviceId(name)
        hub = self._hub
        if hub.devices.told(device) is None and hub.known_devices.seen(device) is None:
            raise Refusal(
                "unknown_device", Phrase("refused.no_device", name=name), Phrase("mend.see_devices")
            )
        return device

    def _away(self) -> list[DeviceId]:
        """Return the devices that are known but not there: disabled, or not yet seen again."""
        return [d for d in self._hub.known_devices.all() if self._hub.devices.get(d) is None]


def _counters(stats: object) -> dict[str, Any]:
    return asdict(stats) if is_dataclass(stats) and not isinstance(stats, type) else {}


def _commands(request: _Set) -> list[Command]:
    device = DeviceId(request.device)
    commands: list[Command] = []
    if any(part is not None for part in (request.on, request.level, request.kelvin, request.xy)):
        commands.append(
            SetLight(
                device, on=request.on, level=request.level, kelvin=request.kelvin, xy=request.xy
            )
        )
    if request.target is not None:
        commands.append(SetTemperature(device, request.target))
    if request.volume is not None:
        commands.append(SetVolume(device, request.volume))
    if request.speed is not None:
        commands.append(SetFan(device, request.speed))
    if request.position is not None:
        commands.append(SetCover(device, request.position))
    if request.option is not None:
        commands.append(SetOption(device, request.option))
    if request.number is not None:
        commands.append(SetNumber(device, request.number))
    if request.press:
        commands.append(Press(device))
    if not commands:
        raise Refusal("bad_request", Phrase("refused.nothing_to_set"))
    return commands
