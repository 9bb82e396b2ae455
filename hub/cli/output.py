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


def outcomes(args: argparse.Namespace, answer: dict[str, Any]) -> int:
    """Print what came of commands; return 1 unless all were carried out."""
    lines = [
        f"{o['device']}: {o['status']}{' - ' + o['reason'] if o['reason'] else ''}"
        for o in answer["outcomes"]
    ]
    show(args, answer, lines or ["nothing to change"])
    return 0 if all(o["status"] == "done" for o in answer["outcomes"]) else 1


def remarks(thing: dict[str, Any]) -> str:
    """Return what is out of the ordinary about a device or source."""
    told = [word for word in ("simulated", "hidden", "disabled") if thing.get(word)]
    if thing.get("available") is False and not thing.get("disabled"):
        told.append("unavailable")
    if thing.get("reason"):
        told.append(thing["reason"])
    return ", ".join(told)
