"""A room that exists only in memory: for trying the hub without hardware, and for tests.

Every device is marked as simulated. Body sensors send samples at the real rate and put nothing
into a device's state: body values travel only where consent is asked for.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

from drivers.registry import Place
from drivers.simulated_body import SKIN_RATE_HZ, Heart, Skin
from drivers.simulated_settings import SimulatedKind, SimulatedSettings
from drivers.types import (
    Audible,
    Capability,
    Colorful,
    Command,
    Device,
    DeviceId,
    DeviceState,
    Dimmable,
    HeartSample,
    Heats,
    Measures,
    PlayMusic,
    Port,
    Refused,
    SetLight,
    SetSwitch,
    SetTemperature,
    SetVolume,
    SkinSample,
    StopMusic,
    Switchable,
    Tunable,
    Unreachable,
)
from drivers.wishes import wish

NAME = "simulated"

CAPABILITIES: dict[SimulatedKind, tuple[Capability, ...]] = {
    SimulatedKind.LAMP: (Switchable(light=True), Dimmable(), Tunable(2200, 6500), Colorful()),
    SimulatedKind.PLAYER: (Audible(),),
    SimulatedKind.THERMOSTAT: (Heats(5.0, 30.0), Measures(("temperature",))),
    SimulatedKind.HEART_STRAP: (Measures(("heart_rate",)),),
    SimulatedKind.SKIN: (Measures(("skin_conductance",)),),
    SimulatedKind.PRESENCE: (Measures(("occupancy",)),),
}
FIRST_STATES: dict[SimulatedKind, DeviceState] = {
    SimulatedKind.LAMP: DeviceState(on=False, level=1.0, kelvin=2700),
    SimulatedKind.PLAYER: DeviceState(volume=0.3),
    SimulatedKind.THERMOSTAT: DeviceState(target_c=20.0, values={"temperature": 19.0}),
    SimulatedKind.HEART_STRAP: DeviceState(),
    SimulatedKind.SKIN: DeviceState(),
    SimulatedKind.PRESENCE: DeviceState(values={"occupancy": True}),
}
SAMPLE_EVERY_S = 1.0
WARMS_EVERY_S = 10.0
WARMING = 0.05
"""Share of the way to the target that a room warms or cools each time."""
AT_HOME_S = (300.0, 900.0)
AWAY_S = (60.0, 120.0)


class SimulatedDriver:
    """See the module. Commands take `latency_ms`; a lamp fades as told, and says its goal first."""

    name = NAME

    def __init__(self, settings: SimulatedSettings, clock: Callable[[], float]) -> None:
        self._latency_s = settings.latency_ms / 1000
        self._clock = clock
        self._seed = settings.seed
        self._kinds = {
            DeviceId(f"{NAME}:{key}"): device.kind for key, device in settings.devices.items()
        }
        self._devices = {
            device: Device(
                device,
                settings.devices[device.partition(":")[2]].name or device.partition(":")[2],
                NAME,
                CAPABILITIES[kind],
                FIRST_STATES[kind],
                available=False,
                simulated=True,
            )
            for device, kind in self._kinds.items()
        }
        self._port: Port | None = None

    async def run(self, port: Port) -> None:
        """See Driver. Never fails by itself."""
        self._port = port
        self._set_available(True)
        port.connected()
        try:
            async with asyncio.TaskGroup() as group:
                for device, kind in self._kinds.items():
                    # Each body its own dice, so that one more device changes no other's numbers.
                    random = Random(f"{self._seed} {device}")  # noqa: S311 - a simulation
                    group.create_task(self._live(device, kind, random), name=f"simulate {device}")
                await asyncio.Event().wait()
        finally:
            self._set_available(False)
            self._port = None

    async def execute(self, command: Command) -> None:
        """See Driver."""
        device = self._devices.get(command.device)
        if device is None:
            raise Refused(f"there is no device {command.device} in the configuration")
        if self._port is None:
            raise Unreachable("the simulated room is not running")
        _after(device, command)  # refuses at once what it cannot do
        await asyncio.sleep(self._latency_s)
        device = self._devices[command.device]
        self._show(replace(device, state=_after(device, command)))

    def by_hand(self, device: DeviceId, state: DeviceState) -> None:
        """Let somebody in the room change a device: the hub sees what a wall switch would do."""
        self._show(replace(self._devices[device], state=state))

    def _show(self, device: Device) -> None:
        self._devices[device.id] = device
        if self._port is not None:
            self._port.announce(device)

    def _set_available(self, available: bool) -> None:
        for device in tuple(self._devices.values()):
            self._show(replace(device, available=available))

    def _set_value(self, device: DeviceId, kind: str, value: float | bool) -> None:
        known = self._devices[device]
        values = {**known.state.values, kind: value}
        self._show(replace(known, state=replace(known.state, values=values)))

    async def _live(self, device: DeviceId, kind: SimulatedKind, random: Random) -> None:
        match kind:
            case SimulatedKind.HEART_STRAP:
                await self._beat(device, Heart(random))
            case SimulatedKind.SKIN:
                await self._sweat(device, Skin(random))
            case SimulatedKind.THERMOSTAT:
                await self._warm(device)
            case SimulatedKind.PRESENCE:
                await self._come_and_go(device, random)
            case SimulatedKind.LAMP | SimulatedKind.PLAYER:
                return

    async def _beat(self, device: DeviceId, heart: Heart) -> None:
        started = self._clock()
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            now = self._clock()
            rr_s = heart.until(now - started)
            if self._port is not None:
                self._port.sample(HeartSample(device, heart.bpm(), rr_s, True, now))

    async def _sweat(self, device: DeviceId, skin: Skin) -> None:
        count = round(SKIN_RATE_HZ * SAMPLE_EVERY_S)
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            values = tuple(skin.next() for _ in range(count))
            if self._port is not None:
                self._port.sample(SkinSample(device, values, SKIN_RATE_HZ, self._clock()))

    async def _warm(self, device: DeviceId) -> None:
        while True:
            await asyncio.sleep(WARMS_EVERY_S)
            state = self._devices[device].state
            now_c = float(state.values["temperature"])
            goal_c = state.target_c if state.target_c is not None else now_c
            self._set_value(device, "temperature", round(now_c + (goal_c - now_c) * WARMING, 2))

    async def _come_and_go(self, device: DeviceId, random: Random) -> None:
        while True:
            await asyncio.sleep(random.uniform(*AT_HOME_S))
            self._set_value(device, "occupancy", False)
            await asyncio.sleep(random.uniform(*AWAY_S))
            self._set_value(device, "occupancy", True)


def create(settings: SimulatedSettings, place: Place) -> SimulatedDriver:
    """Return the driver; see drivers.registry."""
    return SimulatedDriver(settings, place.clock)


def _after(device: Device, command: Command) -> DeviceState:
    """Return the state after a command. Raises Refused when the device lacks the capability."""
    state = device.state
    match command:
        case SetSwitch(on=on) if device.capability(Switchable):
            return replace(state, on=on)
        case SetLight() if device.capability(Dimmable):
            return _lit(state, command)
        case SetTemperature(target_c=target_c) if heats := device.capability(Heats):
            return replace(state, target_c=min(max(target_c, heats.min_c), heats.max_c))
        case PlayMusic() if device.capability(Audible):
            playing = _sound(command)
            volume = state.volume if command.volume is None else command.volume
            return replace(state, playing=playing, volume=volume)
        case StopMusic() if device.capability(Audible):
            return replace(state, playing=None)
        case SetVolume(volume=volume) if device.capability(Audible):
            return replace(state, volume=volume)
        case _:
            raise Refused(f"{device.name} cannot {wish(command)}")


def _sound(command: PlayMusic) -> str:
    """Return in words what would be heard; the app has them in every language."""
    lively = "lively" if command.energy > 0 else "calm"
    return f"{lively}, {'bright' if command.valence > 0 else 'muted'} music"


def _lit(state: DeviceState, command: SetLight) -> DeviceState:
    if command.on is False or command.level == 0:
        return replace(state, on=False)
    kelvin, xy = state.kelvin, state.xy
    if command.xy is not None:
        kelvin, xy = None, command.xy
    elif command.kelvin is not None:
        kelvin, xy = command.kelvin, None
    level = state.level if command.level is None else command.level
    return replace(state, on=True, level=level, kelvin=kelvin, xy=xy)
