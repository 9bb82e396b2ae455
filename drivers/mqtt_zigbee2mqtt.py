"""The devices and groups of a Zigbee2MQTT bridge, as it tells of them itself.

A device's id is its address, so that renaming it in the bridge changes its topics and nothing
else. The bridge tells of all devices at once, whenever one joins, leaves, or is renamed.

Source: zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from drivers.mqtt_dialects import read_availability
from drivers.mqtt_finding import Alone, Ask, Group, News
from drivers.mqtt_ha_config import Unusable, checked_topic
from drivers.mqtt_parts import About, devices
from drivers.mqtt_payload import object_of, text_of
from drivers.mqtt_rooms import suggested_room
from drivers.mqtt_talk import Message, Needs, Talk
from drivers.mqtt_z2m_exposes import exposed
from drivers.mqtt_z2m_light import ANY_LAMP, sending
from drivers.operations import Answer, Operation, Progress
from drivers.settings import Strict
from drivers.types import BadPayload, DeviceId, DeviceInfo, Refused, SetLight, Switchable

MAX_DEVICES = 1000


class PermitJoin(Strict):
    """See Operation."""

    seconds: Annotated[int, Field(ge=1, le=254, description="for how long")] = 60


class Zigbee2Mqtt(Alone):
    """See Family. `taken` are the topics of devices that the configuration describes."""

    name = "zigbee2mqtt"

    def __init__(self, base: str, client_id: str, taken: frozenset[str] = frozenset()) -> None:
        self._base = base
        self._client_id = client_id
        self._taken = taken
        self._bridge = f"{base}/bridge"
        self._permitted = f"{self._bridge}/response/permit_join"
        self._devices = f"{self._bridge}/devices"
        self._group_list = f"{self._bridge}/groups"
        self.filters: tuple[str, ...] = (self._devices, self._group_list, self._permitted)
        self._numbers = itertools.count(1)
        self._told: dict[str, tuple[dict[str, Any], list[Talk]]] = {}
        self._stale: set[str] = set()
        self._groups: tuple[Group, ...] = ()
        self._members: dict[str, frozenset[str]] = {}

    def wants(self, topic: str) -> bool:
        """See Family."""
        return topic in self.filters

    def clear(self) -> None:
        """See Family. What is known stays until the bridge leaves it out."""
        self._stale = set(self._told)

    def take(self, topic: str, payload: bytes) -> News:
        """See Family. A bridge's list that is withdrawn says nothing about its devices."""
        if not payload:
            return News()
        if topic == self._permitted:
            return _permission(payload)
        said = _list(payload)
        if topic == self._group_list:
            self._members = dict(_members(said))
            self._regroup()
            return News()
        news = self._take_devices(said)
        self._regroup()
        return news

    def groups(self) -> Sequence[Group]:
        """See Family."""
        return self._groups

    def operations(self, ask: Ask) -> tuple[Operation, ...]:
        """See Family."""
        if not self._told:
            return ()

        async def permit(given: PermitJoin, progress: Progress) -> Answer:
            reply = f"{self._client_id}-{next(self._numbers)}"
            body = {"time": given.seconds, "transaction": reply}
            topic = f"{self._bridge}/request/permit_join"
            await ask(Message(topic, json.dumps(body).encode(), reply))
            progress(f"the network is open for {given.seconds} s")
            return {"seconds": given.seconds}

        summary = "Let new devices join Zigbee2MQTT for a while"
        return (Operation("permit_join", summary, PermitJoin, permit, limit_s=15),)

    def _take_devices(self, said: Sequence[Mapping[str, Any]]) -> News:
        news = News()
        now: set[str] = set()
        for device in said:
            address = device.get("ieee_address")
            if not isinstance(address, str) or device.get("type") == "Coordinator":
                continue
            now.add(address)
            before = self._told.get(address)
            if before is not None and before[0] == device and address not in self._stale:
                continue
            self._stale.discard(address)
            try:
                found = self._found(address, device, news)
            except Unusable as err:
                news.refused.append((str(device.get("friendly_name") or address), str(err)))
                found = []
            ids = {talk.id for talk in found}
            news.lost += [t.id for t in (before[1] if before else ()) if t.id not in ids]
            news.found += found
            self._told[address] = dict(device), found
        for address in self._told.keys() - now:
            news.lost += [talk.id for talk in self._told.pop(address)[1]]
            self._stale.discard(address)
        return news

    def _found(self, address: str, device: Mapping[str, Any], news: News) -> list[Talk]:
        name = str(device.get("friendly_name") or address)[:100]
        topic = checked_topic(f"{self._base}/{name}", "friendly_name")
        definition = device.get("definition")
        if device.get("disabled") is True or topic in self._taken:
            return []
        if not isinstance(definition, dict):
            if device.get("supported") is False:
                raise Unusable("Zigbee2MQTT does not know this model")
            return []  # it is still being asked what it is
        seen = exposed(definition, topic)
        news.refused += [(name, why) for why in seen.refused]
        info = DeviceInfo(
            _word(definition.get("vendor")),
            _word(definition.get("model")),
            _word(device.get("software_build_id")),
            suggested_room(name),
        )
        heard_at = {
            f"{self._bridge}/state": read_availability,
            f"{topic}/availability": read_availability,
        }
        found = devices(About(address, name, info, heard_at, Needs.SPOKEN), seen.parts)
        if seen.ask and found and device.get("power_source") != "Battery":
            news.ask.append(Message(f"{topic}/get", json.dumps(seen.ask).encode()))
        return found

    def _regroup(self) -> None:
        """Take the groups over whose members are all lights that we know."""
        found: list[Group] = []
        for name, addresses in self._members.items():
            talks = [self._told[a][1] for a in addresses if a in self._told]
            members = [one.id for each in talks if len(each) == 1 for one in each if _lights(one)]
            if len(members) == len(addresses) and members:
                found.append(_group(f"{self._base}/{name}", frozenset(members)))
        self._groups = tuple(found)


