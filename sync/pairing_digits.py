"""Pairing by nine digits that a person types: SPAKE2, then proofs both ways.

    device                                            hub
    X = A.start()        ---- X -------------------->  Y = B.start(); K = B.finish(X)
    K = A.finish(Y)      <--- Y ---------------------
    proof of the device  ---- key, name, proof ----->  checks it, stores the key
    checks it            <--- proof of the hub ------

SPAKE2 lets a listener, or somebody in the middle, test one guess of the digits for each exchange
that they are part of, and nothing offline. The group is Ed25519 with the constants of the PyPI
library `spake2` (not RFC 9382's). A's identity is APP, B's is HUB with the binding: a device that
sees the hub's certificate puts that in, so whoever stands in the middle with another one gets
another K. A page in a browser cannot see the certificate: it takes the hub's word, and the warning
of the browser stands in for the check.
"""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.pairing_errors import PairingRefused

APP = b"moodsync pairing v1 device"
HUB = b"moodsync pairing v1 hub "
MESSAGE_BYTES = 33


@dataclass(frozen=True, slots=True)
class Answer:
    """The hub's proof."""

    proof: bytes


class HubSide:
    """The hub's side of one attempt."""

    def __init__(self, digits: str, binding: bytes) -> None:
        # Its import takes half a second of arithmetic on a small machine: only who pairs pays it.
        from spake2 import SPAKE2_B  # noqa: PLC0415

        self._side = SPAKE2_B(digits.encode(), idA=APP, idB=HUB + binding)
        self._keys: tuple[bytes, bytes] | None = None
        self._transcript = b""

    def answer(self, message: bytes) -> bytes:
        """Take the device's message and return ours. Raises PairingRefused."""
        if len(message) != MESSAGE_BYTES:
            raise PairingRefused("malformed", "this is no pairing message")
        ours: bytes = self._side.start()
        try:
            key = self._side.finish(message)
        except Exception as err:
            # The library raises a dozen kinds for points that are not on the curve or in the group.
            raise PairingRefused("malformed", "this is no pairing message") from err
        self._keys, self._transcript = derive(key), message + ours
        return ours

    def confirm(self, proof: bytes, key: bytes, name: str) -> Answer | None:
        """Check the device's proof and return ours; None if it is wrong."""
        if self._keys is None:
            return None
        of_device, of_hub = self._keys
        if not hmac.compare_digest(proof, prove(of_device, self._transcript, key, name)):
            return None
        return Answer(prove(of_hub, self._transcript, key, name))


def derive(key: bytes) -> tuple[bytes, bytes]:
    """Return the keys of the device's proof and of the hub's, by purpose."""
    device, hub = (
        HKDF(SHA256(), 32, None, b"moodsync pairing v1 proof of " + who).derive(key)
        for who in (b"device", b"hub")
    )
    return device, hub


def prove(key: bytes, transcript: bytes, device_key: bytes, name: str) -> bytes:
    """Return a proof that covers both messages, the device's public key and its name."""
    return hmac.digest(key, transcript + device_key + name.encode(), "sha256")
