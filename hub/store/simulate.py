"""What records cost on disk: decisions by the thousand, and a whole day at the hub's usual rates.

Runs the real store on a clock moved by hand. What is written is what the process handed to the
kernel (`wchar` in /proc/self/io: WAL and database, so nothing is hidden by the page cache); what is
kept is how much the files have grown.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path

from drivers.types import DeviceId, Outcome, SetLight, Status
from hub.clock import ManualClock
from hub.settings import StoreSettings
from hub.state_dir import state_dir
from hub.store.schema import File
from hub.store.store import Store
from hub.types import (
    Acted,
    Decision,
    Event,
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
PERSON = PersonId("mira")
LAMP = DeviceId("mqtt:floor_lamp")
SCENES = ("calm", "bright", "focus", "evening")
RATES = {
    "camera:living": (Sense.FACE, None, 5.0),
    "microphone:living": (Sense.VOICE, None, 1.0),
    "strap": (Sense.BODY, PERSON, 1.0),
    "clock": (Sense.CONTEXT, None, 1 / 60),
}
"""Readings a second of each source while people are there."""
MOODS_PER_S = 0.4
"""The engine's: every 5 s at least, sooner when a mood moves; for the room and for the person."""
DECISION_EVERY_S = 300.0
AWAKE_H = 16
"""Hours of each day, its first, in which people are there."""
HELD_RULES = 250
"""Enough for no rule to be held back twice in a minute, which would be stored once."""
STEP_S = 1.0
TICK_S = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes written and kept. `rows` counts decisions, each with its mood, held and outcome."""

    rows: int
    kept_bytes: int
    written_bytes: int
    disk_bytes: int
    """What the kernel has sent to the disk so far (`write_bytes`); less than was written, since
    pages that are written again soon go to the disk once."""
    tables: dict[str, int]


async def decisions(
    settings: StoreSettings, clock: ManualClock, count: int, every_s: float = 0.5
) -> Cost:
    """Record this many decisions, each with its mood, a rule held back and an outcome.

    The rarer they are the more each costs to write, since a commit rewrites the last page of each
    table: a decision that is alone in its minute has six pages to itself.
    """
    store = Store(settings, clock)
    await store.open()
    meter = _Meter(settings)
    chance = random.Random(1)  # noqa: S311 - the same run every time
    for number in range(1, count + 1):
        clock.advance(every_s)
        for event in _decision(number, number, clock.monotonic(), chance):
            store.record(event)
        await store.tick()
    return await meter.stop(store, count)


async def day(settings: StoreSettings, clock: ManualClock, hours: int = 24) -> Cost:
    """Live through hours of a day in a room with one person and every sense on."""
    store = Store(settings, clock)
    await store.open()
    meter = _Meter(settings)
    decided = await live(store, clock, hours * 3600)
    return await meter.stop(store, decided)


async def live(store: Store, clock: ManualClock, seconds: int) -> int:
    """Feed a store with what happens in this time; return how many decisions there were."""
    chance = random.Random(2)  # noqa: S311 - the same run every time
    due: dict[str, float] = dict.fromkeys((*RATES, "mood", "decision"), 0.0)
    first = store.next_ids()
    mood_id, decision_id = first.mood, first.decision
    decided = 0
    for second in range(seconds):
        clock.advance(STEP_S)
        now = clock.monotonic()
        if second // 3600 % 24 < AWAKE_H:
            for source, (sense, person, rate) in RATES.items():
                for _ in range(_times(due, source, rate)):
                    store.record(_sensed(SourceId(source), sense, person, now, chance))
            for _ in range(_times(due, "mood", MOODS_PER_S)):
                for person in (None, PERSON):
                    store.record(_mood(mood_id, person, now, chance))
                    mood_id += 1
            for _ in range(_times(due, "decision", 1 / DECISION_EVERY_S)):
                for event in _decision(decision_id, mood_id, now, chance):
                    store.record(event)
                mood_id, decision_id, decided = mood_id + 1, decision_id + 1, decided + 1
        if second % TICK_S == 0:
            await store.tick()
    return decided


class _Meter:
    """Bytes since its making."""

    def __init__(self, settings: StoreSettings) -> None:
        self._directory = state_dir(settings)
        self._wchar, self._disk = _io("wchar"), _io("write_bytes")
        self._size = self._history_bytes()

    async def stop(self, store: Store, rows: int) -> Cost:
        await store.flush()
        tables = await store.counts()
        await store.close()  # checkpoints: the WAL's way into the file is counted too
        return Cost(
            rows,
            self._history_bytes() - self._size,
            _io("wchar") - self._wchar,
            _io("write_bytes") - self._disk,
            tables,
        )

    def _history_bytes(self) -> int:
        return (self._directory / File.HISTORY).stat().st_size


def _io(key: str) -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)[key])


def _times(due: dict[str, float], what: str, rate: float) -> int:
    due[what] += rate * STEP_S
    times = int(due[what])
    due[what] -= times
    return times


def _decision(number: int, mood_id: int, now: float, chance: random.Random) -> tuple[Event, ...]:
    mood = _mood(mood_id, None, now, chance)
    sure = round(mood.estimate.confidence * 100)
    scene, rule = chance.choice(SCENES), f"when_{mood.estimate.label}"
    because = (
        f"The living room has felt {mood.estimate.label} for {chance.randint(1, 60)} minutes "
        f"({sure} % sure: face {sure - 10} %, voice {sure - 20} %)."
    )
    goal = SceneGoal(scene)
    decision = Decision(
        *(number, ROOM, rule, goal, Trigger.MOOD, because),
        *(mood.estimate.confidence, mood_id, now, now + 3600),
    )
    held = Held(ROOM, f"rule_{number % HELD_RULES}", "cooldown", now + 300, now)
    light = SetLight(LAMP, True, chance.random(), chance.randint(2200, 6500), None, 2.0)
    acted = Acted(number, Outcome(light, Status.DONE, "", chance.uniform(1, 50)), now)
    return mood, decision, held, acted


def _mood(number: int, person: PersonId | None, now: float, chance: random.Random) -> Mood:
    wave: Callable[[float], float] = lambda period: sin(now / period * 2 * pi)  # noqa: E731
    estimate = MoodEstimate(
        valence=0.6 * wave(3000) + chance.gauss(0, 0.03),
        arousal=0.4 * wave(1700) + chance.gauss(0, 0.03),
        label=Emotion.HAPPINESS if wave(3000) > 0 else Emotion.SADNESS,
        confidence=0.6 + 0.2 * wave(900),
        weights={Sense.FACE: 0.5, Sense.VOICE: 0.3, Sense.CONTEXT: 0.1},
        disagreement=0.1,
    )
    return Mood(number, ROOM, person, estimate, now)


def _sensed(
    source: SourceId, sense: Sense, person: PersonId | None, now: float, chance: random.Random
) -> Sensed:
    labelled = sense in (Sense.FACE, Sense.VOICE)
    raw = [chance.random() for _ in EMOTIONS] if labelled else []
    affect = Affect(chance.uniform(-1, 1), chance.uniform(-1, 1), 0.05, 0.05)
    shares = tuple(part / sum(raw) for part in raw)
    return Sensed(
        Reading(sense, affect, shares, chance.random(), f"{sense}-1"),
        source,
        ROOM,
        person,
        None,
        now,
    )
