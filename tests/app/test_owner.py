"""What an owner sets up: a second factor, members, the configuration, backups; in Chromium."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from hub.api import totp
from hub.bench.browser import Browser
from tests.app.house import House
from tests.app.rig import Phone

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

PASSPHRASE = "a long way home, slowly"
OVERLAY = "What the app has changed"
EDITOR = f"document.querySelector('section[aria-label=\"{OVERLAY}\"]')"
LOCKED = "document.body.innerText.includes('Too many wrong codes.')"
SHOW = "[...document.querySelectorAll('dialog button')].find((b) => b.innerText === 'Show')"
NOT_SEALED = (b"living_room", b"SQLite format", b"Demo home")
"""What would stand in a backup that anybody could read."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House, browser: Browser) -> AsyncIterator[Phone]:
    phone = await Phone.let_in(browser, home.url, home.pair()["link"])
    yield phone
    assert phone.broken() == []


async def members(phone: Phone) -> dict[str, tuple[str, str | None]]:
    """Return role and person of each member, by name."""
    told = (await phone.api("/members"))["members"]
    return {one["name"]: (one["role"], one["person"]) for one in told}


async def until(told: Callable[[], Awaitable[str]], wanted: str) -> None:
    """Wait until the hub tells this."""
    async with asyncio.timeout(20):
        while await told() != wanted:
            await asyncio.sleep(0.1)


async def study(phone: Phone) -> str:
    """Return what the study is called."""
    rooms = (await phone.api("/rooms"))["rooms"]
    return next(str(one["name"]) for one in rooms if one["id"] == "study")


async def test_a_member_is_added_changed_and_removed(phone: Phone) -> None:
    await phone.turn_to("/settings/members")
    await phone.tap("Add a member")
    await phone.fill("Name", "Bob")
    await phone.choose("Role", "child")
    await phone.choose("Is", "Ada")
    await phone.tap("Add", "dialog button")
    await phone.reads("Bob")
    assert (await members(phone))["Bob"] == ("child", "ada")
    bobs = "section[aria-label=Bob] select"
    for place, value in ((0, "adult"), (1, "")):
        await phone.page.js(
            f"(() => {{ const e = document.querySelectorAll('{bobs}')[{place}]; "
            f"e.value = '{value}'; e.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
        )
        await phone.reads("Saved")
        await phone.reads_not("Saved")
    assert (await members(phone))["Bob"] == ("adult", None)
    await phone.tap("Remove Bob")
    await phone.reads("shut out at once")
    assert await phone.axe() == []
    await phone.tap("Remove", "dialog button")
    await phone.reads("Bob is removed.")
    assert "Bob" not in await members(phone)


async def test_the_configuration_is_edited_as_text_and_a_mistake_shown_at_its_line(
    phone: Phone,
) -> None:
    await phone.turn_to("/settings/config")
    await phone.fill(OVERLAY, "rooms:\n  study:\n    naem: Library\n")
    await phone.tap("Save")
    await phone.reads("naem")
    marked = "[...document.querySelectorAll('.editor .bad')].map((e) => e.innerText)"
    await phone.page.wait(f"{marked}.length")
    assert await phone.page.js(marked) == ["3"]
    assert await phone.axe() == []
    await phone.fill(OVERLAY, "rooms:\n  study:\n    name: Library\n")
    await phone.tap("Save")
    await until(lambda: study(phone), "Library")
    # The editor begins anew with what was saved: then there is nothing to save.
    await phone.page.wait(f"{EDITOR}.querySelector('button.main').disabled")

    # Somebody else was quicker: what they wrote is shown, and nothing is lost unasked.
    await phone.fill(OVERLAY, "rooms:\n  study:\n    name: Den\n")
    told = await phone.page.js(
        "fetch('/api/v1/system/config/overlay').then((a) => a.json()).then((now) => "
        "fetch('/api/v1/system/config/overlay', {method: 'PUT', headers: {'If-Match': now.etag, "
        "'Content-Type': 'application/json'}, "
        "body: JSON.stringify({yaml: 'rooms: {study: {name: Office}}'})})).then((a) => a.status)"
    )
    assert told == 200
    await phone.tap("Save")
    await phone.reads("name: Office")
    await phone.tap("Keep mine")
    await until(lambda: study(phone), "Den")
    await phone.tap("Take the newest change back")
    await phone.reads("The newest change is taken back.")
    await until(lambda: study(phone), "Office")


