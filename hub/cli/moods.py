"""`moodsync moods`: the live view of the rooms in the terminal.

For each room: the valence-arousal plane with the present as a dot and the last minutes as its
trail, what each sense says and weighs, and the last decisions with their reasons.
"""

import argparse
import sys
import time
from collections import deque
from contextlib import closing
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hub.cli.output import connect, settings_of
from hub.control_client import ControlClient
from hub.phrase import SOURCE, Language
from hub.words import how_sure, seems

REFRESH_S = 0.25
TRAIL_POINTS = 240
WIDTH, HEIGHT = 41, 15
"""Characters of the plane; odd, so that zero has a column and a row of its own."""

Trail = deque[tuple[float, float]]


def moods(args: argparse.Namespace) -> int:
    """Show the moods until interrupted, or once."""
    language = settings_of(args).home.language
    with closing(connect(args)) as hub:
        if args.json:
            return _stream_json(args, hub)
        if args.once or not sys.stdout.isatty():
            Console().print(render(hub.call("moods", room=args.room), {}, language))
            return 0
        trails: dict[str, Trail] = {}
        with Live(screen=True, auto_refresh=False) as live:
            while True:
                live.update(
                    render(hub.call("moods", room=args.room), trails, language), refresh=True
                )
                time.sleep(REFRESH_S)


def _stream_json(args: argparse.Namespace, hub: ControlClient) -> int:
    import json  # noqa: PLC0415 - only for programs

    while True:
        print(json.dumps(hub.call("moods", room=args.room)), flush=True)
        if args.once:
            return 0
        time.sleep(REFRESH_S)


def render(
    snapshot: dict[str, Any], trails: dict[str, Trail], language: Language = SOURCE
) -> Group:
    """Return the whole view of one snapshot; `trails` is kept by the caller and added to."""
    parts: list[Any] = [_indicator(snapshot)]
    for room in snapshot["rooms"]:
        trail = trails.setdefault(room["room"], deque(maxlen=TRAIL_POINTS))
        mood = room["mood"]
        if mood is not None:
            trail.append((mood["valence"], mood["arousal"]))
        side_by_side = Table.grid(padding=(0, 2))
        side_by_side.add_row(
            Panel(plane(mood, trail), title="arousal over valence", width=WIDTH + 4),
            Group(_mood_line(mood, language), "", _senses(room["senses"])),
        )
        parts.append(Panel(side_by_side, title=room["name"]))
        parts.append(_decisions(room["decisions"]))
    return Group(*parts)


def plane(mood: dict[str, Any] | None, trail: Trail) -> Text:
    """Draw the plane: axes, the trail as dots, doubt as a ring around the present."""
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for row in range(HEIGHT):
        grid[row][WIDTH // 2] = "|"
    grid[HEIGHT // 2] = ["-"] * WIDTH
    grid[HEIGHT // 2][WIDTH // 2] = "+"
    for valence, arousal in trail:
        column, row = _cell(valence, arousal)
        grid[row][column] = "."
    if mood is not None:
        column, row = _cell(mood["valence"], mood["arousal"])
        reach = 1 + round((1 - mood["confidence"]) * 3)
        for step in (-reach, reach):
            if 0 <= column + step < WIDTH:
                grid[row][column + step] = ")" if step > 0 else "("
        grid[row][column] = "@"
    words = {0: ("tense", "excited"), HEIGHT - 1: ("low", "relaxed")}
    for row, (left, right) in words.items():
        for i, letter in enumerate(left):
            grid[row][i] = letter
        for i, letter in enumerate(reversed(right)):
            grid[row][WIDTH - 1 - i] = letter
    return Text("\n".join("".join(row) for row in grid))


def _cell(valence: float, arousal: float) -> tuple[int, int]:
    column = round((valence + 1) / 2 * (WIDTH - 1))
    row = round((1 - arousal) / 2 * (HEIGHT - 1))
    return min(max(column, 0), WIDTH - 1), min(max(row, 0), HEIGHT - 1)


def _indicator(snapshot: dict[str, Any]) -> Text:
    """What is sensed now stands on top of everything and cannot be turned off."""
    text = Text()
    for sense in snapshot["sensing"]:
        on = sense["state"] == "on"
        note = " (simulated)" if sense["simulated"] else ""
        text.append(
            f" {'●' if on else '○'} {sense['sense']} {sense['source']}{note} {sense['state']} ",
            style="bold green" if on else "dim",
        )
    if snapshot["privacy"]:
        text.append(" privacy mode ", style="reverse")
    return text


def _mood_line(mood: dict[str, Any] | None, language: Language) -> Text:
    if mood is None:
        return Text("nothing to go by yet", style="dim")
    seeming = seems(mood["label"]).in_language(language)
    sure = how_sure(mood["confidence"]).in_language(language)
    return Text(f"{seeming}, {sure} ({mood['confidence']:.0%})", style="bold")


def _senses(senses: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 1))
    for heading in ("sense", "valence", "arousal", "weight", "quality", "age"):
        table.add_column(heading, justify="left" if heading in {"sense", "weight"} else "right")
    for sense in senses:
        bar = "▇" * round(sense["weight"] * 10)
        table.add_row(
            f"{sense['sense']} ({sense['source'].partition(':')[2] or 'typed'})",
            f"{sense['valence']:+.2f}",
            f"{sense['arousal']:+.2f}",
            f"{bar:<10} {sense['weight']:.0%}",
            f"{sense['quality']:.0%}",
            f"{sense['age_s']:.0f} s",
        )
    return table


def _decisions(decisions: list[dict[str, Any]]) -> Group:
    lines = [
        Text(f"{d['time']}  {d['because']}", style="dim" if d["held"] else "") for d in decisions
    ]
    return Group(*lines) if lines else Group(Text("no decision yet", style="dim"))
