"""`moodsync devices` and `moodsync network`: what is there, and what its networks can do."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any

from hub.cli.output import columns, connect, outcomes, remarks, show
from hub.control_client import ControlClient
from hub.errors import Refusal

SETTABLE = (
    *("on", "level", "kelvin", "xy", "target", "volume", "speed", "position", "option", "number"),
    "press",
)
ANSWER_SLACK_S = 15.0
SEE = "see: moodsync devices"
_JOINING = ("permit_join", "pair", "commission")
"""How the networks call it to bring a device in."""


def devices(args: argparse.Namespace) -> int:
    """List devices, or do something with one."""
    with closing(connect(args)) as hub:
        return _ACTIONS[args.action](args, hub)


def network(args: argparse.Namespace) -> int:
    """List the operations of the drivers' networks, or run one."""
    with closing(connect(args)) as hub:
        if args.operation is None:
            listed = hub.call("networks")["operations"]
            names = ", ".join(sorted({o["driver"] for o in listed}))
            listed = [o for o in listed if args.driver in {None, o["driver"]}]
            if args.driver and not listed:
                have = f"these have some: {names}" if names else "no driver that runs has any"
                raise Refusal("unknown_driver", f"{args.driver!r} has no operations", have)
            rows = [("driver", "operation", "arguments", "")]
            rows += [(o["driver"], o["name"], _arguments(o), o["summary"]) for o in listed]
            none = ["no driver that runs has operations"]
            return show(args, {"operations": listed}, columns(rows) if listed else none)
        name = args.operation.replace("-", "_")
        return _operate(args, hub, args.driver, name, args.arguments)


def _list(args: argparse.Namespace, hub: ControlClient) -> int:
    found = hub.call("devices", hidden=args.all)["devices"]
    rows = [("device", "name", "room", "state", "")]
    rows += [(d["id"], d["name"], d["room"] or "", _state(d), remarks(d)) for d in found]
    return show(args, {"devices": found}, columns(rows))


def _show(args: argparse.Namespace, hub: ControlClient) -> int:
    device = _device(args, hub)
    found = [d for d in hub.call("devices", hidden=True)["devices"] if d["id"] == device]
    if not found:
        raise Refusal("unknown_device", f"there is no device {device!r}", SEE)
    one, info = found[0], found[0]["info"]
    lines = [
        f"{one['name']} ({one['id']})",
        f"  room: {one['room'] or '-'}"
        + (f" (its network suggests {info['suggested_room']})" if info["suggested_room"] else ""),
        f"  state: {_state(one) or '-'}",
        f"  can: {', '.join(c['kind'] for c in one['capabilities']) or '-'}",
        f"  model: {' '.join(filter(None, (info['manufacturer'], info['model']))) or '-'}"
        + (f", version {info['version']}" if info["version"] else ""),
        f"  first seen: {_when(one['first_seen_ms'])}, last seen: {_when(one['last_seen_ms'])}",
    ]
    if remarks(one):
        lines.append(f"  {remarks(one)}")
    return show(args, {"devices": found}, lines)


def _set(args: argparse.Namespace, hub: ControlClient) -> int:
    return outcomes(args, hub.call("set", device=_device(args, hub), **_wanted(args)))


def _rename(args: argparse.Namespace, hub: ControlClient) -> int:
    return _given(
        args, hub.call("rename", device=_device(args, hub), name=" ".join(args.value) or None)
    )


def _place(args: argparse.Namespace, hub: ControlClient) -> int:
    return _given(args, hub.call("place", device=_device(args, hub), **_room(args)))


def _flag(args: argparse.Namespace, hub: ControlClient) -> int:
    flag = "hide" if args.action in {"hide", "unhide"} else "disable"
    return _given(args, hub.call(flag, device=_device(args, hub), value=args.action == flag))


def _forget(args: argparse.Namespace, hub: ControlClient) -> int:
    answer = hub.call("forget", device=_device(args, hub))
    return show(args, answer, [f"forgotten: {answer['forgotten']}"])


def _diagnose(args: argparse.Namespace, hub: ControlClient) -> int:
    answer = hub.call("diagnose", device=_device(args, hub))
    return show(args, answer, [json.dumps(answer, indent=2)])


def _join(args: argparse.Namespace, hub: ControlClient) -> int:
    """Bring a device in; what that is called, each network has its own word for."""
    name = args.action.replace("-", "_")
    listed = hub.call("networks")["operations"] if args.device else []
    ways = [o["name"] for o in listed if o["driver"] == args.device and o["name"] in _JOINING]
    name = name if name in ways or not ways else ways[0]
    return _operate(args, hub, args.device, name, args.value)


def _given(args: argparse.Namespace, answer: dict[str, Any]) -> int:
    device = answer["device"]
    room = f" in {device['room']}" if device["room"] else ", in no room"
    note = f" ({remarks(device)})" if remarks(device) else ""
    return show(args, answer, [f"{device['id']} is now {device['name']!r}{room}{note}"])


