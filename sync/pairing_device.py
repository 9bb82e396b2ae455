"""A device: its public key, and what it signs. The library is imported when one is looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """A device that has proved that it was shown the digits or the ticket."""

    key: bytes
    """Its Ed25519 public key, 32 bytes."""
    name: str


def is_key(key: bytes) -> bool:
    """Say whether these bytes are an Ed25519 public key."""
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - 9 MB

    try:
        ed25519.Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        return False
    return True


def is_signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Say whether the holder of this key has signed this text."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - 9 MB
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    try:
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True