def _group(topic: str, members: frozenset[DeviceId]) -> Group:
    def write(command: SetLight) -> tuple[Message, ...]:
        return (sending(topic, ANY_LAMP.body(command)),)

    return Group(members, write)


def _lights(talk: Talk) -> bool:
    return any(isinstance(each, Switchable) and each.light for each in talk.capabilities)


def _members(said: Sequence[Mapping[str, Any]]) -> list[tuple[str, frozenset[str]]]:
    found: list[tuple[str, frozenset[str]]] = []
    for group in said:
        members = group.get("members")
        name = group.get("friendly_name")
        if not isinstance(members, list) or not isinstance(name, str):
            continue
        try:
            checked_topic(name, "friendly_name")
        except Unusable:
            continue
        addresses = [m.get("ieee_address") for m in members if isinstance(m, dict)]
        known = frozenset(address for address in addresses if isinstance(address, str))
        if known and len(addresses) == len(members):
            found.append((name, known))
    return found


def _permission(payload: bytes) -> News:
    said = object_of(payload)
    reply = str(said.get("transaction") or "")
    if said.get("status") == "ok":
        return News(answers=[(reply, {})])
    why = _word(said.get("error")) or "no reason given"
    return News(answers=[(reply, Refused(f"Zigbee2MQTT refused: {why}"))])


def _list(payload: bytes) -> list[dict[str, Any]]:
    """Parse a list of objects; not by json_of, which would keep this much parsed."""
    try:
        said = json.loads(text_of(payload))
    except (ValueError, RecursionError) as err:
        raise BadPayload("no JSON") from err
    if not isinstance(said, list) or len(said) > MAX_DEVICES:
        raise BadPayload("no list, or one that is too long")
    return [one for one in said if isinstance(one, dict)]


def _word(value: object) -> str:
    return str(value)[:100] if isinstance(value, str | int | float) else ""
