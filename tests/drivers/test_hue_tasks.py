"""The Hue driver's tasks end with it, whichever of them ends first; no failure goes unheard."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from drivers import hue
from drivers.types import Unreachable
from tests.drivers import hue_rig
from tests.fakes.port import RememberingPort
from tests.fakes.running import nothing_left, running

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("ask_every_s", [0.02, 15.0])
@pytest.mark.parametrize("moment_s", [0.0, 0.03, 0.1])
async def test_a_bridge_that_dies_ends_every_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment_s: float, ask_every_s: float
) -> None:
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: unheard.append(what))
    monkeypatch.setattr(hue, "ASK_EVERY_S", ask_every_s)  # the stream or the question ends first
    with hue_rig.house(tmp_path) as house:
        driver = house.driver(tmp_path / "own")
        async with running(driver):
            pass  # a first use may open what stays open on purpose
        async with nothing_left():
            port = RememberingPort()
            run = asyncio.create_task(driver.run(port))
            await port.until(lambda: port.connections == 1)
            await asyncio.sleep(moment_s)
            await asyncio.to_thread(house.peer.kill)
            with pytest.raises(Unreachable):
                async with asyncio.timeout(20):
                    await run
            del run
        gc.collect()
        await asyncio.sleep(0)
    assert unheard == []
