"""Takes pictures of the app's pages: Chromium on the demo hub, with a made-up day behind it.

The tests' own house is used: the hub in a process of its own, paired as a phone is.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from hub.bench.browser import Browser, chromium
from hub.bench.made_up_day import write_days
from hub.settings import StoreSettings
from hub.types import RoomId
from tests.app.house import House, house
from tests.app.rig import DESKTOP, PHONE, Phone

OUT = Path("docs/app")
QUALITY = 80
ROOM = RoomId("living_room")
SETTLED_S = 1.5
PAGES = {
    "now": "/",
    "history": "/history",
    "rooms": "/rooms",
    "music": "/music",
    "privacy": "/privacy",
    "journal": "/journal",
    "device": "/device",
    "rules": "/rules",
    "rule": "/rules/new",
    "scenes": "/scenes",
    "devices": "/devices",
    "add": "/devices/add",
    "settings": "/settings",
    "members": "/settings/members",
    "sessions": "/settings/sessions",
    "door": "/settings/pair",
    "security": "/settings/security",
    "health": "/settings/health",
    "log": "/settings/log",
    "config": "/settings/config",
    "backup": "/settings/backup",
    "welcome": "/welcome",
}
DARK = {"now", "rooms"}
ON_A_PHONE = {"door", "log", "members", "security", "sessions"}
"""Little stands on these: a wide picture would show no more."""


def main(wanted: list[str]) -> None:
    """Take the pictures that are asked for, or all."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="moodsync-pictures-") as folder,
        house(Path(folder), before=_remember_a_day) as home,
    ):
        asyncio.run(_take(home, wanted or ["pair", *PAGES]))


async def _take(home: House, wanted: list[str]) -> None:
    async with chromium(home.authority) as browser:
        await _take_in(browser, home, wanted)


async def _take_in(browser: Browser, home: House, wanted: list[str]) -> None:
    for name, size in (("phone", PHONE), ("desktop", DESKTOP)):
        phone = await Phone.new(browser, home.url, size)
        await phone.page.go(home.pair()["link"])
        await phone.fill("What to call this device", "Ada's phone")
        if "pair" in wanted and size == PHONE:
            await _save(phone, f"pair-{name}")
        await phone.tap("Let this device in")
        await phone.page.wait("document.querySelector('.plane')")
        # The offer to set the home up stands on the first page until somebody says no.
        await phone.page.js(
            "[...document.querySelectorAll('button')]"
            ".find((b) => b.innerText === 'Not now')?.click()"
        )
        for page in [page for page in wanted if page in PAGES]:
            if size == DESKTOP and page in ON_A_PHONE:
                continue
            await phone.turn_to(PAGES[page])
            await asyncio.sleep(SETTLED_S)
            await _save(phone, f"{page}-{name}")
            if page in DARK:
                await phone.page.scheme("dark")
                await _save(phone, f"{page}-{name}-dark")
                await phone.page.scheme("light")
        await phone.page.close()


async def _save(phone: Phone, name: str) -> None:
    pixels = cv2.imdecode(np.frombuffer(await phone.page.picture(), np.uint8), cv2.IMREAD_COLOR)
    cv2.imwrite(str(OUT / f"{name}.webp"), pixels, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    print(f"{name}: {(OUT / f'{name}.webp').stat().st_size / 1000:.0f} kB")


def _remember_a_day(home: House) -> None:
    home.state.mkdir(mode=0o700)
    asyncio.run(write_days(StoreSettings(directory=home.state), ROOM))


if __name__ == "__main__":
    main(sys.argv[1:])
