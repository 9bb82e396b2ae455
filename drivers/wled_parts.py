"""What a WLED controller tells of itself, as a device and its state."""

from typing import Final

from wled import Device as WledLight
from wled import Segment
from wled.const import LightCapability

from drivers.colour import xy_of_rgb
from drivers.promises import clamp
from drivers.shown import hardware_address
from drivers.types import (
    Capability,
    Colorful,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Measures,
    Switchable,
    Tunable,
    Zoned,
)

NAME = "wled"
MOST_ZONES: Final = 32
"""More would not fit into what a small controller takes in one message."""
BRIGHTEST: Final = 255
LEAST_KELVIN, KELVIN_A_STEP = 1900, 32
"""WLED keeps a colour temperature as 0 to 255 steps of 32 K above 1900 K (JSON API, `cct`)."""
MOST_KELVIN: Final = LEAST_KELVIN + 255 * KELVIN_A_STEP


def device_of(light: WledLight) -> Device:
    """Return a controller as a device. Raises ValueError without a hardware address."""
    info, can = light.info, light.info.leds.light_capabilities
    capabilities: list[Capability] = [Switchable(light=True), Dimmable(BRIGHTEST)]
    if LightCapability.COLOR_TEMPERATURE in can:
        capabilities.append(Tunable(LEAST_KELVIN, MOST_KELVIN))
    if LightCapability.RGB_COLOR in can:
        capabilities.append(Colorful())
        if (zones := zone_count(light)) > 1:
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


def zone_count(light: WledLight) -> int:
    """Return how many colours side by side it shows: its segments, or parts of its only one."""
    segments = len(light.state.segments)
    return min(segments if segments > 1 else light.info.leds.count, MOST_ZONES)
