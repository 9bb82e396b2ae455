"""All that is measured of drivers on their peers."""

from hub.bench import driver_dead, driver_flood, driver_imports, driver_latency, driver_scene
from hub.bench.figures import Figure

PARTS = (driver_latency, driver_scene, driver_flood, driver_dead, driver_imports)


def measure(*, quick: bool) -> list[Figure]:
    """Measure every part."""
    return [figure for part in PARTS for figure in part.measure(quick=quick)]
