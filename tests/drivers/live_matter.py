"""The Matter driver on a real server and a real (virtual) node; run by scripts/matter-live."""

import http.client
import json
from typing import Any

import pytest

from drivers.types import (
    Colorful,
    DeviceId,
    Dimmable,
    Measures,
    Refused,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
)
from tests.drivers.test_matter import driver_at, operate
from tests.fakes.matter_server import CODE
from tests.fakes.port import RememberingPort
from tests.fakes.running import running

URL = "ws://127.0.0.1:5580/ws"
HOUSE = ("10.9.9.2", 5542)


def house(part: str, **changes: Any) -> dict[str, Any]:
    """Return what a part of the house itself has, after changing it."""
    connection = http.client.HTTPConnection(*HOUSE, timeout=10)
    try:
        connection.request("POST", "/", json.dumps({"part": part, "set": changes or None}))
        answer = connection.getresponse()
        body = answer.read().decode()
    finally:
        connection.close()
    assert answer.status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


def by_kind(port: RememberingPort, *kinds: type) -> DeviceId:
    """Return the device with exactly these capabilities."""
    return next(
        name
        for name, device in port.devices.items()
        if {type(have) for have in device.capabilities} == set(kinds)
    )


def measuring(port: RememberingPort, kind: str) -> DeviceId:
    return next(name for name, device in port.devices.items() if kind in device.state.values)


async def test_a_house_is_commissioned_commanded_and_removed() -> None:
    driver = driver_at(URL)
    async with running(driver) as port:
        assert not port.devices
        assert "commissioned" in await operate(driver, "commission", code=CODE)
        await port.until(lambda: all(device.available for device in port.devices.values()))
        assert len(port.devices) == 5
        lamp = by_kind(port, Switchable, Dimmable, Tunable, Colorful)
        plug = by_kind(port, Switchable, Measures)

        await driver.execute(SetLight(lamp, level=0.5, xy=(0.3, 0.3)))
        await port.until(lambda: port.state(lamp).level == pytest.approx(0.5))
        has = house("lamp")
        assert (has["onOff"]["onOff"], has["levelControl"]["currentLevel"]) == (True, 127)
        assert has["colorControl"]["currentX"] == pytest.approx(0.3 * 65536, abs=1)
        await driver.execute(SetLight(lamp, kelvin=3000))
        await port.until(lambda: port.state(lamp).kelvin == pytest.approx(3000, abs=5))
        assert house("lamp")["colorControl"]["colorTemperatureMireds"] == 333
        await driver.execute(SetLight(lamp, level=0, transition_s=0.5))
        await port.until(lambda: port.state(lamp).on is False)
        assert house("lamp")["onOff"]["onOff"] is False
        await driver.execute(SetSwitch(plug, on=True))
        await port.until(lambda: port.state(plug).on is True)
        assert house("plug")["onOff"]["onOff"] is True

        house("temperature", temperatureMeasurement={"measuredValue": 2290})
        house("occupancy", occupancySensing={"occupancy": {"occupied": True}})
        house("contact", booleanState={"stateValue": False})
        house("plug", electricalPowerMeasurement={"activePower": 60_000})
        house("lamp", onOff={"onOff": True})
        thermometer, door = measuring(port, "temperature"), measuring(port, "contact")
        room = measuring(port, "occupancy")
        await port.until(lambda: port.state(thermometer).values["temperature"] == 22.9)
        await port.until(lambda: port.state(room).values["occupancy"] is True)
        await port.until(lambda: port.state(door).values["contact"] is True)
        await port.until(lambda: port.state(plug).values["power"] == 60.0)
        await port.until(lambda: port.state(lamp).on is True)

    async with running(driver) as port:  # a new connection finds what was commissioned
        assert port.devices[lamp].available
        assert "removed" in await operate(driver, "remove", device=lamp)
        assert not port.devices
        with pytest.raises(Refused):
            await driver.execute(SetSwitch(plug, on=True))
