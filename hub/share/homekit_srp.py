"""The hub's side of HomeKit's password exchange, with every number in its full length.

HAP-python 5 writes the exchange's numbers without leading zero bytes where they are hashed, phones
write them in full (RFC 5054, section 2.6; HomeKit uses its 3072-bit group with SHA-512). About one
pairing in ninety has such a number, and the right code would be refused.
"""

from typing import Any, Self

from pyhap.hsrp import Server

GROUP_BITS = 3072
HASH_BITS = 512


class FullLength(int):
    """A number whose bytes are written with its leading zeros, by `(bit_length() + 7) // 8`."""

    bits: int

    def __new__(cls, value: int, bits: int) -> Self:
        """Take a number that fits into so many bits."""
        one = super().__new__(cls, value)
        one.bits = bits
        return one

    def bit_length(self) -> int:
        """Return the length of the numbers of this kind, not of this one."""
        return self.bits


class FullLengthServer(Server):  # type: ignore[misc]
    """SRP-6a as phones speak it: public key, shared secret and session key have a fixed length."""

    def _derive_B(self) -> Any:  # noqa: N802 - the library's name
        return FullLength(super()._derive_B(), GROUP_BITS)

    def _derive_premaster_secret(self) -> Any:
        return FullLength(super()._derive_premaster_secret(), GROUP_BITS)

    def _get_K(self) -> Any:  # noqa: N802 - the library's name
        return FullLength(super()._get_K(), HASH_BITS)
