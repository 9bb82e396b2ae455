"""The table of commands: name, one line of help, where the code is; and each one's arguments."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the command line."""

    help: str
    target: str


COMMANDS: dict[str, Command] = {
    "run": Command("run the hub until it is stopped", "hub.cli.run:run"),
    "check": Command("check a configuration and list every error", "hub.cli.local:check"),
    "say": Command("tell the hub something in words, as in a journal", "hub.cli.ask:say"),
    "status": Command("show how the hub and its parts are", "hub.cli.ask:status"),
    "devices": Command(
        "list, set, name, place, hide, disable, forget or diagnose devices; let new ones join",
        "hub.cli.devices:devices",
    ),
    "network": Command(
        "list what the drivers' networks can do (join, pair, back up), or do it",
        "hub.cli.devices:network",
    ),
    "discover": Command(
        "look for what could be added, and say what to write; adds nothing",
        "hub.cli.discover:discover",
    ),
    "scene": Command("apply a scene to a room, or put back what was before", "hub.cli.ask:scene"),
    "moods": Command("watch the moods live in the terminal", "hub.cli.moods:moods"),
    "correct": Command(
        "tell the hub that its last reading was right or wrong", "hub.cli.ask:correct"
    ),
    "consent": Command("give, withdraw or list consent", "hub.cli.records:consent"),
    "privacy": Command("pause all cameras and microphones, or resume", "hub.cli.records:privacy"),
    "export": Command("write everything about a person as JSON and CSV", "hub.cli.records:export"),
    "erase": Command("erase a person, or everything, and prove it", "hub.cli.records:erase"),
    "backup": Command(
        "write one encrypted file with all that the hub keeps", "hub.cli.backup:backup"
    ),
    "restore": Command(
        "put a backup in the place of what is there, or undo that", "hub.cli.backup:restore"
    ),
    "pair": Command("let a phone or browser in by a link or nine digits", "hub.cli.api:pair"),
    "homekit": Command(
        "show the code that lets a phone's Home app in, or forget who is in",
        "hub.cli.share:homekit",
    ),
    "token": Command("make a token with which a script may use the API", "hub.cli.api:token"),
    "models": Command("list, fetch or verify the models", "hub.cli.local:models"),
    "evaluate": Command(
        "measure a model on a folder of labelled samples", "hub.cli.local:evaluate"
    ),
    "refit": Command(
        "fit a model's temperature on a folder of labelled samples", "hub.cli.local:refit"
    ),
    "bench": Command("measure the hub beside its yardsticks", "hub.cli.bench:bench"),
}


