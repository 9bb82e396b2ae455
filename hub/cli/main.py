"""Reads the command line and hands over to the command's own file, imported only when used.

Exit codes: 0 done, 1 it failed (the sentence says why), 2 the call was wrong, 3 no hub is running,
4 the configuration is wrong, 5 consent is missing.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from hub.cli import started as _started  # noqa: F401 - notes the time; keep it first

# isort: split
from drivers.imports import load
from hub.cli.commands import COMMANDS, add_arguments
from hub.errors import ConfigError, ConsentRequired, HubError, NotRunning, Refusal
from models.errors import DataError, WeightsError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_RUNNING = 3
EXIT_CONFIG = 4
EXIT_CONSENT = 5


class _Command(Protocol):
    def __call__(self, args: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every known error becomes one clear sentence."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.command == "run":
        # structlog imports rich where it finds it, for coloured traces that a daemon never prints:
        # a third of the start's processor time and 10 MB.
        sys.modules.setdefault("rich", cast("ModuleType", None))
    module, _, function = COMMANDS[args.command].target.partition(":")
    try:
        command: _Command = getattr(load(module), function)
        return command(args)
    except (HubError, WeightsError, DataError) as err:
        return _report(args, err)
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; docs/commands.md is made from it."""
    parser = argparse.ArgumentParser(
        prog="moodsync",
        description="Private, on-device mood sensing for the home.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong call, 3 no hub runs, 4 wrong configuration, "
        "5 consent is missing.",
    )
    parser.add_argument("--version", action="version", version=f"moodsync {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help)
        sub.add_argument("--config", type=Path, metavar="FILE", help="the configuration to use")
        sub.add_argument("--json", action="store_true", help="print JSON for programs")
        add_arguments(name, sub)
    return parser


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - slow, and rarely asked for

    return version("moodsync-hub")


def _report(args: argparse.Namespace, err: HubError | WeightsError | DataError) -> int:
    message, mend, more = str(err), "", {}
    match err:
        case ConfigError():
            code, name = EXIT_CONFIG, "config"
            more = {"problems": [asdict(problem) for problem in err.problems]}
        case NotRunning():
            code, name = EXIT_NOT_RUNNING, "not_running"
        case ConsentRequired():
            code, name = EXIT_CONSENT, "consent_required"
        case Refusal():
            code, name, mend = EXIT_FAILED, err.code, err.mend
        case DataError():
            code, name, message = EXIT_FAILED, "data", err.reason
        case WeightsError():
            code, name, message, mend = EXIT_FAILED, "weights", err.reason, err.mend
        case _:
            code, name = EXIT_FAILED, type(err).__name__
    if args.json:
        print(json.dumps({"error": name, "message": message, "mend": mend} | more))
    else:
        print(message if not mend else f"{message}\n  mend: {mend}", file=sys.stderr)
    return code
