"""The hub's VAPID key (RFC 8292): made once, kept in config.db, shown as a public key only."""

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub.store.config_db import HUB, ConfigDb

SETTING = "push vapid"


async def private_key(config: ConfigDb) -> ec.EllipticCurvePrivateKey:
    """Return the key, making it at the first call. Raises StoreError."""
    stored = config.get(SETTING)
    if isinstance(stored, str):
        found = serialization.load_der_private_key(base64.b64decode(stored), None)
        assert isinstance(found, ec.EllipticCurvePrivateKey)
        return found
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    await config.set(SETTING, base64.b64encode(der).decode(), HUB)
    return key


async def public_key(config: ConfigDb) -> str:
    """Return the public key as browsers want it: the uncompressed point in base64url."""
    point = (
        (await private_key(config))
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
