"""Commands that ask a running hub: say, status, devices, scene, correct."""

import argparse
import sys
from contextlib import closing
from typing import Any

from hub.cli.output import columns, connect, show
from hub.errors import Refusal
from hub.words import how_sure, seems

MAX_STDIN_CHARS = 100_000
HARD_TO_READ = 0.5


def say(args: argparse.Namespace) -> int:
    """Tell the hub something in words and print what it made of it."""
    text = sys.stdin.read(MAX_STDIN_CHARS) if args.text == "-" else args.text
    with closing(connect(args)) as hub:
        answer = hub.call("say", text=text, person=args.person, room=args.room)
    lines = [f"{seems(answer['label'])} ({how_sure(answer['confidence'])})"]
    if answer["emotions"]:
        heard = ", ".join(f"{name} {share:.0%}" for name, share in answer["emotions"])
        lines.append(f"read in the text: {heard}")
    if answer["quality"] < HARD_TO_READ:
        lines.append("hard to read: very short, or not English; it counts little")
    return show(args, answer, lines)


def status(args: argparse.Namespace) -> int:
    """Show services, senses, drops and memory."""
    with closing(connect(args)) as hub:
        answer = hub.call("status")
    rows = [("service", "state", "restarts", "reason")]
    rows += [(s["name"], s["state"], str(s["restarts"]), s["reason"]) for s in answer["services"]]
    senses = [("source", "room", "sense", "state", "")]
    senses += [
        (s["source"], s["room"], s["sense"], s["state"], _remarks(s)) for s in answer["senses"]
    ]
    memory = ", ".join(f"{name} {mb} MB" for name, mb in answer["rss_mb"].items() if mb)
    privacy = "on" if answer["privacy"] else "off"
    head = f"up {_duration(answer['uptime_s'])}, {memory}, privacy mode {privacy}"
    lines = [head, "", *columns(rows), "", *columns(senses)]
    dropped = {name: count for name, count in answer["drops"].items() if count}
    if dropped:
        lines += ["", "dropped: " + ", ".join(f"{n} {c}" for n, c in dropped.items())]
    return show(args, answer, lines)


def devices(args: argparse.Namespace) -> int:
    """List devices, show one, or set one by hand."""
    with closing(connect(args)) as hub:
        if args.action == "set":
            return _set(args, hub.call("set", **_wanted(args)))
        found = hub.call("devices")["devices"]
    if args.action == "show":
        device = _required(args)
        found = [d for d in found if d["id"] == device]
        if not found:
            raise Refusal("unknown_device", f"no device {device!r}", "see 'moodsync devices'")
    rows = [("device", "name", "room", "state", "")]
    rows += [(d["id"], d["name"], d["room"] or "", _state(d), _remarks(d)) for d in found]
    return show(args, {"devices": found}, columns(rows))


def scene(args: argparse.Namespace) -> int:
    """Apply a scene by hand, or restore what was before."""
    if bool(args.scene) == args.restore:
        raise Refusal("bad_request", "name a scene or give --restore, not both")
    with closing(connect(args)) as hub:
        answer = hub.call("scene", room=args.room, scene=args.scene, restore=args.restore)
    return _set(args, answer)


def correct(args: argparse.Namespace) -> int:
    """Tell the hub that its last reading of a room was right or wrong."""
    with closing(connect(args)) as hub:
        answer = hub.call("correct", verdict=args.verdict, was=args.was, room=args.room)
    return show(args, answer, ["noted"])


def _wanted(args: argparse.Namespace) -> dict[str, Any]:
    wanted = {key: getattr(args, key) for key in ("on", "level", "kelvin", "target", "volume")}
    if all(value is None for value in wanted.values()):
        raise Refusal("bad_request", "say what to set: --on, --level, --kelvin, --target, --volume")
    return {"device": _required(args)} | wanted


def _required(args: argparse.Namespace) -> str:
    if not args.device:
        raise Refusal("bad_request", "which device?", "see 'moodsync devices'")
    return str(args.device)


def _set(args: argparse.Namespace, answer: dict[str, Any]) -> int:
    lines = [
        f"{o['device']}: {o['status']}{' - ' + o['reason'] if o['reason'] else ''}"
        for o in answer["outcomes"]
    ]
    show(args, answer, lines or ["nothing to change"])
    return 0 if all(o["status"] == "done" for o in answer["outcomes"]) else 1


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


def _remarks(thing: dict[str, Any]) -> str:
    remarks = []
    if thing.get("simulated"):
        remarks.append("simulated")
    if thing.get("available") is False:
        remarks.append("unavailable")
    if thing.get("reason"):
        remarks.append(thing["reason"])
    return ", ".join(remarks)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
