"""The real parts on one bus: readings and devices in, decisions out, in one turn of the loop."""

import asyncio

import pytest

from drivers.types import Device, DeviceId, DeviceState
from hub.act.devices import Devices
from hub.clock import ManualClock
from hub.decide.engine import Decider
from hub.mood.context import Surroundings
from hub.mood.engine import MoodEngine
from hub.settings import Settings
from hub.types import Decision, Mood, SenseChanged, SenseState, SourceId, Trigger
from models.types import Emotion, Reading, Sense
from tests.hub.mood_helpers import ROOM, Recorder, reading, sensed

SETTINGS = Settings.model_validate(
    {
        "rooms": {"den": {"name": "Den", "devices": ["mqtt:motion"]}},
        "scenes": {"bright": {"lights": {"level": 0.8}}, "soft": {"lights": {"level": 0.3}}},
        "rules": {
            "share": {
                "room": "den",
                "when": {"mood": {"valence": [0.25, 1.0]}, "presence": True},
                "then": {"scene": "bright"},
            },
            "leave": {"room": "den", "when": {"presence": False}, "then": {"restore": True}},
        },
    }
)


class Hub:
    """What decides, built in the hub's own order."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.recorder = Recorder(Mood, Decision)
        bus = self.recorder.bus
        self.devices = Devices(SETTINGS, bus, clock)
        self.surroundings = Surroundings(SETTINGS, bus, clock)
        self.moods = MoodEngine(SETTINGS, bus, clock, self.surroundings.reading)
        self.decider = Decider(SETTINGS, bus, clock, self.surroundings.facts, self.devices.get)
        self.decider.tick()

    async def say(self, said: Reading, source: str = "camera:shelf") -> list[Decision]:
        self.recorder.bus.publish(sensed(said, self.clock.monotonic(), source=source))
        await asyncio.sleep(0)
        return self.recorder.take(Decision)

    def motion(self, occupied: bool | None) -> list[Decision]:
        values = {} if occupied is None else {"occupancy": occupied}
        device = DeviceId("mqtt:motion")
        self.devices.announce(Device(device, "Motion", "mqtt", (), DeviceState(values=values)))
        return self.recorder.take(Decision)


@pytest.fixture
def hub(clock: ManualClock) -> Hub:
    return Hub(clock)


async def test_a_smile_becomes_a_decision_in_the_same_turn(hub: Hub) -> None:
    (decision,) = await hub.say(reading())
    mood = hub.moods.current(ROOM)
    assert mood is not None
    assert decision.rule == "share"
    assert decision.trigger is Trigger.MOOD
    assert decision.mood_id == mood.id
    assert "the face suggests that it seems content there" in decision.because
    assert "somebody is there" in decision.because


async def test_a_bad_picture_decides_nothing(hub: Hub) -> None:
    assert await hub.say(reading(quality=0.15)) == []


async def test_a_sense_that_contradicts_holds_the_hub_back(hub: Hub) -> None:
    await hub.say(reading(Sense.VOICE, Emotion.ANGER, at=(-0.5, 0.6)), source="microphone:desk")
    assert await hub.say(reading()) == []


async def test_a_camera_that_is_switched_off_takes_its_mood_along(hub: Hub) -> None:
    await hub.say(reading())
    now = hub.clock.monotonic()
    source = SourceId("camera:shelf")
    hub.recorder.bus.publish(SenseChanged(source, ROOM, Sense.FACE, SenseState.OFF, "", now))
    await asyncio.sleep(0)
    assert hub.moods.current(ROOM) is None
    # Smiling again is news, but the rule still cools down.
    assert await hub.say(reading()) == []


async def test_the_last_to_leave_is_noticed_by_the_sensor(hub: Hub) -> None:
    assert hub.motion(None) == []
    assert hub.motion(occupied=True) == []
    (decision,) = hub.motion(occupied=False)
    assert decision.rule == "leave"
