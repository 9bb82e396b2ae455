"""Time-based one-time passwords (RFC 6238: SHA-1, 30 s, six digits), as authenticator apps do."""

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
DRIFT = 1
"""Steps before and after now that are taken too: phones' clocks are a little off."""


def new_secret() -> bytes:
    """Return a new secret."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of one time step."""
    digest = hmac.digest(secret, struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def check(secret: bytes, code: str, wall_s: float, last_step: int) -> int | None:
    """Return the step whose code this is, None if it is of none or was used before."""
    now = int(wall_s // STEP_S)
    found = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if same and step > last_step:
            found = step
    return found


def uri(secret: bytes, home: str, name: str) -> str:
    """Return what an authenticator app scans."""
    label = quote(f"{home}:{name}")
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{label}?{urlencode({'secret': text, 'issuer': home})}"
