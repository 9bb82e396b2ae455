"""Measures the app in Chromium: what a first visit loads, when it paints, how soon a change shows.

The hub runs in this process and on its loop, over plain http on loopback; the browser is another
process on the same cores. A machine that is busy otherwise shows in every figure.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import aiohttp

from hub.api.pages import DIST
from hub.app import Hub
from hub.bench.browser import Browser, Page, chromium
from hub.bench.figures import Figure, at_most, median, percentile
from hub.bench.made_up_day import write_days
from hub.bench.whole_hub import whole_hub
from hub.settings import Settings
from hub.types import RoomId

PHONE = (360, 740)
SLOWER = 4
VISITS, CHANGES = 7, 100
LAMP = "simulated:lamp"
ROOM = RoomId("den")
DAYS = 3
PANS, MOVES, MOVE_PX, EVERY_S = 4, 60, 3, 0.016

_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_LOADED = (
    "performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)"
    ".filter((path) => path.endsWith('.js'))"
)
_WATCH = """
(() => {
  window.seen = {};
  const tile = [...document.querySelectorAll('.tile')].find((t) => t.innerText.includes('Lamp'));
  new MutationObserver(() => {
    const words = tile.innerText;
    // The frame after this one has been drawn with the change in it.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const level = /on · (\\d+) %/.exec(words)?.[1];
      if (level) window.seen[level] ??= performance.timeOrigin + performance.now();
    }));
  }).observe(tile, { subtree: true, childList: true, characterData: true, attributes: true });
  return true;
})()"""

_CHART = "document.querySelector('.chart .u-over')"
_SHOWN = "document.querySelector('.main .card .num').innerText"
_FRAMES = """
(() => {
  window.gaps = [];
  let last = performance.now();
  const frame = (now) => {
    window.gaps.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return true;
})()"""


def measure(*, quick: bool = False) -> list[Figure]:
    """Return the figures; `quick` visits and changes less often."""
    return asyncio.run(_measure(3 if quick else VISITS, 20 if quick else CHANGES))


async def _measure(visits: int, changes: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="moodsync-bench-") as folder:
        settings = Settings.model_validate(
            {
                "rooms": {"den": {"name": "Den", "devices": [LAMP]}},
                "drivers": {"simulated": {"devices": {"lamp": {"kind": "lamp", "name": "Lamp"}}}},
                "senses": {"text": {"enabled": False}},
                "store": {"directory": str(Path(folder) / "state")},
                "api": {"port": 0, "http_port": 0},
            }
        )
        await write_days(settings.store, ROOM, DAYS)
        async with whole_hub(settings) as (hub, port), chromium() as browser:
            url = f"http://localhost:{port}"
            page = await _let_in(hub, browser, url)
            loaded = await page.js(_LOADED)
            painted = [await _visit(page, url) for _ in range(visits)]
            shown = await _changes(hub, page, url, changes)
            gaps = await _pan(page, url)
    kilobytes = sum((DIST / f"{path[1:]}.gz").stat().st_size for path in loaded) / 1000
    note = f"{visits} visits, nothing kept from before, processor {SLOWER} times slower"
    told = "a wish sent to the hub -> the frame with the lamp's answer"
    median_ms = f"p50 {median(shown):.0f} ms"
    return [
        at_most("app_js_gzip", kilobytes, "kB", 180, f"{len(loaded)} files, until the page shows"),
        at_most("app_first_paint", median(painted) / 1000, "s", 1, note),
        at_most(
            "app_change_to_pixels_p95", percentile(shown, 0.95), "ms", 100, f"{told}; {median_ms}"
        ),
        at_most(
            "app_history_frame_p95",
            percentile(gaps, 0.95),
            "ms",
            50,
            f"a day of minutes and the day before, dragged by a finger, processor {SLOWER} times "
            f"slower; longest {max(gaps):.0f} ms",
        ),
    ]


async def _let_in(hub: Hub, browser: Browser, url: str) -> Page:
    """Pair by digits, and come back as a first visit of a device that is let in."""
    page = await browser.page()
    await page.size(*PHONE, mobile=True)
    digits = (await hub.api.ask("pair", {}))["digits"]
    await page.go(url)
    digits_field = "document.querySelector('[name=digits]')"
    await page.wait(f"{digits_field} && ({digits_field}.focus(), true)")
    await page.type(digits)
    await page.js("document.querySelector('form button').click()")
    await page.wait("document.querySelector('.shell')")
    await page.call("Network.setCacheDisabled", cacheDisabled=True)
    await page.call("Network.setBypassServiceWorker", bypass=True)
    await page.go(url)
    await page.wait("document.querySelector('.plane')")
    return page


async def _visit(page: Page, url: str) -> float:
    """Return when something is first painted, in milliseconds after the visit began."""
    await page.go("about:blank")
    await page.call("Emulation.setCPUThrottlingRate", rate=SLOWER)
    await page.go(url)
    painted = float(await page.wait(_PAINTED))
    await page.wait("document.querySelector('.plane')")
    await page.call("Emulation.setCPUThrottlingRate", rate=1)
    return painted


async def _changes(hub: Hub, page: Page, url: str, changes: int) -> list[float]:
    """Return the milliseconds from each wish of another client to the page's pixels."""
    await page.go(f"{url}/rooms")
    await page.wait("document.querySelector('.tile')")
    await page.js(_WATCH)
    token = (await hub.api.ask("token", {}))["token"]
    headers = {"Authorization": f"Bearer {token}"}
    shown: list[float] = []
    async with aiohttp.ClientSession(url, headers=headers) as client:
        for number in range(changes):
            level = 2 + number % 97
            began = time.time() * 1000
            wish = {"on": True, "level": level / 100}
            async with client.post(f"/api/v1/devices/{LAMP}/commands", json=wish) as answer:
                answer.raise_for_status()
            shown.append(float(await page.wait(f"window.seen[{level}]")) - began)
            await page.js(f"delete window.seen[{level}]")
            await asyncio.sleep(0.05)
    return shown


async def _pan(page: Page, url: str) -> list[float]:
    """Drag a day of minutes beside the day before; return the gaps between frames (ms)."""
    await page.go(f"{url}/history")
    await page.wait(_CHART)
    await page.js(
        "(() => { const s = [...document.querySelectorAll('select')].find((e) => [...e.options]"
        ".some((o) => o.text.startsWith('the day before'))); s.value = [...s.options]"
        ".find((o) => o.text.startsWith('the day before')).value; "
        "s.dispatchEvent(new Event('change', {bubbles: true})); return true; })()"
    )
    await page.wait("document.querySelectorAll('.chart .u-over').length === 2")
    x, y = await page.js(
        f"(() => {{ {_CHART}.scrollIntoView({{block: 'center'}}); "
        f"const r = {_CHART}.getBoundingClientRect(); "
        "return [r.left + r.width / 4, r.top + r.height / 2]; })()"
    )
    await page.call("Emulation.setCPUThrottlingRate", rate=SLOWER)
    shown = await page.js(_SHOWN)
    await page.js(_FRAMES)
    for turn in range(PANS):
        way = 1 if turn % 2 == 0 else -1  # into the past, and back
        await _finger(page, "touchStart", x, y)
        for step in range(MOVES):
            await _finger(page, "touchMove", x + way * step * MOVE_PX, y)
            await asyncio.sleep(EVERY_S)
        await _finger(page, "touchEnd")
        if turn == 0:
            await page.wait(f"{_SHOWN} !== {shown!r}")  # it moved
    gaps = await page.js("window.gaps")
    await page.call("Emulation.setCPUThrottlingRate", rate=1)
    return [float(gap) for gap in gaps]


async def _finger(page: Page, kind: str, *at: float) -> None:
    points = [{"x": at[0], "y": at[1]}] if at else []
    await page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
