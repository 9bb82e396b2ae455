from drivers.types import DeviceId
from hub.decide.replay import Replay
from hub.settings import Rule, Settings
from hub.store.records import DeviceRecord, MoodRecord
from hub.types import RoomId
from models.types import Emotion, Sense

DAY_MS = 86_400_000
START = 1_795_000_000_000
ROOM = RoomId("den")
SETTINGS = Settings.model_validate(
    {
        "rooms": {"den": {}},
        "scenes": {"soft": {"lights": {"level": 0.3}}},
        "guards": {"quiet_hours": None},
    }
)
RULE = Rule.model_validate(
    {
        "room": "den",
        "when": {"mood": {"valence": [0.2, 1.0], "confidence": 0.4}},
        "then": {"scene": "soft"},
        "for_s": 10,
        "cooldown_s": 60,
    }
)


def mood(number: int, at_ms: int, valence: float = 0.6, confidence: float = 0.8) -> MoodRecord:
    return MoodRecord(
        number,
        at_ms,
        ROOM,
        None,
        Emotion.HAPPINESS,
        valence,
        0.1,
        confidence,
        0.0,
        {Sense.FACE: 1.0},
    )


def spell(start: int, seconds: int, valence: float = 0.6) -> list[MoodRecord]:
    return [mood(start + s, START + (start + s) * 1000, valence) for s in range(0, seconds, 5)]


def times(moods: list[MoodRecord], devices: tuple[DeviceRecord, ...] = ()) -> list[int]:
    found = Replay(SETTINGS, RULE, START).run(moods, devices)
    return [(one.at_ms - START) // 1000 for one in found if not one.guard]


def test_it_acts_once_in_each_spell_and_after_the_dwell() -> None:
    # The first spell was there already when the replay began: like a hub's start, it is not news.
    gap = mood(0, START, valence=-0.5)
    moods = [gap, *spell(10, 30), *spell(1000, 30), *spell(90_000, 40)]
    assert times(moods) == [20, 1010, 90_010]


def test_a_rule_that_is_off_can_be_asked_about() -> None:
    moods = [mood(0, START, valence=-0.5), *spell(10, 30)]
    off = RULE.model_copy(update={"enabled": False})
    assert len(Replay(SETTINGS, off, START).run(moods, ())) == 1


def test_a_spell_shorter_than_the_dwell_does_nothing() -> None:
    moods = [mood(0, START, valence=-0.5), mood(10, START + 10_000), mood(11, START + 15_000, -0.5)]
    assert times(moods) == []


def test_a_hand_on_the_switch_holds_it_back() -> None:
    hand = DeviceRecord(1, START + 8_000, DeviceId("x:lamp"), ROOM, "manual", {})
    moods = [mood(0, START, valence=-0.5), *spell(10, 60)]
    found = Replay(SETTINGS, RULE, START).run(moods, (hand,))
    assert {one.guard for one in found} == {"manual_override"}


def test_a_week_of_moods_is_replayed_in_seconds() -> None:
    moods = [
        mood(n, START + n * 5_000, valence=0.6 if (n // 100) % 2 else -0.5) for n in range(20_000)
    ]
    assert len(times(moods)) == 100
