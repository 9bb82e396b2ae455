"""`moodsync bench`: measures and says which goals are met."""

import argparse
import importlib
import json
import platform
import sys
import time
from pathlib import Path

from hub.bench.figures import Figure
from hub.cli.output import columns
from hub.errors import Refusal
from hub.log import set_up

PARTS = {
    "reaction": "hub.bench.reaction",
    "perception": "hub.bench.perception",
    "household": "hub.bench.household",
    "api": "hub.bench.api",
    "storage": "hub.bench.storage",
    "models": "hub.bench.models",
    "devices": "hub.bench.devices",
    "devices.latency": "hub.bench.driver_latency",
    "devices.scene": "hub.bench.driver_scene",
    "devices.flood": "hub.bench.driver_flood",
    "devices.dead": "hub.bench.driver_dead",
    "devices.imports": "hub.bench.driver_imports",
    "app": "hub.bench.app",
}
ON_REQUEST = frozenset({"models", "app"} | {part for part in PARTS if part.startswith("devices")})
"""Measured when named only: peers are installed for it."""


def bench(args: argparse.Namespace) -> int:
    """Measure the named parts, or all; exit code 1 when a goal is missed."""
    unknown = [part for part in args.what if part not in PARTS]
    if unknown:
        raise Refusal(
            "unknown_part", f"no figures called {unknown[0]!r}", f"parts: {', '.join(PARTS)}"
        )
    set_up("warning")  # to standard error: what is printed stays JSON
    figures: list[Figure] = []
    for part in args.what or [name for name in PARTS if name not in ON_REQUEST]:
        started = time.monotonic()
        print(f"measuring {part} ...", end=" ", file=sys.stderr, flush=True)
        figures += importlib.import_module(PARTS[part]).measure(quick=args.quick)
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    if args.json:
        shown = {figure.name: figure.to_json() for figure in figures}
        print(json.dumps({"machine": _machine(), "figures": shown}, indent=2))
    else:
        rows = [("figure", "value", "goal", "", "on")]
        rows += [(f.name, f"{f.value:g} {f.unit}", f.goal, _verdict(f), f.note) for f in figures]
        print("\n".join([_machine(), "", *columns(rows)]))
    return 1 if any(figure.met is False for figure in figures) else 0


def _verdict(figure: Figure) -> str:
    return {True: "met", False: "MISSED", None: ""}[figure.met]


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else platform.machine()
    return f"{model}, {len(names) or 1} cores, Python {platform.python_version()}"
