"""The app in a browser: finding things as people do, and what must never happen on the way."""

import json
from pathlib import Path
from typing import Any

from hub.bench.browser import Browser, Page

AXE = Path(__file__).parents[1] / "peers" / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESKTOP = (360, 740), (1440, 900)
PAGES = (
    *("/", "/history", "/rooms", "/music", "/privacy", "/journal", "/device"),
    *("/rules", "/rules/new", "/scenes", "/devices", "/devices/add", "/welcome", "/settings"),
    *(f"/settings/{part}" for part in ("members", "sessions", "pair", "security")),
    *(f"/settings/{part}" for part in ("health", "log", "config", "backup")),
)

_FIND = """
((text, tag) => {
  const shown = (e) => e.checkVisibility({ visibilityProperty: true });
  const says = (e) => [e.getAttribute('aria-label'), e.innerText, e.closest('label')?.innerText]
    .some((said) => said?.trim().startsWith(text));
  const top = [...document.querySelectorAll('dialog[open]')].pop() ?? document;
  return [...top.querySelectorAll(tag)].find((e) => shown(e) && says(e) && !e.disabled);
})"""
CONTROLS = "button, a, input, select, textarea"


class Phone:
    """A page, with a person before it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    @classmethod
    async def new(cls, browser: Browser, url: str, size: tuple[int, int] = PHONE) -> "Phone":
        page = await browser.page()
        await page.size(*size, mobile=size == PHONE)
        await page.scheme("light")
        return cls(page, url)

    @classmethod
    async def let_in(cls, browser: Browser, url: str, link: str) -> "Phone":
        """Pair a new one by a link, as its camera would open it."""
        phone = await cls.new(browser, url)
        await phone.page.go(link)
        await phone.tap("Let this device in")
        await phone.page.wait("document.querySelector('.plane')")
        return phone

    async def open(self, path: str) -> None:
        """Load the app anew at a page."""
        await self.page.go(f"{self.url}{path}")

    async def turn_to(self, path: str) -> None:
        """Go to a page within the app, and wait until its code is there."""
        await self.page.js(
            f"history.pushState(null, '', {path!r}); dispatchEvent(new PopStateEvent('popstate'))"
        )
        await self.page.wait(
            "!document.querySelector('.main .skeleton') && "
            "document.querySelector('.main').innerText.trim()"
        )

    async def tap(self, text: str, tag: str = CONTROLS) -> None:
        """Tap what is called so, as soon as it is there and can be tapped."""
        found = f"{_FIND}({json.dumps(text)}, {json.dumps(tag)})"
        await self.page.wait(
            f"(() => {{ const e = {found}; e?.scrollIntoView({{block: 'center'}}); "
            "e?.click(); return Boolean(e); })()"
        )

    async def fill(self, label: str, text: str) -> None:
        """Type into the field of this label."""
        await self.page.wait(
            f"(() => {{ const e = {_FIND}({json.dumps(label)}, 'input, textarea'); e?.focus(); "
            "e?.select(); return Boolean(e); })()"
        )
        await self.page.type(text)

    async def choose(self, label: str, option: str) -> None:
        """Choose an option of the list of this label."""
        await self.page.wait(
            f"(() => {{ const e = {_FIND}({json.dumps(label)}, 'select'); const o = e && "
            f"[...e.options].find((o) => o.text.startsWith({json.dumps(option)})); if (!o) return; "
            "e.value = o.value; e.dispatchEvent(new Event('change', {bubbles: true})); "
            "return true; })()"
        )

    async def reads(self, text: str) -> None:
        """Wait until the page says this."""
        await self.page.wait(f"document.body.innerText.includes({json.dumps(text)})")

    async def reads_not(self, text: str) -> None:
        """Wait until the page says this no more."""
        await self.page.wait(f"!document.body.innerText.includes({json.dumps(text)})")

    async def api(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Ask the hub as the page itself does: by its session's cookie."""
        sent = "undefined" if body is None else f"JSON.stringify({json.dumps(body)})"
        headers = "{'Content-Type': 'application/json'}"
        return await self.page.js(
            f"fetch('/api/v1{path}', {{method: '{method}', body: {sent}, headers: {headers}}})"
            ".then((answer) => answer.status === 204 ? null : answer.json())"
        )

    async def axe(self) -> list[str]:
        """Return what axe-core finds wrong with the page as it is now, in short."""
        if not await self.page.js("'axe' in window"):
            await self.page.js(AXE.read_text() + "; 0")
        found = await self.page.js(
            "axe.run(document, {resultTypes: ['violations']}).then((all) => all.violations.map((v)"
            " => `${v.id}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join(' | ')}`))"
        )
        return list(found)

    def broken(self) -> list[str]:
        """Return what the browser held against the app: exceptions, and breaches of the CSP."""
        told = []
        for event in self.page.events:
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                told.append(json.dumps(params["exceptionDetails"])[:1000])
            if event["method"] == "Log.entryAdded" and "Security Policy" in params["entry"]["text"]:
                told.append(params["entry"]["text"])
        return told
