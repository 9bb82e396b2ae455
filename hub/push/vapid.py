"""Says to a push service who sends: a signed token for one service, good for a while (RFC 8292)."""

import json

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.base64url import b64

LASTS_S = 12 * 3600
"""The standard allows 24 hours; clocks differ."""


def authorization(key: ec.EllipticCurvePrivateKey, origin: str, now_s: float, contact: str) -> str:
    """Return the Authorization header for a push service's origin (`https://host[:port]`).

    `contact` is a `mailto:` or `https:` address by which the service can reach the sender.
    """
    claims = {"aud": origin, "exp": int(now_s) + LASTS_S, "sub": contact}
    head = {"typ": "JWT", "alg": "ES256"}
    text = ".".join(
        b64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims)
    )
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    token = f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return f"vapid t={token}, k={b64(point)}"
