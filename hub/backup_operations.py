"""What can be asked about backups: make one, restore one, undo that. Plain data in and out.

Restoring ends with a new start of the hub, by `Hub.restart`, or by a person where there is none.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from hub.backup.backups import Backups, Tell
from hub.control import LongHandler
from hub.phrase import Phrase
from hub.state_dir import state_dir

if TYPE_CHECKING:
    from hub.app import Hub

BY = "command line"


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _File(_Request):
    file: Path
    passphrase: str = Field(max_length=1024)


class BackupOperations:
    """One method an operation; `long_handlers` names them for the control socket."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._backups = Backups(state_dir(hub.settings.store))

    @property
    def progress(self) -> str:
        """How what is being done goes; empty when nothing is."""
        return self._backups.progress

    def long_handlers(self) -> dict[str, LongHandler]:
        """Return the operations by name; they tell how they go."""
        return {"backup": self._backup, "restore": self._restore, "undo_restore": self._undo}

    async def make(self, out: Path, passphrase: str, by: str, tell: Tell) -> dict[str, Any]:
        """Write a sealed backup of the running hub. Raises BackupError, Refusal, StoreError."""
        hub = self._hub
        await hub.store.flush()
        now_s = hub.clock.wall()
        made = await self._backups.make(out, passphrase, hub.config_file, now_s, tell)
        await hub.store.config.audit(by, Phrase("audit.sealed_backup"))
        return made

    async def restore(self, file: Path, passphrase: str, by: str, tell: Tell) -> dict[str, Any]:
        """Check a backup whole, then start anew with it. Raises BackupError; then all is as was."""
        found = await self._backups.stage(file, passphrase, tell)
        await self._hub.store.config.audit(by, Phrase("audit.restore"), found["made_at"])
        return found | {"restarts": self._hub.start_anew_soon()}

    async def undo(self, by: str) -> dict[str, Any]:
        """Start anew with what was there before the last restore. Raises Refusal."""
        await self._backups.undo()
        await self._hub.store.config.audit(by, Phrase("audit.restore_undone"))
        return {"restarts": self._hub.start_anew_soon()}

    async def _backup(self, data: dict[str, Any], tell: Tell) -> dict[str, Any]:
        asked = _File.model_validate(data)
        return await self.make(asked.file, asked.passphrase, BY, tell)

    async def _restore(self, data: dict[str, Any], tell: Tell) -> dict[str, Any]:
        asked = _File.model_validate(data)
        return await self.restore(asked.file, asked.passphrase, BY, tell)

    async def _undo(self, data: dict[str, Any], tell: Tell) -> dict[str, Any]:
        del tell
        _Request.model_validate(data)
        return await self.undo(BY)
