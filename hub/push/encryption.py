"""Encrypts a push message for one browser: RFC 8291 over `aes128gcm` of RFC 8188, one record.

The push service in between sees a length, which padding makes the same for all, and nothing else.
"""

import os
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES = 4096
PADDED_TO = 2048
MOST_BYTES = PADDED_TO - 1
LAST = b"\x02"


def encrypt(plain: bytes, p256dh: bytes, auth: bytes) -> bytes:
    """Return the body to send to a browser with these keys: a point of P-256 and 16 bytes.

    Raises ValueError if the point is none, or for more than MOST_BYTES bytes.
    """
    if len(plain) > MOST_BYTES:
        raise ValueError(f"a push message has at most {MOST_BYTES} bytes")
    padding = bytes(MOST_BYTES - len(plain))
    return seal(
        plain, padding, p256dh, auth, ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    )


def seal(
    plain: bytes,
    padding: bytes,
    p256dh: bytes,
    auth: bytes,
    sender: ec.EllipticCurvePrivateKey,
    salt: bytes,
) -> bytes:
    """Do so with this key and salt, which are never used twice: the vectors' way in."""
    browser = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    ours = sender.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = sender.exchange(ec.ECDH(), browser)
    secret = _hkdf(auth, shared, b"WebPush: info\0" + p256dh + ours, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, plain + LAST + padding, None)
    return salt + struct.pack(">IB", RECORD_BYTES, len(ours)) + ours + sealed


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
