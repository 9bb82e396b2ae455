"""The app by keyboard alone, by what a screen reader is told, and without motion; in Chromium."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from hub.bench.browser import Browser
from tests.app.house import House
from tests.app.rig import DESKTOP, PAGES, Phone

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

# A group of radio buttons is one stop, a closed <details> hides what is in it.
STOPS = """
[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((e) => !e.disabled && e.tabIndex >= 0 && e.type !== 'radio'
    && e.checkVisibility({ visibilityProperty: true }))
"""
FOCUSED = """
(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const shows = (of) => { const s = getComputedStyle(of);
    const outlined = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
    return outlined || s.boxShadow !== 'none'; };
  const r = e.getBoundingClientRect();
  return {
    what: `${e.tagName} ${e.getAttribute('aria-label') ?? e.innerText ?? ''}`.slice(0, 60),
    place: window.stops.indexOf(e),
    shows: shows(e) || shows(e.parentElement),
    seen: r.bottom > 0 && r.top < innerHeight && r.width > 0,
  };
})()
"""
NAMED = {"button", "link", "textbox", "combobox", "checkbox", "switch", "slider", "radio", "tab"}
"""Roles that say nothing without a name (WAI-ARIA 1.2)."""

MOVING = """
document.getAnimations().filter((a) => a.effect.getComputedTiming().duration > 1)
  .map((a) => `${a.effect.target.className} ${a.transitionProperty ?? a.animationName}`)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(home: House, browser: Browser) -> AsyncIterator[Phone]:
    phone = await Phone.let_in(browser, home.url, home.pair()["link"])
    await phone.page.size(*DESKTOP)
    yield phone
    assert phone.broken() == []


async def press(phone: Phone, key: str, code: int) -> None:
    """Press a key that types nothing."""
    for kind in ("rawKeyDown", "keyUp"):
        await phone.page.call(
            "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
        )


async def test_every_page_can_be_walked_through_with_the_tab_key(phone: Phone) -> None:
    wrong: dict[str, Any] = {}
    for path in PAGES:
        await phone.turn_to(path)
        count = await phone.page.js(f"(window.stops = {STOPS}).length")
        await phone.page.js("document.activeElement?.blur(), scrollTo(0, 0)")
        met: dict[int, str] = {}
        for _ in range(2 * count + 12):  # the first may be anywhere: the end leads to the start
            await press(phone, "Tab", 9)
            at = await phone.page.js(FOCUSED)
            if at is None:
                continue
            if at["place"] in met and len(met) >= count:
                break
            met[at["place"]] = at["what"]
            if not at["shows"] or not at["seen"]:
                wrong.setdefault(path, []).append(at)
        missed = sorted(set(range(count)) - met.keys())
        if missed:
            names = "missed.map((n) => window.stops[n].outerHTML.slice(0, 120))"
            wrong.setdefault(path, []).append(
                await phone.page.js(f"((missed) => {names})({missed})")
            )
    assert wrong == {}


async def test_a_sheet_is_opened_left_and_the_focus_comes_back(phone: Phone) -> None:
    await phone.turn_to("/")
    opener = "[...document.querySelectorAll('button')].find((b) => /sensing/.test(b.ariaLabel))"
    await phone.page.wait(f"(() => {{ const b = {opener}; b?.focus(); return b; }})()")
    await phone.page.js("window.opener_ = document.activeElement")
    await press(phone, "Enter", 13)
    await phone.page.call("Input.dispatchKeyEvent", type="char", text="\r", key="Enter")
    await phone.page.wait("document.querySelector('dialog[open]')")
    for _ in range(30):
        await press(phone, "Tab", 9)
        inside = "!document.activeElement || document.activeElement === document.body || "
        assert await phone.page.js(inside + "!!document.activeElement.closest('dialog[open]')")
    await press(phone, "Escape", 27)
    await phone.page.wait("!document.querySelector('dialog[open]')")
    assert await phone.page.js("document.activeElement === window.opener_")


async def test_a_screen_reader_is_told_what_everything_is(phone: Phone) -> None:
    nameless: dict[str, list[str]] = {}
    await phone.page.call("Accessibility.enable")
    for path in PAGES:
        await phone.turn_to(path)
        nodes = (await phone.page.call("Accessibility.getFullAXTree"))["nodes"]
        said = [node for node in nodes if not node.get("ignored")]
        roles = [node["role"]["value"] for node in said]
        assert roles.count("main") == 1, path
        assert "heading" in roles, path
        for node in said:
            if node["role"]["value"] in NAMED and not node.get("name", {}).get("value"):
                nameless.setdefault(path, []).append(node["role"]["value"])
    await phone.page.call("Accessibility.disable")
    assert nameless == {}


async def test_who_wants_no_motion_sees_none(phone: Phone) -> None:
    moved = {}
    for still in (False, True):
        await phone.page.scheme("light", still=still)
        seen: set[str] = set()
        for path in ("/", "/rooms", "/settings/health", "/devices/add"):
            await phone.turn_to(path)
            await phone.page.js(
                "document.querySelectorAll('details').forEach((e) => { e.open = !e.open; })"
            )
            await phone.page.js(
                "document.querySelectorAll('.btn').forEach((e) => { e.style.opacity = '0.5'; })"
            )
            seen |= set(await phone.page.js(MOVING))
        moved[still] = seen
    assert moved[False], "nothing moves at all: the test sees nothing"
    assert moved[True] == set()
