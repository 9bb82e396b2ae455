"""A sense link on a bus under a supervisor, with what it published."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from hub.bus import Bus
from hub.clock import SystemClock
from hub.sense.link import SenseLink
from hub.settings import Camera, Microphone, Room, Senses, Settings, TextSense, VoiceSense
from hub.supervisor import Service, Stage, Supervisor
from hub.types import SenseChanged, Sensed, SenseState, SourceId
from models.catalog import load_catalog

CAMERA = SourceId("camera:c")
MICROPHONE = SourceId("microphone:m")


def configuration(
    camera: str | None = None,
    microphone: str | None = None,
    *,
    text: bool = False,
    fps: float = 10,
    words: bool = False,
) -> Settings:
    """Return settings with the sources that are given, all in the room `living`."""
    cameras = {"c": Camera(room="living", url=camera, max_fps=fps)} if camera else {}
    microphones = (
        {"m": Microphone(room="living", device=microphone)} if microphone is not None else {}
    )
    return Settings(
        rooms={"living": Room()},
        senses=Senses(
            cameras=cameras,
            microphones=microphones,
            voice=VoiceSense(words=words),
            text=TextSense(enabled=text),
        ),
    )


class Rig:
    """What a test needs of a running link."""

    def __init__(self, settings: Settings) -> None:
        self.bus = Bus(self._failed)
        self.sensed: list[Sensed] = []
        self.changes: list[SenseChanged] = []
        self.bus.on(Sensed, self.sensed.append)
        self.bus.on(SenseChanged, self.changes.append)
        self.link = SenseLink(
            settings, self.bus, SystemClock(), frozenset(load_catalog().entries) | {"face_emotion"}
        )
        self.supervisor = Supervisor(SystemClock())
        self.service: Service | None = None

    def start(self) -> None:
        self.service = self.supervisor.add("sense", self.link.run, Stage.SENSE, max_silence_s=5)

    async def until(self, condition: Callable[[], object], limit_s: float = 20.0) -> float:
        """Wait until the condition holds; return how many seconds that took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < limit_s, f"not within {limit_s} s: {self.changes}"
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    def states(self, source: SourceId) -> list[SenseState]:
        """Return the states that were published of a source."""
        return [change.state for change in self.changes if change.source == source]

    @staticmethod
    def _failed(where: str, err: Exception) -> None:
        raise AssertionError(f"{where}: {err!r}")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Rig]:
    """Run a link and stop it in order."""
    rig = Rig(settings)
    rig.start()
    try:
        yield rig
    finally:
        assert await rig.supervisor.stop() == ()
