"""What is started beside the driver's own tasks ends with it, and no failure of it goes unheard."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.bluetooth_rig import STRAP, driver_for, house
from tests.fakes.port import RememberingPort
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


async def test_one_that_is_cancelled_again_while_it_closes_leaves_nothing(tmp_path: Path) -> None:
    with house(tmp_path):
        async with nothing_left():
            port = RememberingPort()
            strap = {"strap": {"address": STRAP, "kind": "heart_rate"}}
            task = asyncio.create_task(driver_for(strap).run(port), name="bluetooth driver")
            await port.until(lambda: port.connections == 1)
            # At each of its steps towards the end, the last of which waits for what bleak has open.
            while not task.done():
                task.cancel()
                await asyncio.sleep(0)


def _task(name: str) -> asyncio.Task[Any] | None:
    return next((one for one in asyncio.all_tasks() if one.get_name() == name), None)
