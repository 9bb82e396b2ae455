"""Prints the extras that a configuration needs, a line each: `python -m hub.extras`.

Takes the arguments of `moodsync run` and looks at --config alone. scripts/run installs what this
prints; a wrong configuration prints nothing here, `moodsync run` is about to say what is wrong.
"""

import argparse
from pathlib import Path

import yaml

from drivers.registry import extras
from hub.config import find_config


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", type=Path)
    options, _ = parser.parse_known_args()
    for extra in needed(options.config or find_config()):
        print(extra)  # noqa: T201 - scripts/run reads it


def needed(config: Path) -> tuple[str, ...]:
    """Return the extras for what a configuration names; none if unreadable."""
    try:
        data = yaml.safe_load(config.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ()
    drivers = _section(data, "drivers")
    words = _section(_section(data, "senses"), "voice").get("words") is True
    apple = _section(_section(data, "share"), "apple_home").get("enabled") is True
    more = [name for name, wanted in (("words", words), ("homekit", apple)) if wanted]
    return (*extras(map(str, drivers)), *more)


def _section(data: object, name: str) -> dict[object, object]:
    section = data.get(name) if isinstance(data, dict) else None
    return section if isinstance(section, dict) else {}


if __name__ == "__main__":
    main()
