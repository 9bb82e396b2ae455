"""A Matter device is let in by its code, given a room and changed; in Chromium.

The Matter server behaves as a real one was recorded to; for a moment it is frozen, as one seems
that waits for a device.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from hub.bench.browser import chromium
from tests.app.house import House, house
from tests.app.rig import Phone
from tests.fakes.matter_server import CODE, MatterServer

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

FIELD = "The code on the device"
WRONG = "20202021999"
CARD = (
    "[...document.querySelectorAll('article')].find((a) => a.innerText.includes('matter') "
    "&& a.querySelector('input[type=password]'))"
)
START = f"{CARD}.querySelector('button.main')"


@pytest.fixture(scope="module")
def server() -> Iterator[MatterServer]:
    with MatterServer(commissioned=False) as server:
        yield server


@pytest.fixture(scope="module")
def home(server: MatterServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    drivers = {"matter": {"url": server.url}}
    with house(tmp_path_factory.mktemp("house"), drivers=drivers) as home:
        yield home


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House) -> AsyncIterator[Phone]:
    async with chromium(home.authority) as browser:
        phone = await Phone.let_in(browser, home.url, home.pair()["link"])
        yield phone
        assert phone.broken() == []


async def lamp(phone: Phone) -> str | None:
    """Return the id of the Matter lamp, once it has come in."""
    devices = (await phone.api("/devices"))["devices"]
    found = [
        one["id"]
        for one in devices
        if one["driver"] == "matter"
        and any(can["kind"] == "colorful" for can in one["capabilities"])
    ]
    return found[0] if found else None


async def test_a_wrong_code_lets_nothing_in_and_says_so(phone: Phone) -> None:
    await phone.turn_to("/devices/add")
    await phone.page.wait(CARD)
    assert await phone.page.js(f"{START}.disabled")  # no code yet
    await phone.fill(FIELD, WRONG)
    await phone.page.wait(f"!{START}.disabled")
    await phone.page.js(f"{START}.click()")
    said = await phone.page.wait("document.querySelector('.toast')?.innerText")
    assert WRONG not in said
    assert await lamp(phone) is None
    # The form is there for another try, with what was typed.
    await phone.page.wait(f"!{START}.disabled")
    assert await phone.axe() == []


async def test_the_right_code_lets_the_lamp_in_and_it_obeys(
    server: MatterServer, phone: Phone
) -> None:
    await phone.turn_to("/devices/add")
    await phone.page.wait(CARD)
    await phone.fill(FIELD, CODE)
    server.freeze()
    await phone.page.wait(f"!{START}.disabled")
    await phone.page.js(f"{START}.click()")
    await phone.reads("Waiting for a device")
    await phone.reads("left")
    assert await phone.page.js(f"{START}.disabled")
    assert await phone.axe() == []
    server.thaw()
    await phone.reads("devices have come in")
    assert CODE not in await phone.page.js("document.body.innerText")

    name = await lamp(phone)
    assert name is not None
    await phone.turn_to(f"/devices/{name.replace(':', '%3A')}")
    await phone.fill("Name", "Matter lamp")
    await phone.tap("Save")
    await phone.choose("Room", "Study")
    await phone.turn_to("/rooms")
    tile = (
        "[...document.querySelectorAll('.tile')].find((t) => t.innerText.includes('Matter lamp'))"
    )
    await phone.page.wait(f"{tile}?.closest('section')?.innerText.includes('Study')")

    # Its brightness, by the slider of its tile, as the lamp itself has it.
    await phone.page.wait(
        f"(() => {{ const e = {tile}.querySelector('input[type=range]'); if (!e) return false; "
        "e.value = 0.25 * e.max; e.dispatchEvent(new Event('input', {bubbles: true})); "
        "e.dispatchEvent(new Event('change', {bubbles: true})); return true; })()"
    )
    async with asyncio.timeout(20):
        while (await asyncio.to_thread(server.house))["1/8/0"] not in (63, 64):
            await asyncio.sleep(0.1)