def _operate(
    args: argparse.Namespace, hub: ControlClient, driver: str | None, name: str, given: list[str]
) -> int:
    operation = _described(hub, driver, name)
    fields = operation["arguments"].get("properties", {}) if operation is not None else {}
    arguments = dict(_pair(word, fields) for word in given)
    if operation is not None:
        if operation["destroys"] and not getattr(args, "yes", False):
            _make_sure(args, operation)
        arguments |= _secrets(args, operation, arguments)
        hub.wait_up_to(operation["limit_s"] + ANSWER_SLACK_S)
    answer = hub.call(
        "network",
        progress=lambda line: print(line, file=sys.stderr, flush=True),
        driver=driver,
        operation=name,
        arguments=arguments,
    )
    return show(args, answer, [f"{key}: {value}" for key, value in answer.items()] or ["done"])


def _described(hub: ControlClient, driver: str | None, name: str) -> dict[str, Any] | None:
    """Return the operation's description; None when it is not clear which, the hub will say."""
    found = [
        o
        for o in hub.call("networks")["operations"]
        if o["name"] == name and driver in {None, o["driver"]}
    ]
    return found[0] if len(found) == 1 else None


def _make_sure(args: argparse.Namespace, operation: dict[str, Any]) -> None:
    question = f"{operation['summary']}: this cannot be undone. Go on? [y/N] "
    if args.json or not sys.stdin.isatty() or input(question).strip().lower() != "y":
        raise Refusal("not_confirmed", "nothing was done", "give --yes if you mean it")


def _secrets(
    args: argparse.Namespace, operation: dict[str, Any], given: dict[str, Any]
) -> dict[str, str]:
    """Ask without echo for what must not stand on a command line; for the optional if one can."""
    asked: dict[str, str] = {}
    for key, schema in operation["arguments"].get("properties", {}).items():
        if key in given or not any(kind.get("writeOnly") for kind in _kinds(schema)):
            continue
        required = key in operation["arguments"].get("required", ())
        if required or (sys.stdin.isatty() and not args.json):
            without = "" if required else " (Enter for none)"
            word = _confided(f"{schema.get('description', key)}{without}: ")
            if required and not word:
                raise Refusal("bad_request", f"{key}: is missing", f"give it as {key}=...")
            asked |= {key: word} if word else {}
    return asked


def _confided(question: str) -> str:
    """Ask a person without echo; a program says it in a line of standard input."""
    return getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline().strip()


def _kinds(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a JSON schema's alternatives: what may also be null has two."""
    return [schema, *schema.get("anyOf", ())]


def _pair(word: str, fields: dict[str, Any]) -> tuple[str, Any]:
    key, marked, value = word.partition("=")
    if not marked:
        takes = f"it takes {', '.join(fields)}" if fields else ""
        raise Refusal("bad_request", "arguments are written KEY=VALUE", takes)
    if any(kind.get("type") == "string" for kind in _kinds(fields.get(key, {}))):
        return key, value  # digits, too: a PIN is text
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _arguments(operation: dict[str, Any]) -> str:
    schema = operation["arguments"]
    required = schema.get("required", ())
    return " ".join(k if k in required else f"[{k}]" for k in schema.get("properties", {}))


def _wanted(args: argparse.Namespace) -> dict[str, Any]:
    wanted = {key: getattr(args, key) for key in SETTABLE}
    if all(value is None for value in wanted.values()):
        options = ", ".join(f"--{key}" for key in SETTABLE)
        raise Refusal("bad_request", f"say what to set: {options}")
    return wanted


def _device(args: argparse.Namespace, hub: ControlClient) -> str:
    """Return the id of the device that is meant: by its id, or by a name that only it has."""
    if not args.device:
        raise Refusal("bad_request", "which device?", SEE)
    given = str(args.device)
    known = hub.call("devices", hidden=True)["devices"]
    named = [d["id"] for d in known if d["name"].casefold() == given.casefold()]
    if not named or any(d["id"] == given for d in known):
        return given
    if len(named) > 1:
        raise Refusal("ambiguous", f"several devices are called {given!r}", ", ".join(named))
    return str(named[0])


def _room(args: argparse.Namespace) -> dict[str, Any]:
    room = args.value[0] if args.value else None
    return {"nowhere": True} if room == "-" else {"room": room}


def _when(ms: int | None) -> str:
    return "-" if ms is None else f"{datetime.fromtimestamp(ms / 1000).astimezone():%Y-%m-%d %H:%M}"


def _state(device: dict[str, Any]) -> str:
    state = device["state"]
    parts = []
    if state["on"] is not None:
        parts.append("on" if state["on"] else "off")
    if state["level"] is not None:
        parts.append(f"{state['level']:.0%}")
    if state["kelvin"] is not None:
        parts.append(f"{state['kelvin']} K")
    if state["target_c"] is not None:
        parts.append(f"{state['target_c']:.1f} C")
    if state["playing"]:
        parts.append(f"playing {state['playing']}")
    parts += [f"{kind} {value}" for kind, value in state["values"].items()]
    return ", ".join(parts)


_ACTIONS: dict[str, Callable[[argparse.Namespace, ControlClient], int]] = {
    "list": _list,
    "show": _show,
    "set": _set,
    "rename": _rename,
    "room": _place,
    "hide": _flag,
    "unhide": _flag,
    "disable": _flag,
    "enable": _flag,
    "forget": _forget,
    "diagnose": _diagnose,
    "permit-join": _join,
    "pair": _join,
}
