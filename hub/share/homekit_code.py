"""The code that lets a phone pair with the hub's bridge: made here, kept 0600, never logged.

Source: HomeKit Accessory Protocol Specification (non-commercial), 4.2.1 setup code, 4.2.1.3 QR.
"""

import os
import secrets
from pathlib import Path

TOO_EASY = frozenset({"12345678", "87654321", *(digit * 8 for digit in "0123456789")})
_BRIDGE, _IP = 2, 2
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def pin_of(file: Path) -> str:
    """Return the code in the file, `123-45-678`, made at the first time. Blocks."""
    try:
        digits = file.read_text("ascii").strip().replace("-", "")
    except (OSError, UnicodeDecodeError):
        digits = ""
    if len(digits) != len("12345678") or not digits.isdigit() or digits in TOO_EASY:
        digits = _new_digits()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(f"{digits}\n")
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def setup_link(pin: str, setup_id: str) -> str:
    """Return what the QR code holds: `X-HM://`, nine digits to the base of 36, the setup id."""
    value = (_BRIDGE << 31) | (_IP << 27) | int(pin.replace("-", ""))
    encoded = ""
    for _ in range(9):
        value, digit = divmod(value, 36)
        encoded = _DIGITS[digit] + encoded
    return f"X-HM://{encoded}{setup_id}"


def _new_digits() -> str:
    while True:
        digits = f"{secrets.randbelow(10**8):08d}"
        if digits not in TOO_EASY:
            return digits
