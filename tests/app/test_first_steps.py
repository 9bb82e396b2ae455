"""The first steps by somebody whom the hub does not know yet: who they are, and their consent."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import yaml

from hub.bench.browser import Browser
from tests.app.house import House
from tests.app.rig import Phone

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

NAME = "Mira Zöll"
TEXT_SWITCH = (
    f"[...document.querySelectorAll('section[aria-label=\"{NAME}\"] label')]"
    ".find((one) => one.innerText.startsWith('Journal'))?.querySelector('input')"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House, browser: Browser) -> AsyncIterator[Phone]:
    """Return the phone of an owner who is nobody that is sensed."""
    phone = await Phone.let_in(browser, home.url, home.ask("pair", role="owner")["link"])
    yield phone
    assert phone.broken() == []


async def people(phone: Phone) -> dict[str, str]:
    """Return who lives here, by id."""
    return {one["id"]: one["name"] for one in (await phone.api("/people"))["people"]}


async def test_who_is_new_says_who_they_are_and_consents(home: House, phone: Phone) -> None:
    assert await people(phone) == {"ada": "Ada"}
    await phone.turn_to("/welcome")
    await phone.tap("Skip")
    await phone.tap("Understood")
    await phone.reads("What this is not")
    await phone.tap("Understood")
    await phone.reads("Who are you?")
    await phone.reads("I am Ada")
    assert await phone.axe() == []
    await phone.fill("Or somebody new: your name", NAME)
    await phone.tap("That is me")
    # The hub starts anew for them, and the step goes on where it was.
    await phone.page.wait(TEXT_SWITCH)
    assert await people(phone) == {"ada": "Ada", "mira_zoll": NAME}
    assert (await phone.api("/sessions/current"))["member"]["person"] == "mira_zoll"

    # Consent is off until it is given, here and now.
    assert not await phone.page.js(f"{TEXT_SWITCH}.checked")
    await phone.page.js(f"{TEXT_SWITCH}.click()")
    await phone.page.wait(
        "fetch('/api/v1/people').then((a) => a.json())"
        ".then((all) => all.people.find((p) => p.id === 'mira_zoll').allows.text)"
    )
    assert await phone.axe() == []
    entries = (await phone.api("/privacy/audit"))["entries"]
    assert ("person added", "mira_zoll") in {(one["action"], one["detail"]) for one in entries}


async def test_who_was_added_in_the_app_is_erased_from_what_the_app_has_written(
    home: House, browser: Browser, phone: Phone
) -> None:
    added = {"name": "Jonas Kleinert"}
    assert (await phone.api("/people", "POST", added))["id"] == "jonas_kleinert"
    await phone.page.wait(
        "fetch('/api/v1/people').then((a) => a.json())"
        ".then((all) => all.people.some((p) => p.id === 'jonas_kleinert')).catch(() => false)"
    )
    written = [home.state / "edits.yaml", home.state / "edits.undo.json"]
    assert yaml.safe_load(written[0].read_text())["people"]["jonas_kleinert"] == added
    # One more change puts them into what can be undone, too.
    await phone.api("/home", "PUT", {"name": "Demo home"})
    assert all("jonas_kleinert" in one.read_text() for one in written)

    asked = {"person": "jonas_kleinert", "confirm": "jonas_kleinert"}
    assert (await phone.api("/privacy/erasures", "POST", asked))["traces"] == 0
    await phone.page.wait(
        "fetch('/api/v1/people').then((a) => a.json())"
        ".then((all) => !all.people.some((p) => p.id === 'jonas_kleinert')).catch(() => false)"
    )
    assert "mira_zoll" in await people(phone)
    for one in written:
        assert "jonas" not in one.read_text().lower(), one.name
