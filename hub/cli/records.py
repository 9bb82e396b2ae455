"""Commands about what is kept and allowed: consent, privacy, export, erase.

They work with a running hub, and without one on its files.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any

from hub.cli.output import columns, connect, settings_of, show
from hub.clock import SystemClock
from hub.errors import NotRunning, Refusal
from hub.log import set_up
from hub.records import Records
from hub.store.store import Store


def consent(args: argparse.Namespace) -> int:
    """Give, withdraw or list consent."""
    if args.action != "list" and not (args.person and args.sense):
        raise Refusal("bad_request", f"moodsync consent {args.action} PERSON SENSE")
    answer = _ask(
        args,
        "consent",
        {"action": args.action, "person": args.person, "sense": args.sense},
        lambda records: records.consent(args.action, args.person, args.sense),
    )
    rows = [("person", "sense", "allowed")]
    rows += [
        (row["person"], row["sense"], "yes" if row["allowed"] else "no")
        for row in answer["consents"]
    ]
    return show(args, answer, columns(rows))


def privacy(args: argparse.Namespace) -> int:
    """Pause all cameras and microphones, or resume."""
    on = args.state == "on"
    answer = _ask(args, "privacy", {"on": on}, lambda records: records.privacy(on=on))
    return show(args, answer, [f"privacy mode is {args.state}"])


def export(args: argparse.Namespace) -> int:
    """Write everything about a person as JSON and CSV."""
    out = args.out.expanduser().absolute()
    answer = _ask(
        args,
        "export",
        {"person": args.person, "out": str(out)},
        lambda records: records.export(args.person, out),
    )
    rows = [("file", "rows")]
    rows += [(name, str(count)) for name, count in answer["files"].items()]
    return show(args, answer, [f"written to {out}", *columns(rows)])


def erase(args: argparse.Namespace) -> int:
    """Erase a person, or everything, and prove that nothing is left in the files."""
    who = None if args.all else args.person
    if not args.yes:
        _confirm(who)
    answer = _ask(args, "erase", {"person": who}, lambda records: records.erase(who))
    rows = [("table", "rows erased")]
    rows += [(table, str(count)) for table, count in answer["erased"].items()]
    proof = f"checked {answer['files_checked']} files: {answer['traces']} traces left"
    show(args, answer, [*columns(rows), proof])
    return 0 if answer["traces"] == 0 else 1


def _confirm(who: str | None) -> None:
    if not sys.stdin.isatty():
        raise Refusal("not_confirmed", "erasing cannot be undone", "add --yes")
    what = "everything the hub has stored" if who is None else f"everything about {who}"
    if input(f"Erase {what}? This cannot be undone. Type yes: ").strip().lower() != "yes":
        raise Refusal("not_confirmed", "nothing was erased")


def _ask(
    args: argparse.Namespace,
    what: str,
    parameters: dict[str, Any],
    offline: Callable[[Records], Coroutine[Any, Any, dict[str, Any]]],
) -> dict[str, Any]:
    """Ask the running hub, or do the same on the files when none is running."""
    try:
        hub = connect(args)
    except NotRunning:
        return asyncio.run(_offline(args, offline))
    with closing(hub):
        return hub.call(what, **parameters)


async def _offline(
    args: argparse.Namespace, work: Callable[[Records], Coroutine[Any, Any, dict[str, Any]]]
) -> dict[str, Any]:
    settings = settings_of(args)
    set_up("warning", settings.log.format)  # to standard error: what is printed stays clean
    store = Store(settings.store, SystemClock(settings.home.timezone))
    await store.open()
    try:
        return await work(Records(settings, store))
    finally:
        await store.close()
