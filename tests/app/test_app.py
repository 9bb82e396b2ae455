"""The app as a household meets it: in Chromium, from the hub itself, over the home's own TLS."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from hub.bench.browser import Browser
from tests.app.house import LAMP, House
from tests.app.rig import DESKTOP, PAGES, PHONE, Phone

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

TAP_WRONG_AND_UNDO = """
new Promise((done) => {
  [...document.querySelectorAll("button")].find((b) => b.innerText === "Wrong").click();
  const watch = setInterval(() => {
    if (!document.body.innerText.includes("Noted: wrong.")) return;
    clearInterval(watch);
    document.querySelector(".toast button").click();
    done(true);
  }, 20);
})"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House, browser: Browser) -> AsyncIterator[Phone]:
    """A phone that was let in by the link of the QR code."""
    phone = await Phone.new(browser, home.url)
    link = home.pair()["link"]
    await phone.page.go(link)
    await phone.fill("What to call this device", "Ada's phone")
    assert await phone.page.js("location.hash") == "", "the secret stays in the address"
    await phone.tap("Let this device in")
    await phone.page.wait("document.querySelector('.plane')")
    yield phone
    assert phone.broken() == []


async def test_a_phone_pairs_by_link_and_sees_the_mood_move(home: House, phone: Phone) -> None:
    (paired,) = (await phone.api("/clients"))["clients"]
    assert paired["name"] == "Ada's phone"
    key = (
        "new Promise((done) => { const db = indexedDB.open('moodsync'); db.onsuccess = () => "
        "{ const got = db.result.transaction('device').objectStore('device').get('self'); "
        "got.onsuccess = () => done(got.result.key.extractable); }; })"
    )
    assert await phone.page.js(key) is False, "the device's key can be read"
    await phone.reads("seems")
    dot = "document.querySelector('.plane .move')?.style.transform"
    before = await phone.page.wait(dot)
    await phone.page.wait(f"{dot} && {dot} !== {json.dumps(before)}")


async def test_another_browser_pairs_by_digits_though_the_first_were_wrong(
    home: House, browser: Browser
) -> None:
    laptop = await Phone.new(browser, home.url, DESKTOP)
    await laptop.open("/history")
    await laptop.reads("Pairing is closed")
    assert await laptop.axe() == []
    digits = home.pair()["digits"]
    wrong = f"{(int(digits) + 1) % 10**9:09d}"
    await laptop.fill("Nine digits", wrong)
    await laptop.tap("Let this device in")
    await laptop.reads("These were not the digits.")
    assert await laptop.axe() == []
    await laptop.fill("Nine digits", f"{digits[:3]} {digits[3:6]} {digits[6:]}")
    await laptop.tap("Let this device in")
    await laptop.page.wait("document.querySelector('.plane')")
    assert laptop.broken() == []
    await laptop.page.close()


async def test_a_third_wrong_try_closes_pairing_and_the_page_says_so(
    home: House, browser: Browser
) -> None:
    stranger = await Phone.new(browser, home.url)
    digits = home.pair()["digits"]
    await stranger.open("/")
    for add in (1, 2, 3):
        await stranger.fill("Nine digits", f"{(int(digits) + add) % 10**9:09d}")
        await stranger.tap("Let this device in")
        await stranger.reads("These were not the digits.")
    await stranger.reads("Pairing is closed")
    old = f"{home.url}/pair#1.{'A' * 43}.{'A' * 22}"
    home.pair()
    await stranger.page.go("about:blank")
    await stranger.page.go(old)
    await stranger.tap("Let this device in")
    await stranger.reads("is not the hub that showed this code")
    assert stranger.broken() == []
    await stranger.page.close()


async def test_on_the_hub_itself_plain_http_serves_the_app_too(
    home: House, browser: Browser
) -> None:
    kitchen = await Phone.new(browser, f"http://localhost:{home.plain_port}", DESKTOP)
    digits = home.pair()["digits"]
    await kitchen.open("/")
    await kitchen.fill("Nine digits", digits)
    await kitchen.tap("Let this device in")
    await kitchen.page.wait("document.querySelector('.plane')")
    await kitchen.page.js("navigator.serviceWorker.ready.then(() => true)")
    assert kitchen.broken() == []
    await kitchen.page.close()


async def test_a_correction_is_noted_unless_it_is_taken_back(phone: Phone) -> None:
    await phone.turn_to("/")
    # In one go: a slow machine must not use up the moment in which it can be taken back.
    await phone.page.js(TAP_WRONG_AND_UNDO)
    await phone.reads("Taken back.")
    await phone.tap("It was…")
    await phone.tap("low")
    await phone.reads("Noted: it was low.")
    noted = "fetch('/api/v1/feedback/corrections').then((a) => a.json())"
    await phone.page.wait(f"{noted}.then((all) => all.corrections.length === 1)")
    ((correction,)) = (await phone.api("/feedback/corrections"))["corrections"]
    assert "sadness" in json.dumps(correction)


async def test_a_lamp_shows_what_is_wished_at_once_and_what_it_says_itself_after(
    home: House, phone: Phone
) -> None:
    with home.lamp() as lamp:
        lamp.says('{"state": "OFF"}')
        await phone.turn_to("/rooms")
        tile = "[...document.querySelectorAll('.tile')].find((t) => t.innerText.includes('Desk'))"
        await phone.page.wait(f"{tile}.innerText.includes('off')")
        await phone.tap("Desk lamp")
        heard = json.loads(await asyncio.to_thread(lamp.hears))
        assert heard["state"] == "ON"
        lamp.says('{"state": "ON", "brightness": 128}')
        await phone.page.wait(f"{tile}.innerText.includes('on · 50 %')")
    (desk,) = [d for d in (await phone.api("/devices"))["devices"] if d["id"] == LAMP]
    assert desk["state"]["on"] is True


