"""The hub's own certificate as the server needs it, without the library that makes it.

Making one is a child process's work (hub.api.authority): the library for certificates costs 9 MB,
and a hub makes one four times a year.
"""

import asyncio
import datetime as dt
import hashlib
import json
import ssl
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.api.names import Address
from hub.errors import HubError

RENEW = dt.timedelta(days=30)
CHILD_LIMIT_S = 60.0
NOTE = "hub.json"
"""What stands in the certificate, beside it."""


@dataclass(frozen=True, slots=True)
class Files:
    """What a TLS server loads, and what devices are to trust."""

    certificate: Path
    key: Path
    authority: Path | None
    """None where a public authority vouches."""


async def own_files(
    folder: Path, names: Iterable[str], addresses: Iterable[Address], now: dt.datetime
) -> Files:
    """Return a good certificate of the hub's own authority, made anew where that is needed.

    Raises HubError if it cannot be made.
    """
    files = Files(folder / "hub.crt", folder / "hub.key", folder / "ca.crt")
    wanted = {"names": sorted(names), "addresses": sorted(str(one) for one in addresses)}
    if not await asyncio.to_thread(_is_good, folder, wanted, now):
        await _make(folder, wanted)
    return files


def fingerprint(certificate: Path) -> bytes:
    """Return the SHA-256 of a certificate (the first in the file). Raises OSError, ValueError."""
    text = certificate.read_text()
    end = "-----END CERTIFICATE-----"
    first, found, _ = text[text.index("-----BEGIN CERTIFICATE-----") :].partition(end)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first + found)).digest()


def _is_good(folder: Path, wanted: dict[str, list[str]], now: dt.datetime) -> bool:
    try:
        note = json.loads((folder / NOTE).read_text())
        ends = dt.datetime.fromisoformat(note["ends"])
        same = note["sha256"] == fingerprint(folder / "hub.crt").hex()
        there = (folder / "hub.key").is_file() and (folder / "ca.crt").is_file()
        return same and there and note["wanted"] == wanted and now < ends - RENEW
    except (OSError, ValueError, KeyError, TypeError):
        return False


async def _make(folder: Path, wanted: dict[str, list[str]]) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub.api.authority", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(CHILD_LIMIT_S):
            _, err = await child.communicate(json.dumps(wanted).encode())
    except BaseException:
        if child.returncode is None:
            child.kill()
            await child.wait()
        raise
    if child.returncode:
        last = err.decode(errors="replace").strip().splitlines()[-1:]
        raise HubError(f"the certificate was not made: {' '.join(last)}")
