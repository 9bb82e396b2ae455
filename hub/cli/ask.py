"""Commands that ask a running hub: say, status, scene, correct."""

import argparse
import sys
from contextlib import closing

from hub.cli.output import columns, connect, outcomes, remarks, settings_of, show
from hub.errors import Refusal
from hub.words import how_sure, seems

MAX_STDIN_CHARS = 100_000
HARD_TO_READ = 0.5


def say(args: argparse.Namespace) -> int:
    """Tell the hub something in words and print what it made of it."""
    text = sys.stdin.read(MAX_STDIN_CHARS) if args.text == "-" else args.text
    with closing(connect(args)) as hub:
        answer = hub.call("say", text=text, person=args.person, room=args.room)
    language = settings_of(args).home.language
    seeming, sure = seems(answer["label"]), how_sure(answer["confidence"])
    lines = [f"{seeming.in_language(language)} ({sure.in_language(language)})"]
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
        (s["source"], s["room"], s["sense"], s["state"], remarks(s)) for s in answer["senses"]
    ]
    memory = ", ".join(f"{name} {mb} MB" for name, mb in answer["rss_mb"].items() if mb)
    privacy = "on" if answer["privacy"] else "off"
    head = f"up {_duration(answer['uptime_s'])}, {memory}, privacy mode {privacy}"
    lines = [head, "", *columns(rows), "", *columns(senses)]
    if words := answer["sense_process"]["words"]:
        said = f"{words['read']} of {words['utterances']} utterances, {words['cpu_s']} s CPU"
        why = f"; not read: {words['reason']}" if words["reason"] else ""
        lines += ["", f"spoken words: {said}{why}"]
    dropped = {name: count for name, count in answer["drops"].items() if count}
    if dropped:
        lines += ["", "dropped: " + ", ".join(f"{n} {c}" for n, c in dropped.items())]
    return show(args, answer, lines)


def scene(args: argparse.Namespace) -> int:
    """Apply a scene by hand, or restore what was before."""
    if bool(args.scene) == args.restore:
        raise Refusal("bad_request", "name a scene or give --restore, not both")
    with closing(connect(args)) as hub:
        answer = hub.call("scene", room=args.room, scene=args.scene, restore=args.restore)
    return outcomes(args, answer)


def correct(args: argparse.Namespace) -> int:
    """Tell the hub that its last reading of a room was right or wrong."""
    with closing(connect(args)) as hub:
        answer = hub.call("correct", verdict=args.verdict, was=args.was, room=args.room)
    return show(args, answer, ["noted"])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
