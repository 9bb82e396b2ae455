"""How commands print: JSON for programs, aligned columns for people."""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from hub.config import find_config, load
from hub.control_client import ControlClient
from hub.settings import Settings
from hub.state_dir import control_socket


def settings_of(args: argparse.Namespace) -> Settings:
    """Read the configuration that the command names, or the one that is found."""
    return load(args.config or find_config())


def connect(args: argparse.Namespace) -> ControlClient:
    """Return a connection to the hub that runs this configuration; raises NotRunning."""
    return ControlClient(control_socket(settings_of(args).store))


def show(args: argparse.Namespace, answer: dict[str, Any], lines: Sequence[str]) -> int:
    """Print the answer as JSON, or the lines; return exit code 0."""
    print(json.dumps(answer, indent=2) if args.json else "\n".join(lines))
    return 0


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align rows of text; the first is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
