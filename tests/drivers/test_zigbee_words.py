"""What Zigbee devices say of themselves reaches people only as it may be shown."""

from pathlib import Path

import pytest

from hub.networks import Networks
from tests.drivers.zigbee_rig import address, driver_for
from tests.fakes.running import running
from tests.fakes.znp.house import House
from tests.fakes.znp.kinds import Lamp

pytestmark = pytest.mark.peer


async def test_a_joining_device_rewrites_no_terminal(tmp_path: Path) -> None:
    odd = "\x1b[1mRed\u202e\nlamp"
    told: list[str] = []
    with House([Lamp(address(92), model=odd)]) as house:
        driver = driver_for(house, tmp_path)
        networks = Networks({"zigbee": driver})
        async with running(driver):
            answer = await networks.run("zigbee", "permit_join", {"seconds": 1}, told.append)
            about = await networks.run("zigbee", "diagnose", {}, told.append)
    assert any("[1mRedlamp" in line for line in told)
    assert "[1mRedlamp" in answer["joined"][0]["name"]
    assert about["nodes"][0]["model"] == "[1mRedlamp"
    for text in (*told, answer["joined"][0]["name"]):
        assert text.isprintable()
