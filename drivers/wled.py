"""WLED light strips by their JSON API; their WebSocket tells every change, whoever made it.

One controller is one light: its segments take the same colour, and show several side by side as
zones. A build without WebSocket is asked every `POLL_S` instead.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import aiohttp
import structlog
from awesomeversion import AwesomeVersionException
from wled import WLED, Segment, WLEDConnectionError, WLEDError, WLEDStatusError
from wled import Device as WledLight
from wled.const import LightCapability

from drivers import web
from drivers.colour import rgb_of_xy, xy_of_rgb
from drivers.lan import Desk, LanDriver
from drivers.promises import clamp
from drivers.reasons import reason_of
from drivers.registry import Place
from drivers.shown import hardware_address
from drivers.types import (
    BadCredentials,
    Capability,
    Colorful,
    Command,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Measures,
    Refused,
    SetLight,
    SetSwitch,
    SetZones,
    Switchable,
    Tunable,
    Unreachable,
    Zoned,
)
from drivers.wishes import wish
from drivers.wled_settings import WledDevice, WledSettings

log = structlog.get_logger(__name__)

NAME = "wled"
ANSWER_LIMIT_S = 5.0
CLOSE_LIMIT_S = 0.2
ASK_EVERY_S = 15.0
"""How often to ask for a sign of life: a strip that nobody changes says nothing."""
POLL_S = 2.0
MOST_ZONES: Final = 32
"""More would not fit into what a small controller takes in one message."""
BRIGHTEST: Final = 255
LEAST_KELVIN, KELVIN_A_STEP = 1900, 32
"""WLED keeps a colour temperature as 0 to 255 steps of 32 K above 1900 K (JSON API, `cct`)."""
MOST_KELVIN: Final = LEAST_KELVIN + 255 * KELVIN_A_STEP
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AwesomeVersionException,
    RecursionError,
)
"""What wled and its models raise for what WLED does not send."""


class WledSession:
    """See drivers.lan.Session."""

    def __init__(self, where: WledDevice, desk: Desk) -> None:
        self._where = where
        self._desk = desk
        self._wled: WLED | None = None
        self._light: WledLight | None = None
        """The library's own, which it keeps current."""
        self._id = DeviceId("")
        self._complained = False

    async def follow(self) -> None:
        """See Session."""
        async with web.session(self._where.port) as http:
            wled = WLED(self._where.host, request_timeout=ANSWER_LIMIT_S, session=http)
            try:
                await self._follow(wled)
            finally:
                self._wled = None
                with contextlib.suppress(WLEDError, aiohttp.ClientError, OSError, TimeoutError):
                    async with asyncio.timeout(CLOSE_LIMIT_S):
                        await wled.disconnect()

    async def execute(self, device: Device, command: Command) -> None:
        """See Session. Done means that WLED answered with its new state."""
        wled, light = self._wled, self._light
        if wled is None or light is None:
            raise Unreachable("the strip is not connected")
        try:
            with reaching():
                wanted = _request(device, light, command)
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    await wled.request("/json/state", method="POST", data=wanted)
        except RuntimeError as err:  # the library tries again, also on a session that was closed
            if self._wled is wled:
                raise
            raise Unreachable("the strip went away") from err

    async def _follow(self, wled: WLED) -> None:
        with reaching():
            async with asyncio.timeout(ANSWER_LIMIT_S):
                light = await wled.update()
                if pushes := light.info.websocket is not None:
                    await wled.connect()
            device = _device(light)
        self._wled, self._light, self._id = wled, light, device.id
        self._desk.up((device,))
        try:
            async with asyncio.TaskGroup() as group:
                every_s = ASK_EVERY_S if pushes else POLL_S
                group.create_task(self._ask(wled, every_s), name="wled ask")
                if pushes:
                    group.create_task(self._listen(wled), name="wled listen")
        except ExceptionGroup as several:
            raise reason_of(several) from several

    async def _listen(self, wled: WLED) -> None:
        while True:
            with reaching():
                try:
                    await wled.listen(self._show)
                except (WLEDConnectionError, WLEDStatusError):
                    raise
                except (WLEDError, *UNREADABLE) as err:
                    if not wled.connected:
                        raise
                    self._desk.stats.malformed += 1
                    if not self._complained:
                        self._complained = True
                        log.warning("wled_message_dropped", reason=type(err).__name__)
                else:
                    raise Unreachable("the strip closed the connection")

    async def _ask(self, wled: WLED, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            with reaching():
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    light = await wled.update()
            self._show(light)

    def _show(self, light: WledLight) -> None:
        device = _device(light)
        if device.id != self._id:
            raise ValueError("a message of another strip")
        self._desk.show(device)


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """Turn what wled raises into ours."""
    try:
        yield
    except WLEDStatusError as err:
        if err.status in (401, 403):
            raise BadCredentials("the strip, or what stands before it, asks for a login") from err
        raise Unreachable(f"the strip answers with status {err.status}") from err
    except (WLEDError, OSError, TimeoutError) as err:
        raise Unreachable(f"the strip does not answer ({type(err).__name__})") from err
    except UNREADABLE as err:
        raise Unreachable("the strip answers what its protocol does not allow") from err


def create(settings: WledSettings, _place: Place) -> LanDriver:
    """Return the driver; see drivers.registry."""
    return LanDriver(
        NAME, {key: partial(WledSession, where) for key, where in settings.devices.items()}
    )


def _device(light: WledLight) -> Device:
    info, can = light.info, light.info.leds.light_capabilities
    capabilities: list[Capability] = [Switchable(light=True), Dimmable(BRIGHTEST)]
    if LightCapability.COLOR_TEMPERATURE in can:
        capabilities.append(Tunable(LEAST_KELVIN, MOST_KELVIN))
    if LightCapability.RGB_COLOR in can:
        capabilities.append(Colorful())
        if (zones := _zone_count(light)) > 1:
            capabilities.append(Zoned(zones))
    capabilities.append(Measures(("link_quality",)))
    return Device(
        DeviceId(f"{NAME}:{hardware_address(info.mac_address)}"),
        info.name,
        NAME,
        tuple(capabilities),
        _state(light),
        info=DeviceInfo(info.brand, info.product, str(info.version or "")),
    )


def _state(light: WledLight) -> DeviceState:
    state, can = light.state, light.info.leds.light_capabilities
    main = state.segments.get(state.main_segment_id) or next(iter(state.segments.values()), None)
    rgb, white = _colour(main)
    coloured = LightCapability.RGB_COLOR in can and not (white and not any(rgb))
    kelvin = None
    if main is not None and LightCapability.COLOR_TEMPERATURE in can and not coloured:
        kelvin = main.cct if main.cct > BRIGHTEST else LEAST_KELVIN + KELVIN_A_STEP * main.cct
    signal = light.info.wifi.signal if light.info.wifi is not None else None
    return DeviceState(
        on=bool(state.on),
        level=round(clamp(state.brightness / BRIGHTEST, 0, 1), 4),
        kelvin=kelvin,
        xy=xy_of_rgb(rgb) if coloured and any(rgb) else None,
        values={"link_quality": signal} if isinstance(signal, int) else {},
    )


def _colour(segment: Segment | None) -> tuple[tuple[float, float, float], int]:
    if segment is None or segment.color is None:
        return (0.0, 0.0, 0.0), 0
    red, green, blue, *white = segment.color.primary
    return (red / BRIGHTEST, green / BRIGHTEST, blue / BRIGHTEST), white[0] if white else 0


def _zone_count(light: WledLight) -> int:
    segments = len(light.state.segments)
    return min(segments if segments > 1 else light.info.leds.count, MOST_ZONES)


def _request(device: Device, light: WledLight, command: Command) -> dict[str, Any]:
    match command:
        case SetSwitch(on=on):
            return {"on": on}
        case SetLight():
            return _wanted(device, light, command)
        case SetZones():
            return _wanted_zones(light, command)
        case _:  # the driver holds commands to capabilities
            raise Refused(f"{device.name} cannot {wish(command)}")


def _wanted(device: Device, light: WledLight, command: SetLight) -> dict[str, Any]:
    wanted: dict[str, Any] = {"tt": _tenths(command.transition_s)}
    if command.on is False or command.level == 0:
        return wanted | {"on": False}
    wanted["on"] = True
    if command.level is not None:
        wanted["bri"] = max(1, round(command.level * BRIGHTEST))
    can = light.info.leds.light_capabilities
    look: dict[str, Any] = {}
    if command.xy is not None:
        look["col"] = [_rgb(command.xy, 1.0, can)]
    elif command.kelvin is not None and (tunable := device.capability(Tunable)):
        look["cct"] = round(clamp(command.kelvin, tunable.min_kelvin, tunable.max_kelvin))
        white = LightCapability.WHITE_CHANNEL in can
        look["col"] = [[0, 0, 0, BRIGHTEST] if white else [BRIGHTEST] * 3]
    if look:  # plain light: an effect would show colours of its own
        look |= {"fx": 0, "frz": False}
        wanted["seg"] = [{"id": key, **look} for key in light.state.segments]
    return wanted


def _wanted_zones(light: WledLight, command: SetZones) -> dict[str, Any]:
    count, zones = _zone_count(light), command.zones
    can, segments = light.info.leds.light_capabilities, light.state.segments
    brightest = max(zone.level for zone in zones)
    wanted: dict[str, Any] = {"tt": _tenths(command.transition_s), "on": brightest > 0}
    if brightest <= 0:
        return wanted
    wanted["bri"] = max(1, round(brightest * BRIGHTEST))
    spread = [zones[number * len(zones) // count] for number in range(count)]
    colours = [_rgb(zone.xy, zone.level / brightest, can) for zone in spread]
    if len(segments) > 1:
        wanted["seg"] = [
            {"id": key, "col": [colour], "fx": 0, "frz": False}
            for key, colour in zip(segments, colours, strict=False)
        ]
        return wanted
    leds = light.info.leds.count
    single: list[Any] = []
    for number, colour in enumerate(colours):
        single += [number * leds // count, (number + 1) * leds // count, colour]
    wanted["seg"] = [{"id": key, "fx": 0, "i": single} for key in segments]
    return wanted


def _rgb(xy: tuple[float, float], share: float, can: LightCapability) -> list[int]:
    colour = [round(part * share * BRIGHTEST) for part in rgb_of_xy(xy)]
    return [*colour, 0] if LightCapability.WHITE_CHANNEL in can else colour


def _tenths(seconds: float) -> int:
    return round(clamp(seconds, 0, 65.5) * 10)
