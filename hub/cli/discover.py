"""`moodsync discover`: what is in the network that could be added. Needs no running hub."""

import argparse
import asyncio
from typing import Any

from hub.cli.output import settings_of, show
from hub.discover.discover import discover as look_around


def discover(args: argparse.Namespace) -> int:
    """Look around for some seconds and print suggestions; nothing is added."""
    settings = settings_of(args)
    answer = asyncio.run(look_around(settings, args.seconds, args.interface))
    lines = [line for one in answer["suggestions"] for line in _told(one)]
    lines += [f"could not ask by {problem}" for problem in answer["problems"]]
    return show(args, answer, lines or ["nothing that the hub knows announces itself here"])


def _told(one: dict[str, Any]) -> list[str]:
    lines = [f"{one['kind']}: {one['name']} ({one['address']}, by {one['found_by']})"]
    if one["configured"]:
        lines.append("  is configured")
    if one["add"]:
        lines.append("  add to your configuration:")
        lines += [f"    {line}" for line in one["add"].splitlines()]
    if one["run"]:
        lines.append(f"  then run: {one['run']}")
    if one["note"]:
        lines.append(f"  note: {one['note']}")
    return lines
