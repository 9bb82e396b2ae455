"""Small plots of an evaluation report as SVG: reliability, risk over coverage, confusion.

Drawn without a plotting library, so that the same report always gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

SIDE, LEFT, TOP = 200, 44, 22
DARK = 0.5
INK, FAINT, BLUE, RED = "#444", "#bbb", "#3b6ea5", "#c0562f"


def plots(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the SVGs that a report has figures for, by what they show."""
    found = {}
    trusted = report.get("trust")
    if trusted:
        found["reliability"] = reliability(trusted["reliability"])
        found["risk"] = risk(trusted["risk"], trusted["aurc"])
    if report.get("confusion"):
        found["confusion"] = confusion(report["labels"], report["confusion"])
    return found


def reliability(bins: Sequence[Mapping[str, float]]) -> str:
    """Draw how often answers were right over their confidence; dots by the square root of n."""
    most = max(one["n"] for one in bins)
    points = [_at(one["confidence"], one["right"]) for one in bins]
    marks = [_line([_at(0, 0), _at(1, 1)], FAINT, dashed=True), _line(points, BLUE)]
    for (x, y), one in zip(points, bins, strict=True):
        radius = 1.5 + 4 * (one["n"] / most) ** 0.5
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{BLUE}"/>')
    return _frame("Reliability", "confidence", "right", marks)


def risk(risks: Sequence[float], area: float) -> str:
    """Draw the share of wrong answers among the surest, over how many answers are taken."""
    points = [_at((i + 1) / len(risks), value) for i, value in enumerate(risks)]
    title = f"Risk over coverage (area {area:.3f})"
    return _frame(title, "coverage", "wrong", [_line(points, RED)])


def confusion(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Draw the shares of answers by truth; rows are true labels that occur."""
    rows = [(name, row) for name, row in zip(labels, counts, strict=True) if sum(row)]
    columns = [i for i in range(len(counts[0])) if any(row[i] for _, row in rows)]
    names = [*labels, "none"]
    cell, left, top = 34, 78, 74
    width, height = left + cell * len(columns) + 44, top + cell * len(rows) + 8
    parts = []
    for c, column in enumerate(columns):
        x = left + cell * (c + 0.5)
        parts.append(_text(x, top - 6, names[column], "start", f"rotate(-45 {x:.0f} {top - 6})"))
    for r, (name, row) in enumerate(rows):
        parts.append(_text(left - 5, top + cell * (r + 0.6), name, "end"))
        for c, column in enumerate(columns):
            share = row[column] / sum(row)
            x, y = left + cell * c, top + cell * r
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" '
                f'fill="{BLUE}" fill-opacity="{share:.3f}" stroke="{FAINT}" stroke-width="0.5"/>'
            )
            ink = "#fff" if share > DARK else INK
            parts.append(_text(x + cell / 2, y + cell * 0.6, f"{share:.0%}", "middle", ink=ink))
    return _svg(width, height, parts)


def _at(x: float, y: float) -> tuple[float, float]:
    return LEFT + SIDE * x, TOP + SIDE * (1.0 - y)


def _line(points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>'


def _text(x: float, y: float, text: str, anchor: str, transform: str = "", ink: str = INK) -> str:
    turn = f' transform="{transform}"' if transform else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}"{turn}'
    return f"<text {place}>{escape(text)}</text>"


def _frame(title: str, across: str, up: str, marks: Sequence[str]) -> str:
    parts = [
        _text(LEFT, TOP - 8, title, "start"),
        f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{FAINT}"/>',
        *marks,
        _text(LEFT + SIDE / 2, TOP + SIDE + 28, across, "middle"),
        _text(12, TOP + SIDE / 2, up, "middle", f"rotate(-90 12 {TOP + SIDE / 2:.0f})"),
    ]
    for tick in (0.0, 0.5, 1.0):
        x, y = _at(tick, tick)
        parts.append(_text(x, TOP + SIDE + 13, f"{tick:g}", "middle"))
        parts.append(_text(LEFT - 5, y + 4, f"{tick:g}", "end"))
    return _svg(LEFT + SIDE + 14, TOP + SIDE + 36, parts)


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="10">'
    )
    back = f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>'
    return "\n".join([head, back, *parts, "</svg>"]) + "\n"
