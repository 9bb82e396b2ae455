"""Lists in which printed digits two folders of figures differ.

`compare_figures.py KEPT MEASURED [KIND...]`; with kinds only their figures are looked for (those
of the heart belong to `body`).
Times are left out: they are the machine's. Exits with 1 when anything differs, or was not measured
although it can be (the harms of faces come from their own script).
"""

import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

DIGITS = 3
"""As docs/models.md and the cards print them."""

NOT_HERE = {"face_harms"}
"""Measured by models.training.face_report."""


def main(kept: Path, measured: Path, kinds: Collection[str] = ()) -> int:
    """Print what differs, and how many figures are the same."""
    same = differing = 0
    for file in sorted(kept.glob("*.json")):
        if file.stem in NOT_HERE:
            continue
        report = json.loads(file.read_text("utf-8"))
        kind = "body" if report["kind"] == "heart" else report["kind"]
        if kinds and kind not in kinds:
            continue
        other = measured / file.name
        if not other.is_file():
            print(f"{file.stem}: not measured")
            differing += 1
            continue
        was = dict(leaves(report))
        now = dict(leaves(json.loads(other.read_text("utf-8"))))
        for place in was | now:
            if was.get(place) == now.get(place):
                same += 1
            else:
                differing += 1
                print(f"{file.stem}: {place}: {was.get(place)} kept, {now.get(place)} measured")
    print(f"{same} figures are the same to {DIGITS} digits, {differing} differ")
    return 1 if differing else 0


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Give every figure with its place; times are passed over."""
    if isinstance(value, dict):
        for key, one in value.items():
            if not str(key).startswith("ms"):
                yield from leaves(one, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, f"{place}[{number}]")
    else:
        yield place, round(value, DIGITS) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
