"""What is started beside the driver's own tasks ends with it, and no failure of it goes unheard."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.bluetooth_rig import STRAP, driver_for, house
from tests.fakes.running import nothing_left, running
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("moment_s", [0.0, 0.005, 0.02, 0.05])
@pytest.mark.parametrize("ending", ["freeze", "kill"])
async def test_a_connection_given_up_while_the_service_ends_loses_nothing(
    tmp_path: Path, ending: str, moment_s: float
) -> None:
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: unheard.append(what))
    with house(tmp_path) as service:
        async with nothing_left():
            async with running(driver_for({"strap": {"address": STRAP, "kind": "heart_rate"}})):
                await eventually(lambda: _task("bluetooth connect") is not None)
                await asyncio.sleep(moment_s)
                await asyncio.to_thread(getattr(service, ending))
            await eventually(lambda: _task("bluetooth connect") is None)
            gc.collect()
            await asyncio.sleep(0)
    assert unheard == []


def _task(name: str) -> asyncio.Task[Any] | None:
    return next((one for one in asyncio.all_tasks() if one.get_name() == name), None)
