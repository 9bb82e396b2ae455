"""What is measured of drivers: that both sides of a pair really reach the peer."""

import importlib

import pytest

from hub.bench.driver_latency import PEERS


@pytest.mark.peer
@pytest.mark.timeout(60)
@pytest.mark.parametrize("driver", ["bluetooth", "esphome", "kasa", "lifx", "shelly", "wled"])
def test_a_driver_is_measured_beside_its_library(driver: str) -> None:
    bare, ours = importlib.import_module(PEERS[driver]).pairs(2, 3)
    for rounds in (bare, ours):
        assert [len(times) for times in rounds] == [3, 3]
        assert all(0 < took_ms < 5000 for times in rounds for took_ms in times)
