"""Commands about who may use the API: pair, token."""

import argparse
import sys
import time
from contextlib import closing

from hub.cli.output import connect, show
from hub.cli.welcome import pairing_lines

LOOK_EVERY_S = 1.0


def pair(args: argparse.Namespace) -> int:
    """Open pairing for two minutes, show link and digits, and wait for a device."""
    if args.button or args.sticker:
        return _sticker(args)
    with closing(connect(args)) as hub:
        answer = hub.call("pair", role=args.role, person=args.person, name=args.name)
        lines = pairing_lines(answer)
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
