"""Pairing by a link that a person scans: its fragment, which no server sees, holds a ticket.

The ticket is the hub's fingerprint (of a key made for this window, and of the certificate) and a
one-time secret of 128 bits. The device fetches the key, compares the fingerprint, and seals its
request with the secret inside to that key: HPKE, RFC 9180, base mode, X25519, HKDF-SHA256,
AES-256-GCM. Only the hub can read it, and it alone can answer: the answer is sealed to a key of the
device's with the request's hash in `info`, and holds a proof made of the secret.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sync.base64url import b64, unb64
from sync.pairing_errors import PairingRefused

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
TO_HUB = b"moodsync pairing v1 to hub"
TO_DEVICE = b"moodsync pairing v1 to device "
PROOF = b"moodsync pairing v1 proof of hub "
SECRET_BYTES = 16
KEY_BYTES = 32
MAX_REQUEST_BYTES = 2048
MAX_NAME_CHARS = 60
VERSION = "1"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the link holds, and the private key that only the hub has."""

    secret: bytes = field(repr=False)
    private: X25519PrivateKey = field(repr=False)
    binding: bytes

    @classmethod
    def new(cls, binding: bytes) -> "Ticket":
        """Make one."""
        return cls(secrets.token_bytes(SECRET_BYTES), X25519PrivateKey.generate(), binding)

    @property
    def public(self) -> bytes:
        """The key that requests are sealed to."""
        return self.private.public_key().public_bytes_raw()

    @property
    def fragment(self) -> str:
        """`v.FINGERPRINT.SECRET`, the last two in base64url without padding."""
        return ".".join((VERSION, b64(fingerprint(self.public, self.binding)), b64(self.secret)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the holder of the ticket has made."""

    key: bytes
    name: str
    reply_to: bytes
    secret: bytes = field(repr=False)
    digest: bytes

    def seal(self, answer: dict[str, Any]) -> bytes:
        """Return an answer that only this device can read and only this hub can have made."""
        proof = hmac.digest(self.secret, PROOF + self.digest, "sha256")
        plain = json.dumps({**answer, "proof": b64(proof)}).encode()
        to = X25519PublicKey.from_public_bytes(self.reply_to)
        return SUITE.encrypt(plain, to, info=TO_DEVICE + self.digest)


def fingerprint(public: bytes, binding: bytes) -> bytes:
    """Return what the device compares before it says anything."""
    return hashlib.sha256(b"moodsync pairing v1 hub key " + public + binding).digest()


def open_request(ticket: Ticket, request: bytes) -> Asked:
    """Open a sealed request. Raises PairingRefused, whatever is wrong with it."""
    if len(request) > MAX_REQUEST_BYTES:
        raise PairingRefused("malformed", "this is no pairing request")
    try:
        plain = SUITE.decrypt(request, ticket.private, info=TO_HUB)
        data = json.loads(plain)
        secret, key, reply_to = (unb64(str(data[name])) for name in ("secret", "key", "reply_to"))
        name = str(data["name"])
    except (InvalidTag, ValueError, KeyError, TypeError, RecursionError) as err:
        raise PairingRefused("malformed", "this is no pairing request") from err
    if not hmac.compare_digest(secret, ticket.secret):
        raise PairingRefused("wrong_secret", "this link is of another time")
    whole = len(key) == KEY_BYTES == len(reply_to)
    if not whole or not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise PairingRefused("malformed", "this is no pairing request")
    return Asked(key, name, reply_to, secret, hashlib.sha256(request).digest())
