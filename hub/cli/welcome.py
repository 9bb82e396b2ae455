"""What `moodsync run` says once it runs: where the app is, and how to let the first device in."""

import asyncio
import io
import sys
from typing import Any

from hub.app import Hub
from hub.errors import HubError

UP_LIMIT_S = 60.0
NEXT = """\
In another terminal:
  moodsync pair             let a phone or browser in (link, QR code, digits)
  moodsync moods            watch it live
  moodsync say "..."        tell it something
  moodsync status           services, senses, memory
Ctrl-C stops it; lights stay as they are."""


async def welcome(hub: Hub, *, terminal: bool) -> None:
    """Print the address to standard error, and on a terminal how to go on.

    While no device was ever let in, pairing is opened for whoever sits at that terminal: they could
    as well type `moodsync pair`. Without a terminal one line is printed and nothing opened.
    """
    home = hub.settings.home.name
    if not hub.settings.api.enabled:
        if terminal:
            print(f"{home} is running, without the app (api.enabled). {NEXT}", file=sys.stderr)
        return
    try:
        async with asyncio.timeout(UP_LIMIT_S):
            where = await hub.api.up()
        lines = [f"{home}: {where['url']}"]
        if terminal:
            if not hub.store.accounts.clients:
                lines += pairing_lines(await hub.api.ask("pair", {"person": _only_person(hub)}))
            lines.append(NEXT)
    except (TimeoutError, HubError) as err:
        lines = [f"{home} is running; its app does not answer: {err or 'see moodsync status'}"]
    print("\n".join(lines), file=sys.stderr)


def pairing_lines(opened: dict[str, Any]) -> list[str]:
    """Return what a person is shown while pairing is open: QR code, digits, for how long."""
    where, digits = opened["where"], opened["digits"]
    spelt = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    lines = [
        *qr(opened["link"]),
        f"Scan this, or open {where['url']} and type:  {spelt}"
        if where["lan"]
        else f"On this machine open {where['url']} and type:  {spelt}",
        f"Open for {opened['closes_in_s']:.0f} s.",
    ]
    if not where["lan"]:
        lines.append(
            "Phones cannot reach it: for them set api.bind: lan, start anew and scan the code."
        )
    if where["authority"]:
        lines.append(f"The home's authority (SHA-256): {_colons(where['authority'])}")
    return lines


def qr(link: str) -> list[str]:
    """Return a link as a QR code of half blocks."""
    import segno  # noqa: PLC0415 - for those who pair alone

    drawn = io.StringIO()
    segno.make_qr(link, error="m").terminal(out=drawn, compact=True)
    return drawn.getvalue().splitlines()


def _only_person(hub: Hub) -> str | None:
    """The first device belongs to who lives here, if that is one person."""
    people = list(hub.settings.people)
    return people[0] if len(people) == 1 else None


def _colons(digest: str) -> str:
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2)).upper()
