"""A device that pairs: the other side of the protocol, written from docs/api.md alone."""

import base64
import hashlib
import hmac
import json
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from spake2 import SPAKE2_A

from tests.hub.api_rig import API

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Phone:
    """Keeps its key; `client` is its id once it is paired."""

    def __init__(self, http: aiohttp.ClientSession, name: str = "Ada's phone") -> None:
        self.http = http
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.client = ""
        self.last: dict[str, Any] = {}

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Origin": str(self.http._base_url).rstrip("/")}  # as a browser does
        async with self.http.post(f"{API}{path}", json=body, headers=headers) as answer:
            self.last = await answer.json()
            return answer.status, self.last

    async def pair_by_digits(self, digits: str, binding: bytes | None = None) -> int:
        """Pair; checks the hub's proof. Returns the status of the last answer."""
        async with self.http.get(f"{API}/pairing") as answer:
            told = unb64((await answer.json())["binding"])
        side = SPAKE2_A(
            digits.encode(),
            idA=b"moodsync pairing v1 device",
            idB=b"moodsync pairing v1 hub " + (binding or told),
        )
        ours = side.start()
        status, first = await self.post("/pairing/digits", message=b64(ours))
        if status != 200:
            return status
        theirs = unb64(first["message"])
        key = side.finish(theirs)
        of_device, of_hub = (
            HKDF(SHA256(), 32, None, b"moodsync pairing v1 proof of " + who).derive(key)
            for who in (b"device", b"hub")
        )
        said = ours + theirs + self.public + self.name.encode()
        status, second = await self.post(
            "/pairing/digits/proof",
            attempt=first["attempt"],
            key=b64(self.public),
            name=self.name,
            proof=b64(hmac.digest(of_device, said, "sha256")),
        )
        if status == 201:
            assert unb64(second["proof"]) == hmac.digest(of_hub, said, "sha256")
            self.client = second["client"]
        return status

    async def pair_by_link(self, link: str, secret: bytes | None = None) -> int:
        """Pair by the link's fragment; checks the fingerprint and the hub's proof."""
        version, fingerprint, told = link.partition("#")[2].split(".")
        assert version == "1"
        async with self.http.get(f"{API}/pairing") as answer:
            state = await answer.json()
        if state["key"] is None:
            return 409
        hub_key = unb64(state["key"])
        seen = hashlib.sha256(b"moodsync pairing v1 hub key " + hub_key + unb64(state["binding"]))
        assert seen.digest() == unb64(fingerprint)
        reply = X25519PrivateKey.generate()
        secret = secret or unb64(told)
        plain = {
            "secret": b64(secret),
            "key": b64(self.public),
            "reply_to": b64(reply.public_key().public_bytes_raw()),
            "name": self.name,
        }
        self.request = SUITE.encrypt(
            json.dumps(plain).encode(),
            X25519PublicKey.from_public_bytes(hub_key),
            info=b"moodsync pairing v1 to hub",
        )
        status, sealed = await self.post("/pairing/scanned", request=b64(self.request))
        if status == 201:
            digest = hashlib.sha256(self.request).digest()
            opened = json.loads(
                SUITE.decrypt(
                    unb64(sealed["answer"]), reply, info=b"moodsync pairing v1 to device " + digest
                )
            )
            proof = hmac.digest(secret, b"moodsync pairing v1 proof of hub " + digest, "sha256")
            assert unb64(opened["proof"]) == proof
            self.client = opened["client"]
        return status

    async def open_session(self, key: Ed25519PrivateKey | None = None) -> int:
        """Open a session by a signed challenge; the cookie is in the jar then."""
        _, given = await self.post("/sessions/challenge", client=self.client)
        self.challenge = unb64(given["challenge"])
        return await self.answer_challenge(key)

    async def answer_challenge(self, key: Ed25519PrivateKey | None = None) -> int:
        """Sign the last challenge (again)."""
        host = str(self.http._base_url).removeprefix("https://").rstrip("/")
        text = b"moodsync session v1 " + self.challenge + host.encode()
        status, _ = await self.post(
            "/sessions",
            client=self.client,
            challenge=b64(self.challenge),
            signature=b64((key or self.key).sign(text)),
        )
        return status
