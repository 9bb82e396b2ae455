"""Shelly devices of the second generation and later, over the RPC that they speak on MQTT.

A device keeps `true` at `<prefix>/online`; it is then asked who it is, how it is configured and
how it is, in this order. Each request names a topic of ours where the answer comes, one a device.

    online: true --> Shelly.GetDeviceInfo --> Shelly.GetConfig --> Shelly.GetStatus --> found

Sources: shelly-api-docs.shelly.cloud/gen2/ (General/RPCProtocol, General/Notifications,
ComponentsAndServices/*). The first generation speaks otherwise and is not found.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.mqtt_finding import Alone, News
from drivers.mqtt_parts import About, devices
from drivers.mqtt_payload import object_of, text_of
from drivers.mqtt_rooms import suggested_room
from drivers.mqtt_shelly_parts import Place, parts_of
from drivers.mqtt_talk import Needs, Talk
from drivers.types import BadPayload, DeviceInfo, Refused

INFO, CONFIG, STATUS = "Shelly.GetDeviceInfo", "Shelly.GetConfig", "Shelly.GetStatus"
MAX_DEVICES: Final = 2000
OLDEST: Final = 2
_NOTES: Final = ("NotifyStatus", "NotifyFullStatus")


@dataclass(slots=True)
class _Device:
    asked: bool = False
    """Whether it was on this connection, since it was last away."""
    info: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    talks: list[Talk] = field(default_factory=list)


class Shelly(Alone):
    """See Family. `prefixes` may hold `+` for one part of any name."""

    name = "shelly"

    def __init__(self, prefixes: tuple[str, ...], client_id: str) -> None:
        self._answers = f"{client_id}/shelly/"
        said = [f"{prefix}/{end}" for prefix in prefixes for end in ("online", "events/rpc")]
        self.filters: tuple[str, ...] = (*said, f"{self._answers}#")
        either = "|".join(re.escape(each).replace(r"\+", "[^/]+") for each in prefixes)
        self._topic = re.compile(f"({either})/(online|events/rpc)")
        self._numbers = itertools.count(1)
        self._devices: dict[str, _Device] = {}

    def wants(self, topic: str) -> bool:
        """See Family."""
        return self._is_answer(topic) or self._topic.fullmatch(topic) is not None

    def covers(self, topic: str) -> bool:
        """See Family. `online` is subscribed to again: then the broker repeats what it keeps."""
        return self._is_answer(topic) or (
            topic.endswith("/events/rpc") and self._topic.fullmatch(topic) is not None
        )

    def clear(self) -> None:
        """See Family."""
        for device in self._devices.values():
            device.asked = False

    def take(self, topic: str, payload: bytes) -> News:
        """See Family."""
        if self._is_answer(topic):
            prefix = topic.removeprefix(self._answers).removesuffix("/rpc")
            return self._answered(prefix, payload) if payload else News()
        found = self._topic.fullmatch(topic)
        assert found is not None
        prefix, what = found.groups()
        if what == "online":
            return self._online(prefix, payload)
        if payload and object_of(payload).get("method") in _NOTES:
            return self._seen(prefix, again=True)  # some sleep, and are heard of only so
        return News()

    def _is_answer(self, topic: str) -> bool:
        return topic.startswith(self._answers) and topic.endswith("/rpc")

    def _online(self, prefix: str, payload: bytes) -> News:
        match payload:
            case b"true":
                return self._seen(prefix)
            case b"false":
                if prefix in self._devices:
                    self._devices[prefix].asked = False
            case b"":
                gone = self._devices.pop(prefix, None)
                return News(lost=[talk.id for talk in gone.talks] if gone is not None else [])
        return News()

    def _seen(self, prefix: str, *, again: bool = False) -> News:
        device = self._devices.get(prefix)
        if device is None:
            if len(self._devices) >= MAX_DEVICES:
                return News()
            device = self._devices[prefix] = _Device()
        if device.asked and (device.talks or not again):
            return News()
        device.asked = True
        return News(ask=[self._place(prefix).asking(INFO)])

    def _answered(self, prefix: str, payload: bytes) -> News:
        said = object_of(payload)
        device = self._devices.get(prefix)
        error, result, asked = said.get("error"), said.get("result"), said.get("id")
        if isinstance(error, dict):
            why = str(error.get("message") or f"error {error.get('code')}")[:100]
            if device is not None and isinstance(asked, str):
                return News(refused=[(prefix, f"it refused {asked}: {why}")])
            return News(answers=[(_reply(asked), Refused(f"the device refused: {why}"))])
        if not isinstance(result, dict):
            if result is None and isinstance(asked, int):
                return News(answers=[(_reply(asked), {})])
            raise BadPayload("an answer without its result")
        if device is None or not isinstance(asked, str):
            return News(answers=[(_reply(asked), result)])
        return self._told(prefix, device, asked, result)

    def _told(self, prefix: str, device: _Device, asked: str, result: Mapping[str, Any]) -> News:
        place = self._place(prefix)
        match asked:
            case "Shelly.GetDeviceInfo":
                generation = result.get("gen")
                if not (isinstance(generation, int) and generation >= OLDEST):
                    return News(refused=[(prefix, "only Shelly of generation 2 and later are")])
                device.info = result
                return News(ask=[place.asking(CONFIG)])
            case "Shelly.GetConfig":
                device.config = result
                return News(ask=[place.asking(STATUS)])
            case "Shelly.GetStatus" if device.info:
                before, device.talks = device.talks, _found(device, place, result)
                ids = {talk.id for talk in device.talks}
                lost = [talk.id for talk in before if talk.id not in ids]
                return News(found=list(device.talks), lost=lost)
        return News()

    def _place(self, prefix: str) -> Place:
        return Place(prefix, f"{self._answers}{prefix}", lambda: next(self._numbers))


def _reply(asked: object) -> str:
    return f"shelly {asked}"


def _found(device: _Device, place: Place, status: Mapping[str, Any]) -> list[Talk]:
    info = device.info
    key = info.get("id")
    if not isinstance(key, str) or not key:
        raise BadPayload("a device without its id")
    name = info.get("name")
    spoken = name[:100] if isinstance(name, str) and name else key
    words = [str(info.get(what) or "")[:100] for what in ("model", "ver")]
    about = DeviceInfo("Shelly", words[0], words[1], suggested_room(spoken))
    heard_at = {f"{place.prefix}/online": _hear}
    parts = parts_of(status, device.config, place)
    sleeps = any(part.startswith("devicepower:") for part in status)
    # What sleeps is offline most of the time and yet there: what it told last holds.
    return devices(About(key, spoken, about, {} if sleeps else heard_at, Needs.LATEST), parts)


def _hear(payload: bytes) -> bool | None:
    return {"true": True, "false": False}.get(text_of(payload))
