"""What a command asks for, in words for a person: "this device cannot be switched"."""

from typing import Final

from drivers.types import Command

_WORDS: Final = {
    "SetSwitch": "be switched",
    "SetLight": "be set like a lamp",
    "SetZones": "show several colours",
    "SetTemperature": "be set to a temperature",
    "SetFan": "be set like a fan",
    "SetCover": "be opened or closed",
    "SetOption": "take this option",
    "SetNumber": "take this number",
    "Press": "be pressed",
    "PlayMusic": "play music",
    "StopMusic": "stop music",
    "SetVolume": "change a volume",
}


def wish(command: Command) -> str:
    """Return what follows "cannot", for instance `be switched`."""
    return _WORDS[type(command).__name__]
