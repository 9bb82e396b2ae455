"""What an ESPHome node has, as devices; and the commands to its entities."""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Final

from aioesphomeapi.client import APIClient
from aioesphomeapi.model import (
    APIVersion,
    BinarySensorInfo,
    BinarySensorState,
    EntityCategory,
    EntityInfo,
    EntityState,
    EventInfo,
    LockEntityState,
    LockInfo,
    LockState,
    SensorInfo,
    SensorState,
)
from aioesphomeapi.model import DeviceInfo as NodeInfo

from drivers.esphome_entities import Entity, entity_of
from drivers.measures import UNITS
from drivers.mqtt_units import BINARY_KINDS, INVERTED, SENSOR_KINDS, converted
from drivers.shown import hardware_address
from drivers.types import (
    Capability,
    Command,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Measures,
    Refused,
)
from drivers.wishes import wish

_ODD: Final = re.compile(r"[^a-z0-9_]+")
_PLAIN: Final = re.compile(r"[\w-]{1,120}")
MOST_ENTITIES: Final = 1000
"""A node has some tens; its memory ends far below this."""
Key = tuple[int, int]
"""An entity of a node: its key, and the sub-device that it belongs to."""
Sensing = SensorInfo | BinarySensorInfo | LockInfo


class Node:
    """One node; `take` keeps it current. Raises ValueError for one without a hardware address."""

    def __init__(
        self,
        driver: str,
        info: NodeInfo,
        entities: Sequence[EntityInfo],
        version: APIVersion | None,
    ) -> None:
        self.id = DeviceId(f"{driver}:{hardware_address(info.mac_address)}")
        if len(entities) > MOST_ENTITIES:
            raise ValueError("more entities than a node can have")
        name = info.friendly_name or info.name
        about = DeviceInfo(info.manufacturer, info.model, info.esphome_version, info.suggested_area)
        self._entities: dict[Key, Entity] = {}
        self._devices: dict[Key, Device] = {}
        self._owners: dict[DeviceId, Entity] = {}
        self._kinds: dict[Key, tuple[Sensing, str]] = {}
        self._silent: set[Key] = set()
        for one in entities:
            key = (one.key, one.device_id)
            entity = None if _hidden(one) else entity_of(one, version or APIVersion(1, 0))
            if entity is not None:
                device = Device(
                    DeviceId(f"{self.id}:{entity.kind}:{_own_name(one)}"),
                    f"{name} {one.name}".strip(),
                    driver,
                    entity.capabilities,
                    info=about,
                )
                self._entities[key], self._devices[key] = entity, device
                self._owners[device.id] = entity
                if entity.reports:
                    self._silent.add(key)
            elif isinstance(one, Sensing) and not one.disabled_by_default:
                self._kinds[key] = (one, self._kind(one))
                self._silent.add(key)
        own: list[Capability] = []
        if self._kinds or any(isinstance(one, EventInfo) for one in entities):
            own.append(Measures(tuple(sorted({kind for _, kind in self._kinds.values()}))))
        self._own = Device(self.id, name, driver, tuple(own), info=about) if own else None

    @property
    def complete(self) -> bool:
        """True when every entity that reports has done so."""
        return not self._silent

    def devices(self) -> tuple[Device, ...]:
        """Return all of them, as they are now."""
        return (*self._devices.values(), *((self._own,) if self._own else ()))

    def take(self, state: EntityState) -> Device | None:
        """Take a report; return the device that it changed, None when it is none of ours."""
        key = (state.key, state.device_id)
        self._silent.discard(key)
        if key in self._devices:
            device = self._devices[key]
            now = self._entities[key].read(state, device.state)
            if not _finite(now):
                raise ValueError("a figure that is none")
            self._devices[key] = device = device.now(now, available=True)
            return device
        if key not in self._kinds or self._own is None:
            return None
        sensing, kind = self._kinds[key]
        values = dict(self._own.state.values)
        value = _sensed(sensing, kind, state)
        if value is None:
            values.pop(kind, None)
        else:
            values[kind] = value
        self._own = replace(self._own, state=self._own.state.measuring(values))
        return self._own

    def send(self, client: APIClient, device: Device, command: Command) -> None:
        """Send a command that the device's capabilities promise. Raises Refused."""
        entity = self._owners.get(device.id)
        if entity is None or not entity.send(client, command, device.state):
            raise Refused(f"{device.name} cannot {wish(command)}")

    def _kind(self, sensing: Sensing) -> str:
        given: str | None
        match sensing:
            case SensorInfo(device_class=device_class):
                given = SENSOR_KINDS.get(device_class)
            case BinarySensorInfo(device_class=device_class):
                given = BINARY_KINDS.get(device_class)
            case LockInfo():
                given = "locked"
        own = _ODD.sub("_", sensing.object_id.lower()).strip("_") or f"entity_{sensing.key}"
        taken = {kind for _, kind in self._kinds.values()}
        if given is None or given in taken:
            return own if own not in taken and own not in UNITS else f"{own}_{sensing.key}"
        return given


def _own_name(entity: EntityInfo) -> str:
    """Return its name within the node, as the id of its device carries it."""
    return entity.object_id if _PLAIN.fullmatch(entity.object_id) else f"entity_{entity.key}"


def _hidden(entity: EntityInfo) -> bool:
    """True for what sets a node up rather than does something: restart, calibration."""
    return entity.disabled_by_default or entity.entity_category not in {EntityCategory.NONE, None}


def _finite(state: DeviceState) -> bool:
    numbers = (state.level, state.kelvin, state.target_c, *(state.xy or ()), *state.values.values())
    return all(isfinite(number) for number in numbers if isinstance(number, float))


def _sensed(sensing: Sensing, kind: str, state: EntityState) -> float | bool | None:
    value: float | bool | None = None
    match sensing, state:
        case SensorInfo(unit_of_measurement=unit), SensorState(missing_state=False, state=number):
            value = round(converted(kind, number, unit), 6) if isfinite(number) else None
        case BinarySensorInfo(device_class=known), BinarySensorState(missing_state=False, state=on):
            value = on != (known in INVERTED)
        case LockInfo(), LockEntityState(state=lock):
            value = lock is LockState.LOCKED
        case _:
            pass
    return value
