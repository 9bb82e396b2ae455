"""Backups of a Zigbee network as files, and their way back to a stick.

A file holds the network's key: whoever has it can listen and join.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from zigpy.backups import NetworkBackup

from drivers.operations import Answer, NoArguments, Operation, Progress
from drivers.types import Refused
from drivers.zigbee.arguments import Restore
from drivers.zigbee.owner import Owner, asked

BACKUPS: Final = "backups"


class Backups:
    """The operations that make a backup and write one to the stick."""

    def __init__(self, owner: Owner, folder: Path) -> None:
        self._owner = owner
        self._folder = folder / BACKUPS
        self.all = (
            Operation(
                "backup", "Back the network up to a file", NoArguments, self._backup, limit_s=120
            ),
            Operation(
                "restore",
                "Write a backed-up network to the stick",
                Restore,
                self._restore,
                limit_s=180,
                destroys=True,
            ),
        )

    def files(self) -> list[str]:
        """Return the names of those that there are."""
        return sorted(file.name for file in self._folder.glob("*.json"))

    async def _backup(self, _: NoArguments, __: Progress) -> Answer:
        application, _household = self._owner.running
        backup = await asked(application.backups.create_backup(load_devices=True))
        now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._folder / f"zigbee-{now}.json"
        content = json.dumps(backup.as_open_coordinator_json(), indent=1).encode()
        with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
        return {"file": file.name, "devices": len(backup.network_info.nwk_addresses)}

    async def _restore(self, given: Restore, progress: Progress) -> Answer:
        application, household = self._owner.running
        try:
            content = json.loads((self._folder / given.file).read_bytes())
            backup = NetworkBackup.from_open_coordinator_json(content)
        except FileNotFoundError:
            raise Refused(f"there is no backup {given.file}") from None
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise Refused(f"{given.file} is no backup of a Zigbee network") from err
        progress("writing to the stick")
        await asked(application.backups.restore_backup(backup))
        progress("the network starts again")
        household.end("the restored network has to be started")
        return {"restored": given.file, "channel": int(backup.network_info.channel)}
