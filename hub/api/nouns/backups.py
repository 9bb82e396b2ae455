"""system/backup and system/restore: one encrypted file with all a hub keeps; for owners."""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import Field

from hub.api.access import Access
from hub.api.answer import secured
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.backup.backups import LIMIT_S, SHORTEST
from hub.phrase import Phrase
from hub.state_dir import state_dir
from hub.store import staged

UPLOAD = "upload"
MOST_BYTES = 16 << 30
PART = 1 << 18
IDLE_S = 30.0
"""Longest that an upload may pause."""
OCTETS = "application/octet-stream"


class NewBackup(Body):
    """The passphrase that will open it; the hub does not keep it."""

    passphrase: str = Field(min_length=SHORTEST, max_length=1024)


class Passphrase(Body):
    """The passphrase that it was made with."""

    passphrase: str = Field(max_length=1024)


class Uploaded(Shape):
    """How much has arrived."""

    bytes: int


class Restored(Shape):
    """What was restored. The hub starts anew with it: sessions end, paired devices stay."""

    made_at: str
    version: str
    files: dict[str, int]
    restarts: bool
    """False where a person has to start the hub again."""


class RestoreState(Shape):
    """Where things stand. `progress` is a percentage while something is being done."""

    uploaded: bool
    waits: bool
    can_undo: bool
    progress: str


class Undone(Shape):
    """What was there before comes back when the hub starts anew."""

    restarts: bool


async def make_sealed_backup(call: Call) -> web.StreamResponse:
    """Make an encrypted backup of everything and send it; nothing of it stays on the hub."""
    hub, sent = call.context.hub, call.sent(NewBackup)
    folder = staged.place(state_dir(hub.settings.store))
    out = folder / f"sent-{secrets.token_hex(4)}"
    now = datetime.fromtimestamp(hub.clock.wall(), UTC)
    try:
        await hub.backups.make(out, sent.passphrase, call.identity.by, lambda _: None)
        response = web.StreamResponse(
            headers={
                "Content-Type": OCTETS,
                "Content-Disposition": f'attachment; filename="moodsync-{now:%Y%m%d-%H%M}.backup"',
                "Content-Length": str(out.stat().st_size),
            }
        )
        await secured(response).prepare(call.request)
        with out.open("rb") as file:
            while part := await asyncio.to_thread(file.read, PART):
                await response.write(part)
        await response.write_eof()
    finally:
        out.unlink(missing_ok=True)
    return response


async def get_restore(call: Call) -> dict[str, Any]:
    """Where a restore stands."""
    hub = call.context.hub
    directory = state_dir(hub.settings.store)
    return {
        "uploaded": _upload(directory).is_file(),
        "waits": staged.waits(directory),
        "can_undo": staged.can_undo(directory),
        "progress": hub.backups.progress,
    }


async def put_restore_file(call: Call) -> dict[str, Any]:
    """Send a backup's file; it replaces one that was sent before. Nothing is restored yet."""
    if call.request.content_type != OCTETS:
        raise Problem(415, "not_octets", Phrase("refused.not_octets", type=OCTETS))
    path = _upload(state_dir(call.context.hub.settings.store))
    unfinished = path.with_name(f"upload-{secrets.token_hex(4)}")
    size = 0
    parts = call.request.content.iter_chunked(PART)
    try:
        with unfinished.open("xb") as file:
            while True:
                async with asyncio.timeout(IDLE_S):
                    part = await anext(parts, b"")
                if not part:
                    break
                size += len(part)
                if size > MOST_BYTES:
                    raise Problem(413, "too_large", Phrase("refused.too_large", most=MOST_BYTES))
                await asyncio.to_thread(file.write, part)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return {"bytes": size}


async def restore_backup(call: Call) -> dict[str, Any]:
    """Check the file whole, then put it in the place of everything; what was there is kept.

    Consents are not taken over: each has to be given anew.
    """
    hub, sent = call.context.hub, call.sent(Passphrase)
    path = _upload(state_dir(hub.settings.store))
    if not path.is_file():
        raise Problem(409, "no_file", Phrase("refused.no_file"), Phrase("mend.send_file"))
    told = await hub.backups.restore(path, sent.passphrase, call.identity.by, lambda _: None)
    path.unlink(missing_ok=True)
    return told


async def undo_restore(call: Call) -> dict[str, Any]:
    """Put back what was there before the last restore."""
    return await call.context.hub.backups.undo(call.identity.by)


def _upload(directory: Path) -> Path:
    return staged.place(directory) / UPLOAD


ROUTES: Iterable[Route] = (
    Route(
        *("POST", "/system/backup", "An encrypted backup of everything", Access.ADMIN),
        make_sealed_backup,
        body=NewBackup,
        answer=str,
        media=OCTETS,
        limit_s=LIMIT_S,
        proof=True,
    ),
    Route(
        *("GET", "/system/restore", "Where a restore stands", Access.ADMIN, get_restore),
        answer=RestoreState,
    ),
    Route(
        *("PUT", "/system/restore/file", "Send a backup's file", Access.ADMIN, put_restore_file),
        answer=Uploaded,
        limit_s=LIMIT_S,
        proof=True,
    ),
    Route(
        *("POST", "/system/restore", "Restore it", Access.ADMIN, restore_backup),
        body=Passphrase,
        answer=Restored,
        status=202,
        limit_s=LIMIT_S,
        proof=True,
    ),
    Route(
        *("POST", "/system/restore/undo", "Put back what was before", Access.ADMIN, undo_restore),
        answer=Undone,
        status=202,
        proof=True,
    ),
)
