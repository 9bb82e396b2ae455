"""Commands for one encrypted file with all that the hub keeps: backup, restore.

They work with a running hub, and without one on its files. The passphrase is asked for, or is the
first line of standard input when that is no terminal; it never stands on the command line.
"""

import argparse
import asyncio
import getpass
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from hub.backup.backups import LIMIT_S, SHORTEST, Backups
from hub.cli.output import columns, connect, settings_of, show
from hub.config import find_config
from hub.errors import NotRunning, Refusal
from hub.state_dir import state_dir
from hub.store import staged
from hub.store.lock import DirectoryLock


def backup(args: argparse.Namespace) -> int:
    """Write an encrypted backup."""
    out = args.file.expanduser().absolute()
    asked = {"file": str(out), "passphrase": _new_passphrase()}
    try:
        hub = connect(args)
    except NotRunning:
        made = asyncio.run(_make(args, out, asked["passphrase"]))
    else:
        with closing(hub):
            hub.wait_up_to(LIMIT_S)
            made = hub.call("backup", _tell, **asked)
    line = f"written to {made['file']}, {made['bytes']} bytes; without the passphrase it is lost"
    return show(args, made, [line])


def restore(args: argparse.Namespace) -> int:
    """Check a backup whole and put it in the place of what is there; or undo that."""
    if args.undo == (args.file is not None):
        raise Refusal("bad_request", "name the backup's file, or give --undo")
    if not args.yes:
        _confirm(undo=args.undo)
    asked: dict[str, Any] = {}
    if args.file is not None:
        asked = {"file": str(args.file.expanduser().absolute()), "passphrase": _passphrase()}
    try:
        hub = connect(args)
    except NotRunning:
        answer = asyncio.run(_restore(args, asked))
    else:
        with closing(hub):
            hub.wait_up_to(LIMIT_S)
            answer = hub.call("undo_restore" if args.undo else "restore", _tell, **asked)
    rows = [("file", "bytes"), *((n, str(size)) for n, size in answer.get("files", {}).items())]
    lines = columns(rows) if args.file is not None else []
    after = "the hub starts anew" if answer["restarts"] else "it counts from the next start on"
    return show(
        args,
        answer,
        [*lines, f"{after}; consent is needed anew; moodsync restore --undo takes it back"],
    )


async def _make(args: argparse.Namespace, out: Path, passphrase: str) -> dict[str, Any]:
    directory = state_dir(settings_of(args).store)
    lock = DirectoryLock(directory)
    lock.take()
    try:
        config = args.config or find_config()
        return await Backups(directory).make(out, passphrase, config, time.time(), _tell)
    finally:
        lock.drop()


async def _restore(args: argparse.Namespace, asked: dict[str, Any]) -> dict[str, Any]:
    directory = state_dir(settings_of(args).store)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    backups = Backups(directory)
    answer: dict[str, Any] = {}
    if asked:
        answer = await backups.stage(Path(asked["file"]), asked["passphrase"], _tell)
    else:
        await backups.undo()
    await asyncio.to_thread(staged.apply, directory)
    return answer | {"restarts": False}


def _tell(progress: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress}    ", end="", file=sys.stderr, flush=True)


def _passphrase() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Passphrase: ")
    return sys.stdin.readline().rstrip("\n")


def _new_passphrase() -> str:
    given = _passphrase()
    if len(given) < SHORTEST:
        raise Refusal("passphrase_short", f"a passphrase has at least {SHORTEST} characters")
    if sys.stdin.isatty() and getpass.getpass("Again: ") != given:
        raise Refusal("not_confirmed", "these were not the same; nothing was written")
    return given


def _confirm(*, undo: bool) -> None:
    if not sys.stdin.isatty():
        raise Refusal("not_confirmed", "this replaces all that the hub keeps", "add --yes")
    what = "what was there before the last restore" if undo else "the backup"
    question = f"Replace all that the hub keeps by {what}? Type yes: "
    if input(question).strip().lower() != "yes":
        raise Refusal("not_confirmed", "nothing was changed")
