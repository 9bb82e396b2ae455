"""The tables of a model card, as figures: what a training measured stands nowhere else."""

import re
from collections.abc import Iterator, Mapping, Sequence

Table = Mapping[str, Mapping[str, float]]
"""Figures by row and column; cells that are no numbers are left out."""

Tables = Mapping[str, Sequence[Table]]
"""By the head of their first column, in the card's order."""

_LEFT_OUT = re.compile(r"a corpus left out is read at: ([^.]+(?:\.\d+[^.]*)*)\.")
_NOT_READ = re.compile(r"(none|[\d,]+) of\s+([\d,]+) windows")


def tables(card: str) -> Tables:
    """Return every table of a card."""
    found: dict[str, list[Table]] = {}
    for block in re.findall(r"(?:^\|.*\|\n)+", card, flags=re.MULTILINE):
        head, _, *rows = [_cells(line) for line in block.splitlines()]
        figures = {row[0]: dict(_numbers(head[1:], row[1:])) for row in rows}
        found.setdefault(head[0], []).append(figures)
    return found


def corpora_left_out(card: str) -> Mapping[str, float]:
    """Return the UAR of a voice card on each corpus that the recipe was not fitted on."""
    told = _LEFT_OUT.search(card)
    if told:
        pairs = (one.rsplit(" ", 1) for one in told.group(1).split(", "))
        return {corpus: float(value) for corpus, value in pairs}
    recipe, *others = tables(card)["corpus"]
    strange = {row.removesuffix(", never heard"): row for row in recipe if row.endswith("heard")}
    if strange:
        return {corpus: recipe[row]["UAR"] for corpus, row in strange.items()}
    return {corpus: row["corpus left out"] for corpus, row in others[-1].items()}


def speech_rejected(card: str) -> float:
    """Return which share of windows without speech a voice card says was turned away."""
    told = _NOT_READ.search(card)
    if told is None:
        raise LookupError("the card does not say how many windows were read as a mood")
    read, asked = (0 if one == "none" else int(one.replace(",", "")) for one in told.groups())
    return 1.0 - read / asked


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _numbers(columns: Sequence[str], cells: Sequence[str]) -> Iterator[tuple[str, float]]:
    for column, cell in zip(columns, cells, strict=True):
        if re.fullmatch(r"-?\d+(\.\d+)?", cell):
            yield column, float(cell)
