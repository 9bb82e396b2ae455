"""What the tests of the store share: a store in a moment, and events of every kind."""

import asyncio
import functools
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.types import Device, DeviceId, DeviceState, Dimmable, Outcome, SetLight, Status
from hub.clock import Clock, ManualClock
from hub.settings import StoreSettings
from hub.store.migrate import apply_in_child
from hub.store.schema import File
from hub.store.store import Store
from hub.types import (
    Acted,
    Decision,
    DeviceChanged,
    Goal,
    Held,
    Mood,
    PersonId,
    RoomId,
    SceneGoal,
    Sensed,
    SourceId,
    Trigger,
)
from models.types import EMOTIONS, Affect, Emotion, MoodEstimate, Reading, Sense

ROOM = RoomId("living_room")
BEDROOM = RoomId("bedroom")
MIRA = PersonId("mira")
JON = PersonId("jon")
LAMP = DeviceId("mqtt:lamp")

_KEEP = tempfile.TemporaryDirectory(prefix="store-template-")


@functools.cache
def template() -> Path:
    """Return a directory with the three files, new and empty; made once a session."""
    directory = Path(_KEEP.name)
    maker = threading.Thread(target=lambda: asyncio.run(apply_in_child(directory)))
    maker.start()  # a loop runs in this thread already
    maker.join()
    return directory


def new_directory(path: Path) -> Path:
    """Make a store's directory without the half second that migrations take."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in File:
        shutil.copyfile(template() / file, path / file)
    return path


def settings(directory: Path, **values: float) -> StoreSettings:
    return StoreSettings.model_validate(
        {"directory": directory, "reserve_bytes": 65_536, "commit_every_s": 60, **values}
    )


@asynccontextmanager
async def opened(
    directory: Path, clock: Clock | None = None, **values: float
) -> AsyncIterator[Store]:
    """Open a store, on new files if there are none."""
    if not directory.exists():
        new_directory(directory)
    store = Store(settings(directory, **values), clock or ManualClock())
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def rows(directory: Path, sql: str, file: File = File.HISTORY) -> list[tuple[object, ...]]:
    """Ask a file directly."""
    conn = sqlite3.connect(f"file:{directory / file}?mode=ro", uri=True)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def corrupt(path: Path, start: int = 2000, length: int = 3000) -> None:
    """Overwrite part of a file with rubbish."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5rubbish" * (length // 8))


def sensed(
    clock: Clock,
    sense: Sense = Sense.FACE,
    *,
    person: PersonId | None = None,
    source: str = "camera:living",
    room: RoomId = ROOM,
    valence: float = 0.5,
    quality: float = 0.8,
    probabilities: tuple[float, ...] | None = None,
) -> Sensed:
    if probabilities is None:
        probabilities = (0.05,) * 4 + (0.65,) + (0.05,) * 3
    reading = Reading(sense, Affect(valence, 0.2, 0.04, 0.09), probabilities, quality, "face-1")
    return Sensed(reading, SourceId(source), room, person, 3, clock.monotonic())


def mood(
    clock: Clock,
    number: int,
    *,
    person: PersonId | None = None,
    room: RoomId = ROOM,
    valence: float = 0.5,
    label: Emotion = Emotion.HAPPINESS,
    confidence: float = 0.7,
) -> Mood:
    estimate = MoodEstimate(
        valence, 0.25, label, confidence, {Sense.FACE: 0.6, Sense.VOICE: 0.3}, 0.125
    )
    return Mood(number, room, person, estimate, clock.monotonic())


def decision(
    clock: Clock,
    number: int,
    *,
    mood_id: int | None = None,
    room: RoomId = ROOM,
    rule: str = "cheer_up",
    because: str = "The living room has felt sad for 12 minutes (72.5 % sure).",
    goal: Goal | None = None,
) -> Decision:
    now = clock.monotonic()
    return Decision(
        number,
        room,
        rule,
        goal or SceneGoal("bright"),
        Trigger.MOOD,
        because,
        0.725,
        mood_id,
        now,
        now + 3600,
    )


def acted(clock: Clock, decision_id: int | None, level: float = 0.4567) -> Acted:
    command = SetLight(LAMP, True, level, 2700, None, 2.0)
    return Acted(decision_id, Outcome(command, Status.DONE, "", 12.4), clock.monotonic())


def held(clock: Clock, rule: str = "calm_down", guard: str = "cooldown") -> Held:
    now = clock.monotonic()
    return Held(ROOM, rule, guard, now + 300, now)


def device(
    state: DeviceState | None = None, *, available: bool = True, room: str | None = ROOM
) -> Device:
    return Device(
        LAMP, "Lamp", "mqtt", (Dimmable(),), state or DeviceState(), room, available=available
    )


def changed(clock: Clock, after: Device, before: Device | None) -> DeviceChanged:
    return DeviceChanged(after, before, clock.monotonic())


def wave(level: float) -> tuple[float, ...]:
    """Return probabilities with this share for the first label."""
    rest = (1 - level) / (len(EMOTIONS) - 1)
    return (level, *(rest,) * (len(EMOTIONS) - 1))
