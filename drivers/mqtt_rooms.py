"""A room suggested by how people call their devices: `kitchen/ceiling`, `Living room lamp`."""

import re
from typing import Final

_THINGS: Final = frozenset(
    {
        "lamp", "light", "lights", "bulb", "spot", "spots", "strip", "led", "ceiling", "plug",
        "socket", "outlet", "switch", "dimmer", "sensor", "remote", "button", "motion", "door",
        "window", "contact", "temperature", "climate", "thermostat", "trv", "radiator", "heating",
        "blind", "blinds", "curtain", "shutter", "fan", "lock", "relay", "meter", "power", "leak",
        "smoke", "cover", "heater",
    }
)  # fmt: skip
_WORDS: Final = re.compile(r"[\s_\-.]+")
_RAW: Final = re.compile(r"0x[0-9a-f]{8,}|.*[0-9a-f]{6}", re.IGNORECASE)


def suggested_room(name: str) -> str:
    """Return the room that a device's name begins with, or nothing.

    What stands before a slash is taken for one; else what is left without the words at the end
    that say what the device is. A name of nothing else, or one that its maker gave, names none.
    """
    room, slash, _ = name.partition("/")
    if slash:
        return _spoken(_WORDS.split(room))
    words = _WORDS.split(name.strip())
    kept = list(words)
    while kept and (kept[-1].lower() in _THINGS or kept[-1].isdigit()):
        kept.pop()
    if len(kept) in {0, len(words)} or _RAW.fullmatch(name):
        return ""
    return _spoken(kept)


def _spoken(words: list[str]) -> str:
    text = " ".join(words).strip()
    return text[:1].upper() + text[1:]
