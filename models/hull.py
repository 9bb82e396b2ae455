"""The point of a convex hull that lies nearest to a target, on the valence-arousal plane."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

Point = tuple[float, float]


def nearest_in_hull(target: Point, points: Sequence[Point], metric: Point) -> Point:
    """Return `target` when it lies in the convex hull of `points`, else the hull's nearest point.

    Distance is metric[0] * dx^2 + metric[1] * dy^2, both above 0: the axis that is known better
    moves less. `points` must not be empty.
    """
    sx, sy = metric[0] ** 0.5, metric[1] ** 0.5
    corners = _corners((x * sx, y * sy) for x, y in points)
    aim = (target[0] * sx, target[1] * sy)
    edges = list(pairwise([*corners, corners[0]]))
    inside = len(corners) > 2 and all(_turn(a, b, aim) >= 0.0 for a, b in edges)  # noqa: PLR2004
    if inside:
        found = target
    else:
        x, y = min((_on_segment(aim, a, b) for a, b in edges), key=lambda p: _square(p, aim))
        found = (x / sx, y / sy)
    # Rounding must not carry it outside.
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(max(found[0], min(xs)), max(xs)), min(max(found[1], min(ys)), max(ys))


def _corners(points: Iterable[Point]) -> list[Point]:
    """Return the hull's corners anticlockwise (Andrew's monotone chain, 1979)."""
    ordered = sorted(set(points))
    if len(ordered) <= 2:  # noqa: PLR2004 - a point or a segment
        return ordered
    return _chain(ordered)[:-1] + _chain(ordered[::-1])[:-1]


def _chain(ordered: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0.0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Point, b: Point, c: Point) -> float:
    """Return more than 0 when a -> b -> c turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _on_segment(aim: Point, a: Point, b: Point) -> Point:
    length = _square(a, b)
    if length == 0.0:
        return a
    along = ((aim[0] - a[0]) * (b[0] - a[0]) + (aim[1] - a[1]) * (b[1] - a[1])) / length
    t = min(1.0, max(0.0, along))
    return a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])


def _square(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
