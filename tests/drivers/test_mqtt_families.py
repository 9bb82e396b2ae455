"""What holds for every family of announcements: hostile payloads, repetition, wrong order."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from tests.drivers.mqtt_announcing import announcements
from tests.drivers.mqtt_rig import Deaf, driver_at
from tests.drivers.test_mqtt_homeassistant import damaged
from tests.fakes.broker import Broker
from tests.fakes.running import running
from tests.fakes.shelly import DEVICES

pytestmark = pytest.mark.peer

KETTLE = "shellyplus1pm-a8032ab1c2d3"


def _shelly() -> list[tuple[str, Any]]:
    """Return everything that one Shelly says, the answers to our questions among it."""
    one = DEVICES[KETTLE]
    said: list[tuple[str, Any]] = [(f"{KETTLE}/online", "true")]
    for method, part in (("DeviceInfo", "info"), ("Config", "config"), ("Status", "status")):
        body = {"id": f"Shelly.Get{method}", "src": KETTLE, "result": one[part]}
        said.append((f"moodsync-hub/shelly/{KETTLE}/rpc", body))
    note = {"method": "NotifyStatus", "params": {"switch:0": {"output": True, "apower": 5}}}
    event = {"method": "NotifyEvent", "params": {"events": [{"component": "input:0",
             "event": "single_push"}]}}  # fmt: skip
    return [*said, (f"{KETTLE}/events/rpc", note), (f"{KETTLE}/events/rpc", event)]


def _said(family: str) -> list[tuple[str, bytes]]:
    said = _shelly() if family == "shelly" else list(announcements(family).items())
    match family:
        case "zigbee2mqtt":
            said += [
                ("zigbee2mqtt/living_room/ceiling", {"state": "ON", "brightness": 90,
                 "color_temp": 370, "color_mode": "color_temp", "linkquality": 90}),
                ("zigbee2mqtt/Bedroom lamp", {"state": "ON", "color": {"x": 0.3, "y": 0.3}}),
                ("zigbee2mqtt/hall/remote", {"action": "toggle", "battery": 80}),
                ("zigbee2mqtt/bathroom/radiator", {"occupied_heating_setpoint": 21,
                 "local_temperature": 19.5, "system_mode": "heat"}),
                ("zigbee2mqtt/Office fan", {"fan_state": "ON", "fan_mode": "low", "pm25": 3}),
                ("zigbee2mqtt/bridge/response/permit_join", {"status": "ok", "transaction": "x"}),
            ]  # fmt: skip
        case "tasmota":
            said += [
                ("tele/kitchen_plug/SENSOR", {"ENERGY": {"Power": 12, "Total": 1.5}}),
                ("stat/kitchen_plug/RESULT", {"POWER": "ON"}),
                ("stat/strip/RESULT", {"POWER": "ON", "Dimmer": 50, "CT": 250,
                 "HSBColor": "30,20,50"}),
                ("stat/wall/RESULT", {"Button1": {"Action": "SINGLE"}}),
                ("stat/blind/STATUS10", {"StatusSNS": {"Shutter1": {"Position": 30}}}),
                ("tele/ifan/STATE", {"POWER1": "ON", "FanSpeed": 2}),
            ]  # fmt: skip
    return [(t, (p if isinstance(p, str) else json.dumps(p)).encode()) for t, p in said]


LAST = {
    "zigbee2mqtt": ("mqtt:0x000b57fffedbb9f3", "zigbee2mqtt/living_room/ceiling",
                    {"state": "OFF"}, {"state": "ON"}),
    "tasmota": ("mqtt:dc4f220a0001", "stat/kitchen_plug/RESULT", {"POWER": "OFF"},
                {"POWER": "ON"}),
    "shelly": (f"mqtt:{KETTLE}", f"{KETTLE}/events/rpc",
               {"method": "NotifyStatus", "params": {"switch:0": {"output": False}}},
               {"method": "NotifyStatus", "params": {"switch:0": {"output": True}}}),
}  # fmt: skip
"""By family: a device, where it tells, and what tells that it is off, and on."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running_broker:
        yield running_broker


def crowd(broker: Broker) -> BrokerAddress:
    return BrokerAddress("127.0.0.1", broker.port, "crowd", 30, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(LAST))
async def test_ten_thousand_malformed_payloads(broker: Broker, family: str) -> None:
    random = Random(7)
    whole = _said(family)
    device, topic, off, on = LAST[family]
    driver = driver_at(broker.port, devices={})
    async with running(driver) as port, MqttLink.open(crowd(broker), Deaf()) as link:
        await _tell(link, whole)
        await port.until(lambda: device in port.devices)
        # Announcements are large and change subscriptions: every tenth is one.
        states = [one for one in whole if "bridge/devices" not in one[0]]
        for number in range(10_000):
            there, good = (whole if number % 10 == 0 else states)[number % len(states)]
            link.send(there, damaged(random, good) if len(good) > 1 else good)
            if number % 100 == 0:
                await link.publish("nowhere", b"")
        await _tell(link, whole)
        for said, wanted in ((off, False), (on, True)):
            await port.until(lambda: device in port.devices)
            await _until_told(link, port, device, topic, said, wanted)
        assert port.connections == 1
    assert driver.stats.malformed > 1000
    assert driver.stats.broke == 0


async def _tell(link: MqttLink, said: list[tuple[str, bytes]]) -> None:
    for topic, payload in said:
        await link.publish(topic, payload, retain="bridge/" in topic or "discovery/" in topic)


async def _until_told(
    link: MqttLink, port: Any, device: str, topic: str, said: Any, wanted: bool
) -> None:
    """Say it again until the driver, which may be subscribing still, has heard."""
    payload = json.dumps(said).encode()
    for _ in range(200):
        await link.publish(topic, payload)
        await link.publish("nowhere", b"")
        if device in port.devices and port.state(device).on is wanted:
            return
    await port.until(lambda: port.state(device).on is wanted)


@pytest.mark.parametrize("family", sorted(LAST))
async def test_repeated_and_reversed_messages_end_where_the_last_one_says(
    broker: Broker, family: str
) -> None:
    whole = _said(family)
    device, topic, off, on = LAST[family]
    driver = driver_at(broker.port, devices={})
    async with running(driver) as port, MqttLink.open(crowd(broker), Deaf()) as link:
        for order in (whole[::-1], whole, whole):
            await _tell(link, order)
        await port.until(lambda: device in port.devices)
        await _until_told(link, port, device, topic, on, True)
        devices = dict(port.devices)
        for said in (off, off, on, off, on, on):
            await link.publish(topic, json.dumps(said).encode())
        await link.publish(topic, json.dumps(off).encode())

        def told() -> list[bool | None]:
            return [on for on, _ in groupby(d.state.on for d in port.history if d.id == device)]

        await port.until(lambda: told()[-5:] == [False, True, False, True, False])
        # Nothing appeared twice and nothing went.
        assert port.devices.keys() == devices.keys()
