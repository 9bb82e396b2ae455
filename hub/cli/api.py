"""Commands about who may use the API: pair, token."""

import argparse
import io
import sys
import time
from contextlib import closing

from hub.cli.output import connect, show

LOOK_EVERY_S = 1.0


def pair(args: argparse.Namespace) -> int:
    """Open pairing for two minutes, show link and digits, and wait for a device."""
    if args.button or args.sticker:
        return _sticker(args)
    with closing(connect(args)) as hub:
        answer = hub.call("pair", role=args.role, person=args.person, name=args.name)
        where, digits = answer["where"], answer["digits"]
        lines = [
            *_qr(answer["link"]),
            f"Scan this, or open {where['url']} and type:  {digits[:3]} {digits[3:6]} {digits[6:]}",
            f"Open for {answer['closes_in_s']:.0f} s.",
        ]
        if not where["lan"]:
            lines.append("Only this machine can reach it; for phones set api.bind: lan.")
        if where["authority"]:
            lines.append(f"The home's authority (SHA-256): {_colons(where['authority'])}")
        if args.json or args.no_wait:
            return show(args, answer, lines)
        print("\n".join(lines), flush=True)
        while (state := hub.call("pairing")["state"]) in {"open", "asked"}:
            time.sleep(LOOK_EVERY_S)
    print("paired" if state == "paired" else "closed; nothing was paired", file=sys.stderr)
    return 0 if state == "paired" else 1


def _sticker(args: argparse.Namespace) -> int:
    """Open pairing as a button does, or show what to write on the hub."""
    with closing(connect(args)) as hub:
        if args.button:
            answer = hub.call("pair_button")
            text = "open for two minutes" if answer["opened"] else "it is open already"
            return show(args, answer, [text])
        answer = hub.call("sticker")
    digits = answer["digits"]
    shown = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    return show(args, answer, [shown, "Write it where only those at home see it."])


def token(args: argparse.Namespace) -> int:
    """Make a token and print it once."""
    with closing(connect(args)) as hub:
        answer = hub.call(
            "api_token",
            name=args.name,
            role=args.role,
            person=args.person,
            scopes=args.scope,
            days=args.days,
        )
    lines = [
        answer["token"],
        "",
        f"It is shown this once. The API: {answer['url']}/api/v1",
        f"Trust: {answer['authority_file'] or 'a public authority'}",
    ]
    return show(args, answer, lines)


def _qr(link: str) -> list[str]:
    """Return a link as a QR code of half blocks."""
    import segno  # noqa: PLC0415 - for this command alone

    drawn = io.StringIO()
    segno.make_qr(link, error="m").terminal(out=drawn, compact=True)
    return drawn.getvalue().splitlines()


def _colons(digest: str) -> str:
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2)).upper()
