"""Gets a certificate by ACME in a process of its own, and puts it in place.

    python -m hub.api.acme_child FOLDER      what is wanted as JSON on standard input

Standard output: {"ok": true}, or {"error": "AcmeRefused" | "AcmeLater", "message", "after_s"}.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub.api.acme import Acme, AcmeError, AcmeLater, Wanted
from hub.api.authority import pem, write

ACCOUNT = "acme-account.key"
NOTE = "acme.json"


def main() -> None:
    """Do what standard input says."""
    folder, asked = Path(sys.argv[1]), json.loads(sys.stdin.read())
    said: dict[str, Any] = {"ok": True}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        asyncio.run(_issue(folder, asked))
    except AcmeError as err:
        kind = "AcmeLater" if isinstance(err, AcmeLater) else "AcmeRefused"
        after_s = err.after_s if isinstance(err, AcmeLater) else 0.0
        said = {"error": kind, "message": str(err), "after_s": after_s}
    print(json.dumps(said))  # noqa: T201 - how it talks to the hub


async def _issue(folder: Path, asked: dict[str, Any]) -> None:
    wanted = Wanted(
        asked["directory"],
        tuple(asked["names"]),
        tuple(asked["hook"]),
        asked["contact"],
        asked["dns_wait_s"],
    )
    tls = ssl.create_default_context(cafile=asked["ca_file"])
    key = ec.generate_private_key(ec.SECP256R1())
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        chain = await Acme(session, tls, _account(folder / ACCOUNT)).issue(wanted, key)
    try:
        leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    except (ValueError, IndexError) as err:
        raise AcmeLater("the authority's answer holds no certificate") from err
    if leaf.public_key() != key.public_key():
        raise AcmeLater("the authority's certificate is for another key")
    write(folder / "acme.key", pem(key))
    write(folder / "acme.crt", chain.encode())
    note = {
        "names": sorted(wanted.names),
        "directory": wanted.directory,
        "starts": leaf.not_valid_before_utc.isoformat(),
        "ends": leaf.not_valid_after_utc.isoformat(),
        "sha256": leaf.fingerprint(hashes.SHA256()).hex(),
    }
    write(folder / NOTE, json.dumps(note).encode())


def _account(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.is_file():
        found = serialization.load_pem_private_key(path.read_bytes(), None)
        assert isinstance(found, ec.EllipticCurvePrivateKey)
        return found
    key = ec.generate_private_key(ec.SECP256R1())
    write(path, pem(key))
    return key


if __name__ == "__main__":
    main()
