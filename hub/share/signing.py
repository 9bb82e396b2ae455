"""Signs and checks messages by the Standard Webhooks specification, version 1.0.0.

`webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`; a receiver refuses what
is older or newer than five minutes and what it has seen. Source: standardwebhooks.com.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

PREFIX = "whsec_"
TOLERANCE_S = 300
LEAST_BYTES = 16


class BadSecret(Exception):  # noqa: N818 - says what it is
    """A secret cannot be read or is too short; the text does not repeat it."""


class BadSignature(Exception):  # noqa: N818
    """A message is not from whom it says, or too old."""


class Key:
    """A secret: `whsec_` and base64, or any other text of at least 16 bytes."""

    def __init__(self, text: str) -> None:
        self._text = text.encode()
        self._key = self._text
        if text.startswith(PREFIX):
            try:
                self._key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
            except (binascii.Error, ValueError) as err:
                raise BadSecret(f"what follows {PREFIX} is no base64") from err
        if len(self._key) < LEAST_BYTES:
            raise BadSecret(f"a secret has at least {LEAST_BYTES} bytes: openssl rand -base64 32")

    @classmethod
    def of(cls, file: Path | None, variable: str | None) -> "Key":
        """Read a secret from a file or environment variable. Raises BadSecret."""
        return cls(read_secret(file, variable))

    def is_bearer(self, secret: str) -> bool:
        """Tell whether somebody knows the secret itself, in constant time."""
        return hmac.compare_digest(secret.encode(), self._text)

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """Return the value of `webhook-signature`."""
        signed = f"{message_id}.{timestamp}.".encode() + body
        mac = hmac.new(self._key, signed, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(mac).decode()}"

    def check(self, headers: Mapping[str, str], body: bytes, now: float, since: float = 0.0) -> str:
        """Return the id of a message that is signed and fresh. Raises BadSignature.

        Times are wall time in seconds; what was signed before `since` is not fresh.
        """
        message_id = headers.get("webhook-id", "")
        stamp, signatures = headers.get("webhook-timestamp", ""), headers.get("webhook-signature")
        if not message_id or not signatures or not (stamp.isascii() and stamp.isdigit()):
            raise BadSignature("webhook-id, webhook-timestamp and webhook-signature are needed")
        if len(stamp) > len("9999999999") or abs(now - int(stamp)) > TOLERANCE_S:
            raise BadSignature("the time stamp is too far from now")
        if int(stamp) < int(since):
            raise BadSignature("the time stamp is from before the start")
        wanted = self.sign(message_id, int(stamp), body).encode()
        if not any(hmac.compare_digest(one.encode(), wanted) for one in signatures.split(" ")):
            raise BadSignature("the signature does not fit")
        return message_id


def read_secret(file: Path | None, variable: str | None) -> str:
    """Return the text in a file or environment variable. Raises BadSecret."""
    if file is None:
        text = os.environ.get(variable or "", "")
    else:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as err:
            raise BadSecret(f"{file} cannot be read") from err
    if not text.strip():
        raise BadSecret(f"{file or '$' + (variable or '')} is empty")
    return text.strip()
