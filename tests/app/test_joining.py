"""New devices: let in by a Zigbee stick on the wire, found in the network; in Chromium."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from hub.bench.browser import chromium
from tests.app.house import House, house
from tests.app.rig import Phone
from tests.fakes.znp.house import House as Radio
from tests.fakes.znp.kinds import Lamp

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

LAMP = 0x00158D00_01020099
STICK = "[...document.querySelectorAll('article')].find((a) => a.innerText.includes('zigbee'))"


@pytest.fixture(scope="module")
def radio() -> Iterator[Radio]:
    with Radio() as radio:
        yield radio


@pytest.fixture(scope="module")
def home(radio: Radio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    drivers = {"zigbee": {"path": radio.path, "channel": 15}}
    with house(tmp_path_factory.mktemp("house"), drivers=drivers) as home:
        yield home


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House) -> AsyncIterator[Phone]:
    async with chromium(home.authority) as browser:
        yield await Phone.let_in(browser, home.url, home.pair()["link"])


async def test_a_lamp_is_let_in_named_and_switched(radio: Radio, phone: Phone) -> None:
    await phone.turn_to("/devices/add")
    await phone.page.wait(STICK)
    seconds = f"{STICK}.querySelector('input[type=number]')"
    await phone.page.js(f"(() => {{ const e = {seconds}; e.focus(); e.select(); }})()")
    await phone.page.type("20")
    await phone.page.wait(
        f"(() => {{ const b = {STICK}.querySelector('button.main'); b?.click(); return b; }})()"
    )
    await phone.reads("left")
    await phone.reads("Waiting for a device")
    lamp = Lamp(LAMP)
    await asyncio.to_thread(radio.add, lamp)
    await paired_up(radio, lamp)
    await phone.reads("1 device has come in")
    assert await phone.axe() == []

    await phone.turn_to("/devices")
    await phone.reads("Not in a room yet")
    name = f"zigbee:{LAMP:016x}"
    await phone.turn_to(f"/devices/{name.replace(':', '%3A')}")
    await phone.fill("Name", "Bedside lamp")
    await phone.tap("Save")
    await phone.choose("Room", "Study")
    await phone.turn_to("/rooms")
    tile = (
        "[...document.querySelectorAll('.tile')].find((t) => t.innerText.includes('Bedside lamp'))"
    )
    await phone.page.wait(f"{tile}?.closest('section')?.innerText.includes('Study')")
    was = lamp.on
    await phone.page.wait(
        f"(() => {{ const b = {tile}.querySelector('[role=switch], input[type=checkbox], button');"
        " b?.click(); return b; })()"
    )
    deadline = time.monotonic() + 20
    while lamp.on is was:
        assert time.monotonic() < deadline, "the lamp itself did not change"
        await asyncio.sleep(0.05)
    assert phone.broken() == []


async def paired_up(radio: Radio, lamp: Lamp) -> None:
    """Let a lamp in pairing mode look for a network again and again, until one lets it in."""
    async with asyncio.timeout(15):
        while lamp.network is None:
            await asyncio.to_thread(radio.do, lamp.join)
            await asyncio.sleep(0.5)


async def test_what_announces_itself_is_shown_and_not_added(phone: Phone) -> None:
    known = await ids(phone)
    strip = AsyncServiceInfo(
        "_wled._tcp.local.",
        "Shelf strip._wled._tcp.local.",
        parsed_addresses=["127.0.0.1"],
        port=80,
        properties={"mac": "02005e005377"},
    )
    mdns = AsyncZeroconf()
    try:
        await mdns.async_register_service(strip)
        await phone.turn_to("/devices/add")
        await phone.tap("Look around")
        await phone.reads("Shelf strip")
        await phone.reads("wled:")
        assert await phone.axe() == []
    finally:
        await mdns.async_close()
    assert await ids(phone) == known


async def ids(phone: Phone) -> set[str]:
    """Return which devices the hub knows."""
    return {one["id"] for one in (await phone.api("/devices"))["devices"]}
