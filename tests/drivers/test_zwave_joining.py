"""Devices join the emulated network and leave it: plain, and by the real exchange of keys (S2)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs
from zwave_js_server.const import InclusionState

from drivers.types import BadCredentials, DeviceId, Refused, SetLight, Unreachable
from drivers.zwave import ZwaveDriver
from drivers.zwave_joining import PermitJoin
from tests.drivers.zwave_rig import device, driver_at, open_for, operate, other_program
from tests.fakes.running import running
from tests.fakes.waiting import eventually
from tests.fakes.websocket_proxy import WebSocketProxy
from tests.fakes.zwave_server import ZwaveNetwork

pytestmark = [pytest.mark.peer, pytest.mark.slow]

UNAUTHENTICATED, AUTHENTICATED, ACCESS_CONTROL = 0, 1, 2


async def leave(driver: ZwaveDriver, network: ZwaveNetwork, node: int) -> None:
    """Press the button of a device that shall leave."""
    network.do("leave", node=node)
    assert await operate(driver, "exclude", [], seconds=20) == {"left": node}


def other(pin: str) -> str:
    return f"{(int(pin) + 1) % 65_536:05d}"


async def test_a_device_joins_and_leaves(zwave_network: ZwaveNetwork) -> None:
    driver, said = driver_at(zwave_network.url), list[str]()
    new = DeviceId(device(42))
    async with running(driver) as port:
        zwave_network.do("join", node=42)
        answer = await operate(driver, "permit_join", said, seconds=20)
        assert answer["joined"] == 42
        assert said[:2] == ["the network is open for 20 s", "a device was found"]
        await port.until(lambda: new in port.devices and port.devices[new].available)
        await driver.execute(SetLight(new, level=1.0))
        assert zwave_network.state(42)["MultilevelSwitch_currentValue"] == 99
        leaving = asyncio.create_task(operate(driver, "exclude", said, seconds=20))
        await asyncio.sleep(0.3)
        with pytest.raises(Refused, match="busy"):
            await operate(driver, "exclude", said, seconds=5)
        zwave_network.do("leave", node=42)
        assert await leaving == {"left": 42}
        assert new in port.removed
        with pytest.raises(Refused):
            await driver.execute(SetLight(new, level=1.0))


@pytest.mark.parametrize(
    ("classes", "with_pin", "security"),
    [
        ([UNAUTHENTICATED], False, "s2_unauthenticated"),
        ([UNAUTHENTICATED, AUTHENTICATED], False, "s2_unauthenticated"),
        ([AUTHENTICATED], True, "s2_authenticated"),
        ([UNAUTHENTICATED, AUTHENTICATED, ACCESS_CONTROL], True, "s2_access_control"),
    ],
)
async def test_a_device_joins_encrypted(
    zwave_network: ZwaveNetwork,
    classes: list[int],
    with_pin: bool,
    security: str,
) -> None:
    driver, said = driver_at(zwave_network.url), list[str]()
    new = DeviceId(device(44))
    pin: str = zwave_network.do("join", node=44, classes=classes)
    given: dict[str, Any] = {"pin": pin} if with_pin else {}
    with capture_logs() as logs:
        async with running(driver) as port:
            answer = await operate(driver, "permit_join", said, seconds=20, **given)
            assert answer == {"joined": 44, "ready": True, "security": security}
            assert ("the device is being authenticated" in said) is with_pin
            await driver.execute(SetLight(new, level=0.5))
            assert zwave_network.state(44)["MultilevelSwitch_currentValue"] == 50
            assert "MultilevelSwitchCCSet" not in zwave_network.do("received", node=44)
            await leave(driver, zwave_network, 44)
            await port.until(lambda: new in port.removed)
    assert pin not in f"{said}{logs}{answer}"


@pytest.mark.fault("refused")
async def test_a_wrong_pin_is_given_once_and_then_told(zwave_network: ZwaveNetwork) -> None:
    said: list[str] = []
    async with WebSocketProxy(zwave_network.url) as proxy:
        driver = driver_at(f"ws://127.0.0.1:{proxy.port}")
        wrong = other(zwave_network.do("join", node=45, classes=[AUTHENTICATED]))
        with capture_logs() as logs:
            async with running(driver):
                with pytest.raises(BadCredentials, match="not the device's") as told:
                    await operate(driver, "permit_join", said, seconds=20, pin=wrong)
                asked = [one["command"] for one in proxy.heard]
                assert asked.count("controller.validate_dsk_and_enter_pin") == 1
                assert asked.count("controller.begin_inclusion") == 1
                assert "controller.stop_inclusion" in asked, "the network is not left open"
                await leave(driver, zwave_network, 45)
    assert wrong not in f"{said}{logs}{told.value}"


async def test_a_device_that_takes_keys_only_with_its_pin_says_so(
    zwave_network: ZwaveNetwork,
) -> None:
    driver, said = driver_at(zwave_network.url), list[str]()
    async with running(driver):
        zwave_network.do("join", node=46, classes=[AUTHENTICATED])
        with pytest.raises(BadCredentials, match="wants its PIN"):
            await operate(driver, "permit_join", said, seconds=20)
        assert "the device is given no keys" in said
        await leave(driver, zwave_network, 46)


async def test_a_device_that_falls_silent_in_the_exchange_is_told(
    zwave_network: ZwaveNetwork,
) -> None:
    driver = driver_at(zwave_network.url)

    def falls_silent(line: str) -> None:
        if line == "the device is being authenticated":
            zwave_network.do("lose", node=47)

    async with running(driver):
        pin = zwave_network.do("join", node=47, classes=[AUTHENTICATED])
        permit = next(one for one in driver.operations() if one.name == "permit_join")
        with pytest.raises(Refused, match="exchange failed") as told:
            await permit.run(PermitJoin(seconds=20, pin=pin), falls_silent)
        assert pin not in str(told.value)
        zwave_network.do("find", node=47)
        await leave(driver, zwave_network, 47)


async def test_who_gives_up_in_the_exchange_leaves_the_stick_free(
    zwave_network: ZwaveNetwork,
) -> None:
    async with WebSocketProxy(zwave_network.url) as proxy:
        proxy.answers = {"controller.grant_security_classes": {}}  # the answer that came too late
        driver = driver_at(f"ws://127.0.0.1:{proxy.port}")
        async with running(driver):
            zwave_network.do("join", node=48, classes=[AUTHENTICATED])
            joining = asyncio.create_task(operate(driver, "permit_join", [], seconds=20))
            await eventually(lambda: proxy.asked("controller.grant_security_classes"))
            proxy.answers = {}
            with pytest.raises(Refused, match="busy"):  # of the driver's own
                await operate(driver, "permit_join", [], seconds=5)
            joining.cancel()
            with pytest.raises(asyncio.CancelledError):
                await joining
            async with asyncio.timeout(30):
                await _until_free(driver)
            await leave(driver, zwave_network, 48)


async def _until_free(driver: ZwaveDriver) -> None:
    """Wait until the stick lets devices join again; without an answer it takes four minutes."""
    while True:
        try:
            assert await operate(driver, "permit_join", [], seconds=5) == {"joined": None}
        except Refused as err:
            assert "the stick is busy" in str(err)  # noqa: PT017 - it may be, for a moment
            await asyncio.sleep(0.2)
        else:
            return


@pytest.mark.parametrize("pin", ["1234", "123456", "65536", "99999", "1234x", "٣١٢٣٤"])
def test_what_is_no_pin_is_refused_and_not_repeated(pin: str) -> None:
    with pytest.raises(ValidationError, match="five digits") as told:
        PermitJoin.model_validate({"pin": pin})
    assert pin not in str(told.value)


@pytest.mark.fault("vanished")
@pytest.mark.parametrize("same_hub", [True, False])
@pytest.mark.parametrize(
    ("operation", "state"),
    [("permit_join", InclusionState.INCLUDING), ("exclude", InclusionState.EXCLUDING)],
)
async def test_a_network_left_open_by_a_broken_connection_is_closed_at_the_next(
    zwave_network: ZwaveNetwork,
    tmp_path: Path,
    operation: str,
    state: InclusionState,
    same_hub: bool,
) -> None:
    said: list[str] = []
    async with WebSocketProxy(zwave_network.url) as proxy:
        url = f"ws://127.0.0.1:{proxy.port}"
        driver = driver_at(url, tmp_path)
        async with running(driver):
            opening = asyncio.create_task(operate(driver, operation, said, seconds=60))
            await eventually(lambda: said)
            await proxy.cut()
            with pytest.raises(Unreachable):
                await opening
        assert await open_for(zwave_network.url) is state, "the server does not mind who is gone"
        with capture_logs() as logs:
            for _ in range(2):
                async with running(driver if same_hub else driver_at(url, tmp_path)):
                    assert await open_for(zwave_network.url) is InclusionState.IDLE
    told = [one for one in logs if one["event"] == "zwave_network_was_left_open"]
    assert [one["closed_now"] for one in told] == [True], "once"


async def test_what_another_program_opened_is_left_open(
    zwave_network: ZwaveNetwork, tmp_path: Path
) -> None:
    driver = driver_at(zwave_network.url, tmp_path)
    async with running(driver):
        assert await operate(driver, "permit_join", [], seconds=5) == {"joined": None}
    assert list(tmp_path.iterdir()) == []
    url = zwave_network.url
    await other_program(url, "controller.begin_inclusion", options={"strategy": 2})
    try:
        async with running(driver):
            assert await open_for(url) is InclusionState.INCLUDING
    finally:
        await other_program(url, "controller.stop_inclusion")


async def test_nobody_joins_when_nobody_wants_to(zwave_network: ZwaveNetwork) -> None:
    driver = driver_at(zwave_network.url)
    async with running(driver):
        assert await operate(driver, "permit_join", [], seconds=5) == {"joined": None}
        status = await operate(driver, "status", [])
        assert {node["interview"] for node in status["nodes"]} == {"Complete"}
        assert len(status["nodes"]) == 10
