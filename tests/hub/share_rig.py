"""A hub that shares, and a mood in it that somebody has agreed to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from hub.app import Hub
from hub.clock import SystemClock
from hub.sense.sources import TEXT
from hub.settings import Settings
from hub.types import PersonId, RoomId, Sensed
from models.types import Emotion, Sense
from tests.hub.api_rig import settings_for
from tests.hub.mood_helpers import reading

ADA = PersonId("ada")
LIVING, STUDY = RoomId("living_room"), RoomId("study")
LIMIT_S = 15.0


def sharing(state: Path, share: dict[str, Any], **more: Any) -> Settings:
    """Return a small home without an API that shares so."""
    return settings_for(state, api={"enabled": False}, share=share, **more)


@contextlib.asynccontextmanager
async def hub_with(settings: Settings) -> AsyncIterator[Hub]:
    """Run a hub until the block ends."""
    clock = SystemClock()
    hub = await Hub.create(settings, clock, clock.monotonic())
    try:
        await hub.start()
        yield hub
    finally:
        await hub.stop()


async def agree(hub: Hub, sense: str = "text", action: str = "give") -> None:
    """Let Ada give or withdraw a consent."""
    await hub.operations.ask("consent", action=action, person=ADA, sense=sense)


def feel(hub: Hub, label: Emotion = Emotion.HAPPINESS, room: RoomId = LIVING) -> None:
    """Let the hub read a text of Ada's."""
    at = {Emotion.HAPPINESS: (0.7, 0.4), Emotion.SADNESS: (-0.6, -0.3)}[label]
    said = reading(Sense.TEXT, label, at=at)
    hub.bus.publish(Sensed(said, TEXT, room, ADA, None, hub.clock.monotonic()))


async def until_true(holds: Callable[[], object], what: str = "it") -> None:
    """Wait for a condition."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{what} did not come within {LIMIT_S:g} s") from None


def state_of(hub: Hub, service: str) -> str:
    """Return where a service stands."""
    return {one.name: one.state.value for one in hub.supervisor.health()}.get(service, "")
