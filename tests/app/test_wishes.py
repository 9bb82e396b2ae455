"""More of what a rule did, or nothing for now: in Chromium, with the demo house's real moods."""

import asyncio
import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hub.bench.browser import Browser
from hub.decide.wishes import NOT_NOW_LEAST_S
from tests.app.house import House
from tests.app.rig import Phone

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

ROOM, LAMP, STEADY = "living_room", "simulated:lamp", 0.55
ANY_MOOD = {
    "room": ROOM,
    "when": {"mood": {"valence": [-1.0, 1.0], "confidence": 0.1}},
    "then": {"scene": "steady"},
    "for_s": 0,
    "cooldown_s": 0,
    "priority": 90,
}
"""Due at once, and above every rule of the demo."""

MORE = "[...document.querySelectorAll('button')].find((b) => b.innerText === 'More like this')"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House, browser: Browser) -> AsyncIterator[Phone]:
    phone = await Phone.let_in(browser, home.url, home.pair()["link"])
    yield phone
    assert phone.broken() == []


async def level(phone: Phone) -> float | None:
    """Return how bright the ceiling lamp is."""
    devices = (await phone.api("/devices"))["devices"]
    lamp = next(one for one in devices if one["id"] == LAMP)["state"]
    return lamp["level"] if lamp["on"] else None


async def sooner(phone: Phone) -> set[str]:
    """Return the rules that the hub lets act sooner."""
    rules = (await phone.api("/policies"))["policies"]
    return {one["id"] for one in rules if one["sooner"]}


async def test_more_like_this_counts_until_it_is_taken_back(phone: Phone) -> None:
    await phone.turn_to("/")
    await phone.tap("More like this")
    await phone.reads("From now on this comes sooner.")
    async with asyncio.timeout(30):
        while not await sooner(phone):
            await asyncio.sleep(0.2)
    await phone.open("/")  # it is the hub that remembers it
    await phone.page.wait(f"{MORE}?.getAttribute('aria-pressed') === 'true'")
    await phone.tap("More like this")
    await phone.reads("The rule acts as it is written again.")
    async with asyncio.timeout(30):
        while await sooner(phone):
            await asyncio.sleep(0.2)


async def test_not_now_puts_back_and_keeps_the_next_rule_from_acting(phone: Phone) -> None:
    await phone.turn_to("/")
    await phone.tap("Not now", ".chips button")
    await phone.reads("Put back. Rules leave this room alone for a while.")
    noted = "fetch('/api/v1/feedback/corrections').then((a) => a.json())"
    await phone.page.wait(
        f"{noted}.then((all) => all.corrections.some((c) => c.kind === 'not_now'))"
    )
    before = await level(phone)
    made = await phone.api("/policies/any_mood", "PUT", ANY_MOOD)
    assert made["id"] == "any_mood", made
    await phone.reads("somebody said “not now”")
    held = [one for one in (await phone.api("/held"))["held"] if one["rule"] == "any_mood"]
    assert {one["guard"] for one in held} == {"not_now"}
    assert await level(phone) == before != STEADY

    # Until when is said where it was asked for, and it can be let go again before that.
    told = await phone.page.wait("document.querySelector('.list[role=status]')?.innerText")
    said = re.search(r"Rules leave this room alone until (\d\d:\d\d [AP]M)\.", told)
    assert said, told
    moods = (await phone.api("/moods"))["rooms"]
    until_ms = next(one["left_alone_until_ms"] for one in moods if one["room"] == ROOM)
    hands_off_s = (await phone.api("/guards"))["guards"]["manual_override_s"]
    lasts_s = max(NOT_NOW_LEAST_S, hands_off_s)
    assert lasts_s - 60 < until_ms / 1000 - time.time() <= lasts_s
    assert await phone.axe() == []
    await phone.tap("Let them act again")
    await phone.reads_not("Rules leave this room alone")
    async with asyncio.timeout(30):
        while await level(phone) != STEADY:
            await asyncio.sleep(0.2)
