"""A measured figure, the goal it is held against, and small statistics."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `goal` is empty when there is none; `met` is then None."""

    name: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def at_most(name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    """Return a figure that is met when it does not exceed `limit`."""
    return Figure(name, round(value, 3), unit, f"<= {limit:g} {unit}", value <= limit, note)


def at_least(name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    """Return a figure that is met when it reaches `limit`."""
    return Figure(name, round(value, 3), unit, f">= {limit:g} {unit}", value >= limit, note)


def plain(name: str, value: float, unit: str, note: str = "") -> Figure:
    """Return a figure without a goal: a yardstick."""
    return Figure(name, round(value, 3), unit, note=note)


def median(values: Sequence[float]) -> float:
    """Return the median; NaN without values."""
    return statistics.median(values) if values else float("nan")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the others do not exceed; NaN without values."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
