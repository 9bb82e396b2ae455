"""When to ask the ACME authority, and when not to: renewal, back-off, what is still good.

A certificate is renewed when a third of its life is left. A failure is written down with when to
try next, so that neither a restart nor an impatient supervisor hammers the authority. After a
refusal nothing is asked for a day, or until the settings change.
"""

import asyncio
import datetime as dt
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import structlog

from hub.api.certificates import Files, fingerprint
from hub.errors import HubError
from hub.phrase import Phrase
from hub.settings import AcmeSettings
from hub.supervisor import NeedsAttention

log = structlog.get_logger(__name__)

LIMIT_S = 1800.0
NOTE, FAILED = "acme.json", "acme-failed.json"
DAY = dt.timedelta(days=1)
MOST_DOUBLINGS = 5
LEFT = 1 / 3


class AcmeFiles:
    """The certificate of one folder. `problem` is a sentence while renewing fails."""

    def __init__(self, folder: Path, settings: AcmeSettings, names: tuple[str, ...]) -> None:
        self._folder = folder
        self._names = tuple(sorted(names))
        self._asked = {
            **settings.model_dump(mode="json"),
            "names": list(self._names),
            "ca_file": str(settings.ca_file) if settings.ca_file else None,
        }
        self._version = hashlib.sha256(json.dumps(self._asked).encode()).hexdigest()
        self._settings = settings
        self.problem = ""

    async def current(self, now: dt.datetime) -> Files:
        """Return the certificate, got or renewed where that is due.

        Raises NeedsAttention where a person has to help and none is good; HubError if it may work
        later and none is good.
        """
        left = await asyncio.to_thread(self._left, now)
        if left > LEFT:
            self.problem = ""
            return self._files()
        failed = await asyncio.to_thread(self._failure, now)
        if failed is None:
            failed = await self._get(now)
        if failed is None:
            self.problem = ""
            return self._files()
        self.problem = Phrase("service.certificate", message=failed["message"])
        if left > 0:
            return self._files()
        if failed["error"] == "AcmeRefused":
            raise NeedsAttention(self.problem)
        raise HubError(
            Phrase("service.certificate_later", problem=self.problem, next=failed["next"])
        )

    def _files(self) -> Files:
        return Files(self._folder / "acme.crt", self._folder / "acme.key", None)

    def _left(self, now: dt.datetime) -> float:
        """Return how much of the certificate's life is left, of 1; 0 if it is of no use."""
        try:
            note = json.loads((self._folder / NOTE).read_text())
            starts, ends = (dt.datetime.fromisoformat(note[k]) for k in ("starts", "ends"))
            good = (
                note["sha256"] == fingerprint(self._folder / "acme.crt").hex()
                and (self._folder / "acme.key").is_file()
                and tuple(note["names"]) == self._names
                and note["directory"] == self._settings.directory
            )
            return max(0.0, (ends - now) / (ends - starts)) if good else 0.0
        except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
            return 0.0

    def _failure(self, now: dt.datetime) -> dict[str, Any] | None:
        """Return the failure after which it is too early to try again."""
        found = self._last()
        if found is None or found.get("version") != self._version:
            return None
        return found if now < dt.datetime.fromisoformat(found["next"]) else None

    def _last(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self._folder / FAILED).read_text())
            dt.datetime.fromisoformat(found["next"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return dict(found)

    async def _get(self, now: dt.datetime) -> dict[str, Any] | None:
        """Ask the authority; return what failed, None if the certificate is there."""
        said = await self._child()
        if "ok" in said:
            await asyncio.to_thread((self._folder / FAILED).unlink, missing_ok=True)
            log.info("acme_certificate", names=list(self._names))
            return None
        last = await asyncio.to_thread(self._last)
        tries = last["tries"] + 1 if last and last.get("version") == self._version else 0
        pause = dt.timedelta(seconds=said["after_s"]) * 2 ** min(tries, MOST_DOUBLINGS)
        wait = DAY if said["error"] == "AcmeRefused" else min(DAY, pause)
        failed = said | {
            "version": self._version,
            "tries": tries,
            "next": (now + wait).isoformat(timespec="seconds"),
        }
        await asyncio.to_thread(self._write, failed)
        log.warning("acme_failed", reason=said["message"], next=failed["next"])
        return failed

    async def _child(self) -> dict[str, Any]:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub.api.acme_child", str(self._folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                out, _ = await child.communicate(json.dumps(self._asked).encode())
            return dict(json.loads(out))
        except (TimeoutError, ValueError):
            message = "getting a certificate took too long or its process broke"
            return {"error": "AcmeLater", "message": message, "after_s": 3600.0}
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()

    def _write(self, failed: dict[str, Any]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / FAILED
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(failed, file)
        new.replace(path)