def add_arguments(name: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command `name`."""
    adder = _ADDERS.get(name)
    if adder is not None:
        adder(parser)


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="then stop")
    parser.add_argument("--say", metavar="TEXT", help="say this as soon as the hub is ready")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="write what happened as JSON")
    parser.add_argument(
        "--yes-camera", action="store_true", help="consent to cameras without being asked"
    )
    parser.add_argument(
        "--yes-microphone", action="store_true", help="consent to microphones without being asked"
    )
    parser.add_argument(
        "--no-input", action="store_true", help="ask nothing; what has no consent stays off"
    )


def _say(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help="what to say; - reads standard input")
    parser.add_argument("--person", help="who says it")
    parser.add_argument("--room", help="where; the configured one if not given")


DEVICE_ACTIONS = (
    *("list", "show", "set", "rename", "room", "hide", "unhide", "disable", "enable", "forget"),
    *("diagnose", "permit-join", "pair"),
)


def _devices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=DEVICE_ACTIONS, default="list")
    parser.add_argument("device", nargs="?", help="id or name (permit-join, pair: the driver)")
    parser.add_argument(
        "value",
        nargs="*",
        help="rename: the name (none: its own again); room: the room, - for none (nothing: as "
        "configured); permit-join, pair: arguments as key=value",
    )
    parser.add_argument("--all", action="store_true", help="list hidden devices too")
    parser.add_argument("--on", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("--level", type=float, metavar="0-1")
    parser.add_argument("--kelvin", type=int)
    parser.add_argument("--xy", type=float, nargs=2, metavar=("X", "Y"), help="CIE 1931 colour")
    parser.add_argument("--target", type=float, metavar="CELSIUS")
    parser.add_argument("--volume", type=float, metavar="0-1")
    parser.add_argument("--speed", type=float, metavar="0-1", help="of a fan")
    parser.add_argument("--position", type=float, metavar="0-1", help="of a cover; 1 is open")
    parser.add_argument("--option", help="one of a device's choices")
    parser.add_argument("--number", type=float)
    parser.add_argument("--press", action="store_true", default=None, help="press a button")


def _network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("driver", nargs="?", help="the driver; all operations if not given")
    parser.add_argument("operation", nargs="?", help="what to do")
    parser.add_argument("arguments", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--yes", action="store_true", help="do not ask before what is for good")


def _discover(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="how long to look; 5 if not given"
    )
    parser.add_argument(
        "--interface",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="ask only in the network of this address of ours; may be repeated",
    )


def _scene(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("room")
    parser.add_argument("scene", nargs="?", help="the scene's name; left out with --restore")
    parser.add_argument("--restore", action="store_true", help="put back what was before")


def _moods(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--room", help="only this room")
    parser.add_argument("--once", action="store_true", help="print once and return")


def _correct(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verdict", choices=["right", "wrong"])
    parser.add_argument("--was", metavar="EMOTION", help="what it was instead")
    parser.add_argument("--room", help="which room; the only one if not given")


def _consent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["give", "withdraw", "list"], nargs="?", default="list")
    parser.add_argument("person", nargs="?")
    parser.add_argument("sense", nargs="?", choices=["face", "voice", "text", "body"])


def _privacy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("state", choices=["on", "off"])


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def _erase(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("person", nargs="?")
    who.add_argument("--all", action="store_true", help="everything the hub has stored")
    parser.add_argument("--yes", action="store_true", help="do not ask whether you mean it")


def _backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the file to write; it must not exist")


def _restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", help="the backup")
    parser.add_argument("--undo", action="store_true", help="put back what was there before")
    parser.add_argument("--yes", action="store_true", help="do not ask whether you mean it")


def _pair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", choices=["owner", "adult", "child", "guest"], default="owner")
    parser.add_argument("--person", help="whose device it is, of those who live here")
    parser.add_argument("--name", default="", help="what to call a new member")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it is paired")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--button",
        action="store_true",
        help="open it as a button does, by the sticker's digits: for a hook on a GPIO line",
    )
    how.add_argument("--sticker", action="store_true", help="show the digits for the sticker")


def _homekit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--forget", action="store_true", help="forget every paired controller; makes a new code"
    )


def _token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default="command line", help="what it is for")
    parser.add_argument("--role", choices=["owner", "adult", "child", "guest"], default="owner")
    parser.add_argument("--person", help="whose it is, of those who live here")
    parser.add_argument(
        "--scope", action="append", default=[], help="what alone it may do; may be repeated"
    )
    parser.add_argument("--days", type=int, default=365, help="how long it is good for")


def _models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "fetch", "verify"], nargs="?", default="list")
    parser.add_argument("--words", action="store_true", help="what spoken words need, too")


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=["face", "voice", "text", "body", "behaviour", "fusion"])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--labels", help="restrict the choice to these, separated by commas")
    parser.add_argument("--cropped", action="store_true", help="pictures are faces already")
    parser.add_argument("--model", help="another model of this kind, such as voice_emotion_open")
    parser.add_argument("--groups", help="only these people, separated by commas")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the report as JSON too")


def _refit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=["face", "voice", "text"])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cropped", action="store_true", help="pictures are faces already")
    parser.add_argument("--write", action="store_true", help="put it into models/catalog.toml")


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="*", help="which figures; all if not given")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")


_ADDERS = {
    "run": _run,
    "say": _say,
    "devices": _devices,
    "network": _network,
    "discover": _discover,
    "scene": _scene,
    "moods": _moods,
    "correct": _correct,
    "consent": _consent,
    "privacy": _privacy,
    "export": _export,
    "erase": _erase,
    "backup": _backup,
    "restore": _restore,
    "pair": _pair,
    "homekit": _homekit,
    "token": _token,
    "models": _models,
    "evaluate": _evaluate,
    "refit": _refit,
    "bench": _bench,
}
