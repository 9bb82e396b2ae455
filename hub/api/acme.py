"""A certificate from a public authority by DNS-01: what of RFC 8555 a hub needs.

Runs in a child process (hub.api.acme_child), as the libraries cost 20 MB and it happens six times
a year. The TXT record is set by a command of the household, since every DNS provider differs:
`HOOK... add|remove _acme-challenge.NAME VALUE`.

AcmeError
+-- AcmeRefused   a person has to mend something: trying again would not help
+-- AcmeLater     it may work later: not before `after_s`
"""

import asyncio
import contextlib
import hashlib
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from sync.base64url import b64

REQUEST_S = 30.0
HOOK_S = 180.0
POLL_S = 180.0
LONGEST_PAUSE_S = 30.0
NONCES = 6
"""How often a request is sent anew because its nonce was not good any more."""
MOST_BYTES = 256 << 10
LATER_S = 3600.0

_LATER = frozenset(
    {"rateLimited", "serverInternal", "badNonce", "dns", "connection", "orderNotReady"}
)
_TYPE = "urn:ietf:params:acme:error:"


class AcmeError(Exception):
    """The certificate was not got. Its text is safe to show."""


class AcmeRefused(AcmeError):  # noqa: N818 - says what happened
    """A person has to mend something."""


class AcmeLater(AcmeError):  # noqa: N818
    """It may work later."""

    def __init__(self, text: str, after_s: float = LATER_S) -> None:
        super().__init__(text)
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for."""

    directory: str
    names: tuple[str, ...]
    hook: tuple[str, ...]
    contact: str
    dns_wait_s: float
    """How long the record takes to be seen everywhere after the hook has returned."""


@dataclass(frozen=True, slots=True)
class _Answer:
    data: dict[str, Any]
    text: str
    location: str
    after_s: float


class Acme:
    """One account's talk with one authority, within an aiohttp session."""

    def __init__(
        self, session: aiohttp.ClientSession, tls: ssl.SSLContext, key: ec.EllipticCurvePrivateKey
    ) -> None:
        self._session = session
        self._tls = tls
        self._key = key
        self._account = ""
        self._nonce = ""
        self._directory: dict[str, Any] = {}
        numbers = key.public_key().public_numbers()
        x, y = (b64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
        self._jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        canonical = json.dumps(self._jwk, separators=(",", ":"), sort_keys=True)  # RFC 7638
        self._thumbprint = b64(hashlib.sha256(canonical.encode()).digest())

    async def issue(self, wanted: Wanted, key: ec.EllipticCurvePrivateKey) -> str:
        """Return the chain as PEM for a key of the hub's own. Raises AcmeRefused, AcmeLater."""
        self._directory = (await self._get(wanted.directory)).data
        contact = [wanted.contact] if wanted.contact else []
        account = {"termsOfServiceAgreed": True, "contact": contact}
        self._account = (await self._post(self._url("newAccount"), account)).location
        names = [{"type": "dns", "value": name} for name in wanted.names]
        made = await self._post(self._url("newOrder"), {"identifiers": names})
        await self._authorize(made.data["authorizations"], wanted)
        order = await self._poll(made.location, {"ready", "valid"})
        if order.data["status"] == "ready":
            await self._post(order.data["finalize"], {"csr": b64(_request(wanted.names, key))})
            order = await self._poll(made.location, {"valid"})
        return (await self._post(order.data["certificate"], None)).text

    async def _authorize(self, urls: Sequence[str], wanted: Wanted) -> None:
        """Show that the names are the household's; records are removed whatever happens."""
        waiting: list[tuple[str, str]] = []
        records: list[tuple[str, str]] = []
        try:
            for url in urls:
                found = (await self._post(url, None)).data
                if found["status"] == "valid":
                    continue
                one = next((c for c in found["challenges"] if c["type"] == "dns-01"), None)
                if one is None:
                    raise AcmeRefused("the authority does not offer DNS-01 for this name")
                proof = f"{one['token']}.{self._thumbprint}".encode()
                record = f"_acme-challenge.{found['identifier']['value']}"
                records.append((record, b64(hashlib.sha256(proof).digest())))
                await _hook(wanted.hook, "add", *records[-1])
                waiting.append((url, one["url"]))
            if waiting:
                await asyncio.sleep(wanted.dns_wait_s)
            for url, challenge in waiting:
                await self._post(challenge, {})
                await self._poll(url, {"valid"})
        except AcmeError:
            for record, value in records:
                with contextlib.suppress(AcmeError):  # what went wrong first is what counts
                    await _hook(wanted.hook, "remove", record, value)
            raise
        for record, value in records:
            await _hook(wanted.hook, "remove", record, value)

    async def _poll(self, url: str, until: set[str]) -> _Answer:
        pause_s = 1.0
        try:
            async with asyncio.timeout(POLL_S):
                while True:
                    found = await self._post(url, None)
                    status = found.data.get("status")
                    if status in until:
                        return found
                    if status not in {"pending", "processing", "ready"}:
                        raise _problem(_error_in(found.data), 0.0)
                    await asyncio.sleep(min(found.after_s or pause_s, LONGEST_PAUSE_S))
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        except TimeoutError as err:
            raise AcmeLater("the authority has not decided in time") from err

    def _url(self, name: str) -> str:
        url = self._directory.get(name)
        if not isinstance(url, str):
            raise AcmeRefused("api.tls.acme.directory is no ACME directory")
        return url

    async def _get(self, url: str) -> _Answer:
        return await self._send("GET", url, None)

    async def _post(self, url: str, payload: dict[str, Any] | None) -> _Answer:
        """Send a signed request (RFC 8555, 6.2); None asks for what is there."""
        for _ in range(NONCES):
            if not self._nonce:
                await self._send("HEAD", self._url("newNonce"), None)
            nonce, self._nonce = self._nonce, ""
            who: dict[str, Any] = {"kid": self._account} if self._account else {"jwk": self._jwk}
            protected = b64(
                json.dumps({"alg": "ES256", "nonce": nonce, "url": url, **who}).encode()
            )
            body = "" if payload is None else b64(json.dumps(payload).encode())
            signature = self._key.sign(f"{protected}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
            r, s = decode_dss_signature(signature)
            raw = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
            sent = {"protected": protected, "payload": body, "signature": raw}
            try:
                return await self._send("POST", url, json.dumps(sent).encode())
            except _BadNonce:
                continue
        raise AcmeLater("the authority takes no nonce")

    async def _send(self, method: str, url: str, body: bytes | None) -> _Answer:
        if not url.startswith("https://"):
            raise AcmeRefused("an ACME authority is asked by https alone")
        headers = {"Content-Type": "application/jose+json"} if body is not None else {}
        try:
            async with (
                asyncio.timeout(REQUEST_S),
                self._session.request(
                    method, url, data=body, headers=headers, ssl=self._tls, allow_redirects=False
                ) as answer,
            ):
                text = (await answer.content.read(MOST_BYTES)).decode()
                self._nonce = answer.headers.get("Replay-Nonce", self._nonce)
                status, heads, kind = answer.status, answer.headers, answer.content_type
        except aiohttp.ClientConnectorCertificateError as err:
            raise AcmeRefused("the authority's own certificate is not trusted here") from err
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            raise AcmeLater("the authority cannot be reached", 600.0) from err
        except UnicodeDecodeError as err:
            raise AcmeLater("the authority's answer cannot be read") from err
        after = heads.get("Retry-After", "")
        after_s = float(after) if after.isdecimal() else 0.0
        data = _json(text) if kind.endswith("json") else {}
        if status >= 400:  # noqa: PLR2004 - HTTP's errors
            raise _problem(data, after_s, status)
        return _Answer(data, text, heads.get("Location", ""), after_s)


class _BadNonce(AcmeLater):
    """Send it again, with the nonce of the answer."""


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as err:
        raise AcmeLater("the authority's answer cannot be read") from err
    return found if isinstance(found, dict) else {}


def _error_in(data: dict[str, Any]) -> dict[str, Any]:
    """Return why an order or authorization failed."""
    parts = [data, *data.get("challenges", ())]
    found = [part["error"] for part in parts if isinstance(part.get("error"), dict)]
    return dict(found[0]) if found else {}


def _problem(data: dict[str, Any], after_s: float, status: int = 0) -> AcmeError:
    kind = str(data.get("type", "")).removeprefix(_TYPE)
    text = f"the authority says: {str(data.get('detail', ''))[:300] or kind or status}"
    if kind == "badNonce":
        return _BadNonce(text)
    if kind in _LATER or status >= 500:  # noqa: PLR2004 - the server's own errors
        return AcmeLater(text, after_s or LATER_S)
    return AcmeRefused(text)


def _request(names: Sequence[str], key: ec.EllipticCurvePrivateKey) -> bytes:
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    made = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(common)
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


async def _hook(hook: Sequence[str], what: str, record: str, value: str) -> None:
    """Run the household's command. Raises AcmeRefused if it cannot be run, fails or hangs."""
    try:
        child = await asyncio.create_subprocess_exec(
            *(*hook, what, record, value),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as err:
        raise AcmeRefused(f"api.tls.acme.hook cannot be run: {err.strerror}") from err
    try:
        async with asyncio.timeout(HOOK_S):
            code = await child.wait()
    except TimeoutError as err:
        child.kill()
        await child.wait()
        raise AcmeRefused(f"api.tls.acme.hook took longer than {HOOK_S:.0f} s") from err
    if code:
        raise AcmeRefused(f"api.tls.acme.hook failed ({what}: exit code {code})")
