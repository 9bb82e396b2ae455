"""Blanks secrets in plain data that is shown to people: configurations, diagnoses."""

import re
from typing import Any

HIDDEN = "[private]"
_SECRET = re.compile(r"password|secret|token|psk|pin$|key$", re.IGNORECASE)
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")


def without_secrets(data: Any, key: str = "") -> Any:
    """Return the data with every text under a telling key blanked, and users in addresses too."""
    match data:
        case dict():
            return {name: without_secrets(value, str(name)) for name, value in data.items()}
        case list() | tuple():
            return [without_secrets(value, key) for value in data]
        case str() if data and _SECRET.search(key) and not key.endswith("_file"):
            return HIDDEN
        case str():
            return _USER_IN_URL.sub(f"{HIDDEN}@", data)
        case _:
            return data
