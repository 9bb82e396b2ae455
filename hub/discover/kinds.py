"""Which announcements mean what, and what a person would write to add such a thing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.nearby import Nearby

Section = dict[str, Any]
"""What to add to the configuration."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing: what it is, whose driver, what to write, what to run, what to know."""

    title: str
    driver: str | None = None
    section: Callable[[Nearby], Section] | None = None
    command: str = ""
    note: str = ""


def _at(name: str, *, port: bool = False) -> Callable[[Nearby], Section]:
    def section(found: Nearby) -> Section:
        where: Section = {"host": found.address}
        return {"drivers": {name: where | ({"port": found.port} if port else {})}}

    return section


def _one_of(name: str) -> Callable[[Nearby], Section]:
    def section(found: Nearby) -> Section:
        return {"drivers": {name: {"devices": {_key(found): {"host": found.address}}}}}

    return section


def _plain(name: str) -> Callable[[Nearby], Section]:
    return lambda _: {"drivers": {name: {}}}


def _key(found: Nearby) -> str:
    """Return a name that may stand in the configuration."""
    key = re.sub(r"[^a-z0-9]+", "_", found.name.lower()).strip("_")[:30]
    return key if key[:1].isalpha() else f"device_{key}".rstrip("_")


_PLAYER = "a player; the hub has no driver for it yet"
_HUE = Kind("Philips Hue bridge", "hue", _at("hue"), "moodsync network hue pair")
_LIFX = Kind("LIFX light", "lifx", _plain("lifx"))
_CAST = Kind("Google Cast device", note=_PLAYER)
_AIRPLAY = Kind("AirPlay speaker", note=_PLAYER)

MDNS: Mapping[str, Kind] = {
    "_hue._tcp": _HUE,
    "_lifx._tcp": _LIFX,
    "_lifx._udp": _LIFX,
    "_matter._tcp": Kind(
        "Matter device, in use",
        "matter",
        _plain("matter"),
        note="it belongs to a controller already: share it from there, which gives a code",
    ),
    "_matterc._udp": Kind(
        "Matter device, new",
        "matter",
        _plain("matter"),
        "moodsync network matter commission code=CODE",
        "needs a Matter server, see docs/devices.md",
    ),
    "_esphomelib._tcp": Kind(
        "ESPHome device",
        "esphome",
        _one_of("esphome"),
        note="with `mqtt:` in its own configuration it comes by the broker as well",
    ),
    "_shelly._tcp": Kind("Shelly device", "shelly", _one_of("shelly")),
    "_wled._tcp": Kind("WLED light", "wled", _one_of("wled")),
    "_hap._tcp": Kind(
        "HomeKit accessory",
        note="the hub is no HomeKit controller: add it by its own network or its Matter code",
    ),
    "_mqtt._tcp": Kind("MQTT broker", "mqtt", _at("mqtt", port=True)),
    "_secure-mqtt._tcp": Kind(
        "MQTT broker with TLS",
        "mqtt",
        lambda found: {
            "drivers": {"mqtt": {"host": found.address, "port": found.port, "tls": True}}
        },
    ),
    "_home-assistant._tcp": Kind(
        "Home Assistant",
        None,
        lambda _: {"share": {"home_assistant": {"enabled": True}}},
        note="shows it the hub's rooms, through the broker of drivers.mqtt: docs/sharing.md",
    ),
    "_mpd._tcp": Kind("Music Player Daemon", "mpd", _at("mpd", port=True)),
    "_spotify-connect._tcp": Kind("Spotify Connect player", note=_PLAYER),
    "_googlecast._tcp": _CAST,
    "_airplay._tcp": _AIRPLAY,
    "_raop._tcp": _AIRPLAY,
}
"""By service type."""


KASA = Kind("TP-Link Kasa device", "kasa", _one_of("kasa"))


def of_ssdp(found: Nearby) -> Kind | None:
    """Return what an SSDP answer means; None for routers, printers and the like."""
    headers = found.properties
    if "hue-bridgeid" in headers or "ipbridge" in headers.get("server", "").lower():
        return _HUE
    if found.service.startswith("urn:Belkin:device:"):
        return Kind("Belkin WeMo device", note="the hub has no driver for it yet")
    if found.service.startswith("urn:schemas-upnp-org:device:MediaRenderer:"):
        return Kind("UPnP media renderer", note=_PLAYER)
    return None
