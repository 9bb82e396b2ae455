"""Made-up days of a room's moods and decisions, written as the hub itself writes them.

For what needs a past to show: the app's pictures, and how smoothly History moves.
"""

import math
import time
from typing import Final

from hub.clock import ManualClock
from hub.settings import StoreSettings
from hub.store.store import Store
from hub.types import Decision, Mood, RoomId, SceneGoal, Trigger
from models.types import Emotion, MoodEstimate, Sense

DAY_S: Final = 86_400
STEP_S: Final = 60
AWAY_FROM_H, AWAY_TO_H = 10, 15
CONTENT: Final = 0.1
ACT_EVERY: Final = 173
TICK_EVERY: Final = 30


async def write_days(settings: StoreSettings, room: RoomId, days: int = 1) -> None:
    """Fill a new store with the days up to now: a mood a minute, but from 10 to 15 o'clock."""
    clock = ManualClock(time.time() - days * DAY_S)
    store = Store(settings, clock)
    await store.open()
    for number in range(days * DAY_S // STEP_S):
        hour = number * STEP_S / 3600
        away = AWAY_FROM_H < hour % 24 < AWAY_TO_H
        if not away:
            valence = 0.35 * math.sin(hour / 2.6) + 0.12 * math.sin(hour * 3.1) + 0.1
            arousal = 0.4 * math.sin(hour / 4 + 1) + 0.1 * math.sin(hour * 4.3)
            label = Emotion.HAPPINESS if valence > CONTENT else Emotion.NEUTRAL
            mood = MoodEstimate(
                valence, arousal, label, 0.7, {Sense.FACE: 0.7, Sense.VOICE: 0.3}, 0
            )
            store.record(Mood(number + 1, room, None, mood, clock.monotonic()))
        if number % ACT_EVERY == 0 and not away:
            store.record(_decided(number, room, clock.monotonic()))
        clock.advance(STEP_S)
        if number % TICK_EVERY == 0:
            await store.tick()
    await store.tick()
    await store.close()


def _decided(number: int, room: RoomId, at: float) -> Decision:
    scene, word = ("soft_evening", "Soft evening") if number % 2 else ("steady", "Steady")
    because = f"Scene “{word}” in Living room because the face suggests that it seems calm there"
    return Decision(
        number + 1,
        room,
        "soften",
        SceneGoal(scene),
        Trigger.MOOD,
        f"{because} (fairly sure, 70 %).",
        0.7,
        number + 1,
        at,
        at + 600,
    )
