"""Making, checking and undoing: what the command line and the API ask for."""

import asyncio
import json
import secrets
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.backup import snapshot
from hub.backup.errors import KINDS, BackupBroken, BackupError
from hub.errors import Refusal
from hub.phrase import Phrase
from hub.store import staged
from hub.store.wipe import wipe

SHORTEST = 12
"""Characters of a passphrase: the file may lie where others can try for years."""
LIMIT_S = 3600.0
LINE_BYTES = 8 << 20

Tell = Callable[[str], None]


class Backups:
    """Works on one state directory; one thing at a time. Audit is the caller's."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.progress = ""
        """How what is being done goes, for those who ask; empty when nothing is."""
        self._turn = asyncio.Lock()

    async def make(
        self, out: Path, passphrase: str, config_file: Path | None, now_s: float, tell: Tell
    ) -> dict[str, Any]:
        """Write a sealed backup to a file that does not exist yet.

        The caller has the store open and has flushed it, or nobody has. Raises BackupError.
        """
        if len(passphrase) < SHORTEST:
            raise Refusal("passphrase_short", Phrase("refused.passphrase_short", least=SHORTEST))
        if await asyncio.to_thread(out.exists):
            raise Refusal(
                "conflict", Phrase("refused.file_there", file=str(out)), Phrase("mend.other_name")
            )
        from importlib.metadata import version  # noqa: PLC0415 - slow, and rarely asked for

        made = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="seconds")
        about = {"version": version("moodsync-hub"), "made_at": made}
        async with self._turn, _Folder(self._directory, "snapshot") as folder:
            await asyncio.to_thread(snapshot.take, self._directory, folder, config_file)
            unfinished = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
            try:
                await self._child("seal", folder, unfinished, passphrase, about, tell)
                unfinished.chmod(0o600)
                unfinished.rename(out)
            except OSError as err:
                raise BackupError(f"{out}: {err.strerror}") from err
            finally:
                unfinished.unlink(missing_ok=True)
        size = (await asyncio.to_thread(out.stat)).st_size
        return {"file": str(out), "bytes": size, **about}

    async def stage(self, file: Path, passphrase: str, tell: Tell) -> dict[str, Any]:
        """Open and check a backup whole, and let it wait to be put in place.

        Returns when it was made, by which version, and its files. Nothing has changed if it raises
        WrongPassphrase, BackupBroken, BackupNewer or BackupError.
        """
        async with self._turn, _Folder(self._directory, "opened") as folder:
            said = await self._child("open", folder, file, passphrase, {}, tell)
            tell("checking")
            await asyncio.to_thread(snapshot.check, folder)
            await asyncio.to_thread(staged.make_ready, self._directory, folder)
        return {
            "made_at": str(said.get("made_at", "")),
            "version": str(said.get("version", "")),
            "files": {name: one["bytes"] for name, one in said["files"].items()},
        }

    async def undo(self) -> None:
        """Let what was there before the last restore wait to be put back. Raises Refusal."""
        async with self._turn:
            if not await asyncio.to_thread(staged.undo, self._directory):
                raise Refusal("nothing_to_undo", Phrase("refused.no_restore"))

    async def _child(
        self,
        what: str,
        folder: Path,
        file: Path,
        passphrase: str,
        about: dict[str, Any],
        tell: Tell,
    ) -> dict[str, Any]:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub.backup.child", what, str(folder), str(file)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_BYTES,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        last: dict[str, Any] = {}
        try:
            async with asyncio.timeout(LIMIT_S):
                child.stdin.write(json.dumps({"passphrase": passphrase, "about": about}).encode())
                child.stdin.close()
                async for line in child.stdout:
                    last = json.loads(line)
                    if "of" in last:
                        self.progress = f"{100 * last['done'] // max(1, last['of'])} %"
                        tell(self.progress)
                await child.wait()
        except TimeoutError as err:
            raise BackupError(Phrase("refused.took_minutes", minutes=round(LIMIT_S / 60))) from err
        finally:
            self.progress = ""
            if child.returncode is None:
                child.kill()
                await child.wait()
        if "error" in last:
            raise KINDS[last["error"]](last["message"])
        if "manifest" not in last:
            raise BackupBroken(Phrase("backup.ended_early"))
        return dict(last["manifest"])


class _Folder:
    """A new folder beside the state, wiped afterwards unless it was renamed away."""

    def __init__(self, directory: Path, name: str) -> None:
        self._path = staged.place(directory) / f"{name}-{secrets.token_hex(4)}"

    async def __aenter__(self) -> Path:
        self._path.mkdir(mode=0o700)
        return self._path

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        if self._path.is_dir():
            wipe(path for path in self._path.rglob("*") if path.is_file())
            shutil.rmtree(self._path)
