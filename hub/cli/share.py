"""`moodsync homekit`: the code that lets a phone's Home app in."""

import argparse
from contextlib import closing

from hub.cli.output import connect, show
from hub.cli.welcome import qr


def homekit(args: argparse.Namespace) -> int:
    """Show the code, or forget the controllers that are paired."""
    with closing(connect(args)) as hub:
        answer = hub.call("apple_home", forget=args.forget)
    if args.forget:
        lines = ["forgotten; run 'moodsync homekit' for the new code"]
    elif answer["code"] is None:
        lines = [
            f"paired with {answer['paired']} controller(s); let others in from the Home app,",
            "or run 'moodsync homekit --forget' to start anew",
        ]
    else:
        lines = [*qr(answer["link"]), f"In the Home app: add accessory, code {answer['code']}"]
    return show(args, answer, lines)
