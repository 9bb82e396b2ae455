"""The nearest point of a convex hull."""

import pytest

from models.hull import Point, nearest_in_hull

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.5, 0.5), (0.5, 0.0)]


@pytest.mark.parametrize(
    ("points", "target", "metric", "expected"),
    [
        (SQUARE, (0.3, 0.7), (1.0, 1.0), (0.3, 0.7)),
        (SQUARE, (2.0, 0.5), (1.0, 1.0), (1.0, 0.5)),
        (SQUARE, (2.0, 3.0), (1.0, 1.0), (1.0, 1.0)),
        ([(0.2, 0.3)], (1.0, 1.0), (1.0, 1.0), (0.2, 0.3)),
        ([(0.2, 0.3), (0.2, 0.3)], (1.0, 1.0), (1.0, 1.0), (0.2, 0.3)),
        ([(0.0, 0.0), (1.0, 1.0)], (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)),
        # The axis that is known a hundred times better moves less.
        ([(0.0, 0.0), (1.0, 1.0)], (1.0, 0.0), (100.0, 1.0), (0.990099, 0.990099)),
        ([(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)], (0.4, 0.9), (1.0, 1.0), (0.4, 0.0)),
    ],
)
def test_nearest(points: list[Point], target: Point, metric: Point, expected: Point) -> None:
    assert nearest_in_hull(target, points, metric) == pytest.approx(expected, abs=1e-6)
