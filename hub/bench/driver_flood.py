"""A thousand devices, a thousand changes a second: is one lost, how long until it is on the bus."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from drivers.mqtt import MqttDriver
from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker
from drivers.mqtt_settings import MqttSettings
from hub.act.devices import Devices
from hub.bench.driver_round import ending
from hub.bench.figures import Figure, at_least, at_most, median, percentile, plain
from hub.bench.processes import START_LIMIT_S, broker
from hub.bus import Bus
from hub.clock import SystemClock
from hub.settings import Settings
from hub.types import DeviceChanged

DEVICES: Final = 1000
RATE: Final = 1000
STEP_S: Final = 0.01
GRACE_S: Final = 10.0
MOST_MS: Final = 20.0


def measure(*, quick: bool) -> list[Figure]:
    """Measure a minute; ten seconds when it has to be quick."""
    return asyncio.run(_measure(10 if quick else 60))


async def _measure(seconds: int) -> list[Figure]:
    sent = RATE * seconds
    late_ms: list[float] = []
    known, complete = asyncio.Event(), asyncio.Event()

    def changed(change: DeviceChanged) -> None:
        value = change.device.state.values.get("value")
        before = change.before and change.before.state.values.get("value")
        if isinstance(value, float) and value != before:
            late_ms.append((time.monotonic() - value) * 1000)
            if len(late_ms) == sent:
                complete.set()
        elif len(devices.all()) == DEVICES:
            known.set()

    bus = Bus(lambda *_: None)
    bus.on(DeviceChanged, changed)
    devices = Devices(Settings(), bus, SystemClock())
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as port:
        sensors = {
            f"s{number}": {"kind": "sensor", "state_topic": f"s/{number}", "measures": ["value"]}
            for number in range(DEVICES)
        }
        settings = MqttSettings.model_validate({"port": port, "devices": sensors})
        driver = MqttDriver(settings)
        async with ending(asyncio.create_task(driver.run(devices.port("mqtt")))):
            async with asyncio.timeout(START_LIMIT_S):
                await known.wait()
            command = (sys.executable, "-m", "hub.bench.driver_flood", str(port), str(seconds))
            house = await asyncio.create_subprocess_exec(*command)
            try:
                await asyncio.wait(
                    {
                        ended := asyncio.create_task(house.wait()),
                        all_here := asyncio.create_task(complete.wait()),
                    },
                    timeout=seconds + START_LIMIT_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                if house.returncode is None:
                    house.kill()
                all_here.cancel()
                await ended
            held = driver.stats.received - len(late_ms)
    note = f"{DEVICES} devices on MQTT, {seconds} s"
    return [
        at_least("flood_arrived", 100 * len(late_ms) / sent, "%", 100, note),
        plain("flood_not_published", held, "messages", "received, but overtaken by a newer one"),
        plain("flood_event_to_bus_p50", median(late_ms), "ms"),
        at_most("flood_event_to_bus_p99", percentile(late_ms, 0.99), "ms", MOST_MS),
    ]


class _Deaf:
    def message(self, topic: str, payload: bytes, retained: bool) -> None: ...
    def skipped(self) -> None: ...
    def turn_over(self) -> None: ...


async def _house(port: int, seconds: int) -> None:
    """Publish the time as every sensor's value, one sensor after another."""
    async with MqttLink.open(Broker("127.0.0.1", port, "house", 30, 1000), _Deaf()) as link:
        started = time.monotonic()
        number = 0
        while number < RATE * seconds:
            due = min(int((time.monotonic() - started) * RATE), RATE * seconds)
            for one in range(number, due):
                link.send(f"s/{one % DEVICES}", f"{time.monotonic():.6f}".encode())
            number = due
            await asyncio.sleep(STEP_S)
        await asyncio.sleep(GRACE_S)  # until it is ended: what is on its way is not cut off


if __name__ == "__main__":
    asyncio.run(_house(int(sys.argv[1]), int(sys.argv[2])))