async def test_an_authenticator_app_is_set_up_and_asked_for(
    home: House, browser: Browser, phone: Phone
) -> None:
    await phone.turn_to("/settings/security")
    await phone.tap("Set up")
    secret = await phone.page.wait("document.querySelector('pre.literal')?.innerText.trim()")
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    await phone.fill("Six digits", wrong(raw))
    await phone.tap("Done")
    await phone.page.wait("document.querySelector('.toast')")
    assert (await phone.api("/factors"))["totp"] is False
    await phone.fill("Six digits", code(raw))
    await phone.tap("Done")
    await phone.reads("It is set up.")

    other = await Phone.let_in(browser, home.url, home.pair()["link"])
    await other.turn_to("/settings/members")
    await other.tap("Add a member")
    await other.fill("Name", "Eve")
    await other.tap("Add", "dialog button")
    await other.reads("Show your second factor")
    assert await other.axe() == []
    await other.fill("Six digits", wrong(raw))
    await other.tap("Show", "dialog button")
    await other.page.wait("document.querySelector('.toast')")
    assert "Eve" not in await members(other)
    # Each further wrong code waits twice as long as the one before: some browser is too slow once.
    for _ in range(12):
        await other.fill("Six digits", wrong(raw))
        await other.tap("Show", "dialog button")
        if await other.page.js(f"new Promise((done) => setTimeout(() => done({LOCKED}), 700))"):
            break
    else:
        pytest.fail("twelve wrong codes were taken one after another")
    await other.reads("It can be tried again in")
    assert await other.axe() == []
    await other.fill("Six digits", code(raw, ahead=1))  # a code is good once
    assert await other.page.js(f"{SHOW}.disabled"), "it can be tried before the wait is over"
    assert "Eve" not in await members(other)
    await other.reads_not("Too many wrong codes.")
    await other.tap("Show", "dialog button")
    await other.page.wait("document.querySelector('section[aria-label=Eve]')")
    assert "Eve" in await members(other)
    assert other.broken() == []

    await phone.turn_to("/settings/sessions")
    await phone.page.wait("document.querySelectorAll('[aria-label=\"Paired devices\"] li')[1]")
    clients = (await phone.api("/clients"))["clients"]
    newest = max(clients, key=lambda one: float(one["since_ms"]))
    place = [one["id"] for one in clients].index(newest["id"])
    await phone.page.js(
        f"document.querySelectorAll('[aria-label=\"Paired devices\"] li button')[{place}].click()"
    )
    await other.reads("does not know this device")
    await other.page.close()
    await phone.turn_to("/settings/security")
    await phone.tap("Turn off")
    await phone.reads_not("It is set up.")
    assert (await phone.api("/factors"))["totp"] is False


async def test_a_backup_is_made_and_restored_without_consents(
    home: House, phone: Phone, tmp_path: Path
) -> None:
    await phone.page.browser.call(
        "Browser.setDownloadBehavior",
        behavior="allow",
        downloadPath=str(tmp_path),
        browserContextId=phone.page.context,
    )
    home.ask("consent", action="give", person="ada", sense="text")
    await phone.turn_to("/settings/backup")
    await phone.fill("Passphrase", "too short")
    await phone.reads("At least 12 characters.")
    await phone.fill("Passphrase", PASSPHRASE)
    await phone.fill("Passphrase once more", PASSPHRASE)
    await phone.tap("Make and download")
    file = await downloaded(tmp_path)
    assert not [word for word in NOT_SEALED if word in file.read_bytes()]

    await phone.api("/members", "POST", {"name": "Zoe", "role": "guest"})
    await phone.page.call("DOM.enable")
    root = (await phone.page.call("DOM.getDocument"))["root"]["nodeId"]
    found = await phone.page.call("DOM.querySelector", nodeId=root, selector="input[type=file]")
    await phone.page.call("DOM.setFileInputFiles", nodeId=found["nodeId"], files=[str(file)])
    field = "section[aria-label=Restore] input[type=password]"
    for passphrase in ("not the passphrase", PASSPHRASE):
        await phone.page.wait(f"!document.querySelector('{field}').disabled")
        await phone.page.js(f"document.querySelector('{field}').select()")
        await phone.page.type(passphrase)
        await phone.tap("Check and restore")
        if passphrase != PASSPHRASE:
            await phone.page.wait(
                "document.querySelector('.toast')?.innerText.includes('passphrase')"
            )
            assert "Zoe" in await members(phone)
    await phone.reads("Restored, as of")
    await phone.page.wait(
        "fetch('/api/v1/members').then((a) => a.ok && a.json())"
        ".then((all) => all && !all.members.some((one) => one.name === 'Zoe')).catch(() => false)"
    )
    ada = next(one for one in (await phone.api("/people"))["people"] if one["id"] == "ada")
    assert not any(ada["allows"].values())


def code(secret: bytes, ahead: int = 0) -> str:
    """Return what an authenticator app shows now, or a step of half a minute later."""
    return totp.code_at(secret, int(time.time()) // 30 + ahead)


def wrong(secret: bytes) -> str:
    """Return six digits that are no code of these minutes."""
    good = {totp.code_at(secret, int(time.time()) // 30 + by) for by in range(-4, 5)}
    return next(digits for n in range(10) if (digits := str(n) * 6) not in good)


async def downloaded(folder: Path) -> Path:
    """Wait for the one file that the browser puts there."""
    async with asyncio.timeout(60):
        while True:
            found = list(folder.glob("*.backup"))
            if found:
                return found[0]
            await asyncio.sleep(0.1)
