"""What owners do in the app, and looking back: in Chromium, on a hub of its own."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hub.bench.browser import Browser
from tests.app.house import House
from tests.app.rig import Phone

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SHOWN = "document.querySelector('.main .card .num').innerText"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House, browser: Browser) -> AsyncIterator[Phone]:
    phone = await Phone.let_in(browser, home.url, home.pair()["link"])
    yield phone
    assert phone.broken() == []


async def test_history_is_moved_by_fingers_and_keys_and_set_beside_the_week_before(
    phone: Phone,
) -> None:
    await phone.turn_to("/history")
    await phone.page.wait("document.querySelector('.chart .u-over')")
    day = await phone.page.js(SHOWN)
    left, top = await phone.page.js(
        "(() => { const e = document.querySelector('.chart .u-over'); "
        "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); "
        "return [r.left + r.width / 2, r.top + r.height / 2]; })()"
    )
    for kind, apart in (("touchStart", 20), ("touchMove", 50), ("touchMove", 80), ("touchEnd", 0)):
        ends = ((0, -apart), (1, apart)) if apart else ()
        points = [{"x": left + by, "y": top, "id": number} for number, by in ends]
        await phone.page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
    await phone.page.wait(f"{SHOWN} !== {day!r}")
    pinched = await phone.page.js(SHOWN)
    await phone.page.js("document.querySelector('.chart').focus()")
    for kind in ("keyDown", "keyUp"):
        await phone.page.call("Input.dispatchKeyEvent", type=kind, key="-", text="-")
    await phone.page.wait(f"{SHOWN} !== {pinched!r}")
    await phone.tap("Week")
    await phone.choose("Beside it", "the week before")
    await phone.page.wait("document.querySelectorAll('.chart').length === 2")
    assert await phone.axe() == []


async def test_a_scene_is_shown_while_it_is_edited_and_the_room_put_back(
    home: House, phone: Phone
) -> None:
    known = (await phone.api("/scenes"))["scenes"]
    with home.lamp() as lamp:
        lamp.says('{"state": "OFF"}')
        await phone.turn_to("/rooms")
        tile = "[...document.querySelectorAll('.tile')].find((t) => t.innerText.includes('Desk'))"
        await phone.page.wait(f"{tile}.innerText.includes('off')")
        await phone.turn_to("/scenes/new")
        await phone.choose("Show it in", "Study")
        await phone.tap("Show it while I edit", "input")
        assert json.loads(await asyncio.to_thread(lamp.hears))["state"] == "ON"
        lamp.says('{"state": "ON", "brightness": 127}')
        await phone.reads("Study shows it now.")
        assert await phone.axe() == []
        await phone.turn_to("/rooms")
        assert json.loads(await asyncio.to_thread(lamp.hears))["state"] == "OFF"
    assert (await phone.api("/scenes"))["scenes"] == known


async def test_the_log_follows_the_hub_and_can_be_paused(phone: Phone) -> None:
    await phone.turn_to("/settings/log")
    await phone.reads("api_up")
    await phone.tap("Pause")
    await phone.reads("Paused;")
    await phone.tap("Go on")
    await phone.reads_not("Paused;")
    await phone.fill("Only lines with", "no such line")
    await phone.reads("No line fits.")


async def test_an_owner_keeps_records_for_a_shorter_time(phone: Phone) -> None:
    await phone.turn_to("/privacy")
    await phone.choose("What senses read", "3 days")
    await phone.tap("See what goes")
    await phone.reads("Nothing is that old yet")
    assert await phone.axe() == []
    await phone.tap("Save")
    await phone.reads("Saved")
    assert (await phone.api("/privacy/retention"))["keep_readings_days"] == 3


async def test_a_passkey_is_made_in_the_browser(phone: Phone) -> None:
    await phone.page.call("WebAuthn.enable")
    await phone.page.call("WebAuthn.addVirtualAuthenticator", options=AUTHENTICATOR)
    await phone.turn_to("/settings/security")
    await phone.fill("What to call it", "Ada's thumb")
    await phone.tap("Add a passkey")
    await phone.page.wait(
        "[...document.querySelectorAll('li')].some((e) => /thumb/.test(e.innerText))"
    )
    assert [key["name"] for key in (await phone.api("/factors"))["passkeys"]] == ["Ada's thumb"]