async def test_a_scene_of_a_room_is_applied_and_taken_back(phone: Phone) -> None:
    await phone.turn_to("/rooms")
    await phone.tap("Soft evening")
    await phone.reads("Soft evening is on.")
    await phone.tap("Undo", ".toast button")


async def test_a_rule_is_made_as_a_sentence_and_asked_about_the_past(phone: Phone) -> None:
    await phone.turn_to("/rules")
    await phone.tap("New rule")
    await phone.fill("Name", "Evening calm")
    await phone.choose("mood", "of any mood")
    await phone.choose("what is done", "bring in Steady")
    await phone.reads_not("Asking last week")
    await phone.reads("moods were kept from this room last week")
    await phone.tap("Save")
    await phone.page.wait("location.pathname === '/rules'")
    await phone.reads("Evening calm")
    rules = {one["id"]: one["rule"] for one in (await phone.api("/policies"))["policies"]}
    assert rules["evening_calm"]["then"] == {"scene": "steady"}


async def test_consent_opens_a_camera_and_taking_it_back_closes_it(
    home: House, phone: Phone
) -> None:
    assert not home.watched()
    await phone.turn_to("/privacy")
    await phone.tap("Camera", "input")
    await phone.reads("Working now in Living room and Study")
    await until(home.watched)
    await phone.tap("sensing:")
    study = "[...document.querySelectorAll('dialog li')].find((e) => /Study/.test(e.innerText))"
    await phone.page.wait(f"/\\bon\\b/.test({study}.innerText)")
    await phone.tap("Close")
    await phone.tap("Camera", "input")
    await until(lambda: not home.watched())
    await phone.tap("sensing:")
    await phone.page.wait(f"!/\\bon\\b/.test({study}.innerText)")
    await phone.tap("Close")
    (camera,) = [s for s in home.ask("status")["senses"] if s["room"] == "study"]
    assert not camera["allowed"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_page_is_for_everybody(
    phone: Phone, size: tuple[int, int], scheme: str
) -> None:
    await phone.page.size(*size, mobile=size == PHONE)
    await phone.page.scheme(scheme)
    found = {}
    for path in PAGES:
        await phone.turn_to(path)
        wide = await phone.page.js("document.documentElement.scrollWidth - innerWidth")
        if wrong := await phone.axe():
            found[path] = wrong
        if path == "/":
            await phone.tap("sensing:")
            found |= {"sheet": wrong} if (wrong := await phone.axe()) else {}
            await phone.tap("Close")
        assert wide <= 0, f"{path} is {wide} px wider than the window"
    assert found == {}
    await phone.page.size(*PHONE, mobile=True)
    await phone.page.scheme("light")


async def test_it_can_be_installed(phone: Phone) -> None:
    await phone.page.js("navigator.serviceWorker.ready.then(() => true)")
    manifest = await phone.page.call("Page.getAppManifest")
    assert manifest["errors"] == []
    assert json.loads(manifest["data"])["display"] == "standalone"
    # A window of its own storage counts as private, which alone forbids it here.
    wrong = (await phone.page.call("Page.getInstallabilityErrors"))["installabilityErrors"]
    assert [one["errorId"] for one in wrong if one["errorId"] != "in-incognito"] == []


async def test_with_the_hub_off_it_opens_and_what_is_told_goes_once_later(
    home: House, phone: Phone
) -> None:
    home.ask("consent", action="give", person="ada", sense="text")
    before = (await phone.api("/feedback/corrections"))["corrections"]
    await phone.page.wait("caches.match('/').then(Boolean)")
    await phone.turn_to("/")
    await asyncio.to_thread(home.off)
    await phone.open("/")
    await phone.reads("The hub does not answer; last known at")
    await phone.reads("seems")
    await phone.tap("Right")
    await phone.reads("Kept: right.")
    await phone.turn_to("/journal")
    await phone.fill("How was it?", "What a lovely day we had together")
    await phone.tap("Tell the house")
    await phone.reads("2 things wait here")
    await phone.open("/device")
    await phone.reads("A line for the journal")
    await asyncio.to_thread(home.on)
    await phone.page.js("dispatchEvent(new Event('online'))")
    await phone.reads_not("A line for the journal")
    await phone.reads_not(": right")  # it can be taken back for some seconds, and goes after them
    await phone.reads_not("The hub does not answer")
    after = (await phone.api("/feedback/corrections"))["corrections"]
    assert len(after) == len(before) + 1
    assert after[0]["kind"] == "right"
    # The sensing process tells its counts every few seconds.
    await until(lambda: home.ask("status")["sense_process"]["texts"] == 1)


async def test_a_device_that_was_taken_off_the_list_is_told_and_let_in_again(
    home: House, phone: Phone
) -> None:
    mine = (await phone.api("/sessions/current"))["session"]["client"]
    await phone.api(f"/clients/{mine}", "DELETE")
    await phone.open("/")
    await phone.reads("The hub does not know this device any more.")
    await phone.page.go("about:blank")
    await phone.page.go(home.pair()["link"])
    await phone.tap("Let this device in")
    await phone.page.wait("document.querySelector('.plane')")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.1)
