"""The hub as Home Assistant sees it, on a real mosquitto."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from drivers.mqtt_ha_config import read_config
from drivers.mqtt_ha_entities import MAKERS
from drivers.mqtt_homeassistant import OURS, HomeAssistant
from drivers.types import DeviceState, Measures
from hub.app import Hub
from hub.settings import Settings
from models.types import Emotion
from tests.fakes.broker import Broker
from tests.hub.share_rig import agree, feel, hub_with, sharing, state_of, until_true

pytestmark = pytest.mark.peer

ON = {"moods": True, "home_assistant": {"enabled": True}}
MOOD = "moodsync/room/living_room/mood"
SERVICE = "share home_assistant"
UNKNOWN = {"valence": None, "arousal": None, "confidence": None, "label": "unknown"}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running:
        yield running


def home(state: Path, broker: Broker, share: dict[str, Any], **more: Any) -> Settings:
    lamp = {"kind": "lamp", "name": "Lamp"}
    drivers = {
        "mqtt": {"port": broker.port, "keepalive_s": 5},
        "simulated": {"devices": {"lamp": lamp}},
    }
    return sharing(state, share, **({"drivers": drivers} | more))


class Watcher:
    """Home Assistant's side: what the broker says, newest by topic, and what it keeps."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.said: dict[str, bytes] = {}
        self.heard: list[tuple[str, bytes]] = []
        self.kept: dict[str, bytes] = {}

    def json(self, topic: str) -> Any:
        return json.loads(self.said[topic]) if self.said.get(topic) else None

    def configs(self) -> dict[str, bytes]:
        return {t: p for t, p in self.said.items() if t.startswith("homeassistant/device") and p}

    async def read(self) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            topic = message.topic.value
            self.said[topic] = message.payload
            self.heard.append((topic, message.payload))
            if message.retain:
                self.kept[topic] = message.payload


@asynccontextmanager
async def watching(broker: Broker) -> AsyncIterator[Watcher]:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        watcher = Watcher(client)
        await client.subscribe("homeassistant/#", qos=1)
        await client.subscribe("moodsync/#", qos=1)
        task = asyncio.create_task(watcher.read())
        try:
            yield watcher
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=5)
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_rooms_scenes_and_the_privacy_switch_are_announced(
    state: Path, broker: Broker
) -> None:
    async with watching(broker) as there, hub_with(home(state, broker, ON)) as hub:
        await until_true(lambda: there.said.get("moodsync/availability") == b"online")
        await until_true(lambda: len(there.configs()) == 3, "a device for the hub and each room")
        await until_true(lambda: there.said.get("moodsync/privacy") == b"OFF")
        configs = [json.loads(payload) for payload in there.configs().values()]
        assert all(one["origin"]["name"] == "MoodSync Hub" for one in configs)
        named = {one["device"]["name"]: one for one in configs}
        parts = named["Living room mood"]["components"]
        assert {key: part["platform"] for key, part in parts.items()} == {
            "valence": "sensor",
            "arousal": "sensor",
            "confidence": "sensor",
            "label": "sensor",
            "scene_soft": "button",
        }
        ids = [part["unique_id"] for one in configs for part in one["components"].values()]
        assert len(ids) == len(set(ids))
        assert named["Test home moods"]["components"]["privacy"]["platform"] == "switch"
        # The second witness: the hub's own reader of such announcements understands all of it.
        read = [
            entity
            for topic, payload in there.configs().items()
            for entity in read_config(topic.split("/")[2], "device", payload)[1]
        ]
        made = {one.key: MAKERS[one.component](one.fields, one.key) for one in read}
        assert len(made) == len(ids)
        # And its driver, on the same broker, took none of it as a device.
        assert {device.id for device in hub.devices.all()} == {"simulated:lamp"}


async def test_a_mood_reaches_its_sensors_and_is_not_kept(state: Path, broker: Broker) -> None:
    async with watching(broker) as there, hub_with(home(state, broker, ON)) as hub:
        await until_true(lambda: there.json(MOOD) == UNKNOWN)
        await agree(hub)
        feel(hub)
        await until_true(lambda: (there.json(MOOD) or UNKNOWN)["label"] == "happiness")
        mood = there.json(MOOD)
        assert mood["valence"] > 0.2
        assert 0 < mood["confidence"] <= 1
        (topic,) = [t for t in there.configs() if t.endswith("_living_room/config")]
        sensors = _as_sensors(there.configs()[topic], there.said[MOOD])
        assert sensors["valence"] == mood["valence"]
        assert sensors["label"] == "happiness"
        # One that comes too soon is told a moment later.
        feel(hub, Emotion.SADNESS)
        await until_true(lambda: there.json(MOOD)["valence"] < mood["valence"])
        async with watching(broker) as later:
            await until_true(lambda: later.kept.get("moodsync/availability") == b"online")
            await until_true(lambda: len(later.configs()) == 3)
            assert MOOD not in later.kept


def _as_sensors(config: bytes, payload: bytes) -> dict[str, Any]:
    """Read a payload as the hub's own driver reads anybody's sensors."""
    values: dict[str, Any] = {}
    for entity in read_config("x", "device", config)[1]:
        if entity.component != "sensor":
            continue
        made = MAKERS["sensor"](entity.fields, entity.key)
        (capability,) = [one for one in made.capabilities if isinstance(one, Measures)]
        state = made.reads[MOOD][0](payload, DeviceState())
        values[entity.key.rsplit("_", 1)[1]] = state.values.get(capability.kinds[0])
    return values


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_what_may_not_be_told_any_more_is_unknown_at_once(
    state: Path, broker: Broker
) -> None:
    on, off = home(state, broker, ON), home(state, broker, ON | {"moods": False})
    async with watching(broker) as there, hub_with(on) as hub:
        await until_true(lambda: MOOD in there.said)

        async def switch(how: str, *, telling: bool) -> None:
            match how:
                case "privacy" | "guests":
                    await hub.operations.ask(how, on=not telling)
                case "consent":
                    await agree(hub, action="give" if telling else "withdraw")
                case "setting":
                    assert hub.reload(on if telling else off)

        await agree(hub)
        for how in ("privacy", "guests", "consent", "setting"):
            feel(hub)
            await until_true(lambda: (there.json(MOOD) or UNKNOWN)["label"] == "happiness", how)
            await switch(how, telling=False)
            await until_true(lambda: there.json(MOOD) == UNKNOWN, how)
            before = len(there.heard)
            feel(hub, Emotion.SADNESS)
            await asyncio.sleep(0.05)  # the mood engine's turn
            await there.client.publish("homeassistant/status", b"online", qos=1)
            await until_true(lambda n=before: _moods_since(there, n))  # type: ignore[misc]
            assert all(mood == UNKNOWN for mood in _moods_since(there, before)), how
            await switch(how, telling=True)


def _moods_since(there: Watcher, start: int) -> list[Any]:
    return [json.loads(payload) for topic, payload in there.heard[start:] if topic == MOOD]


async def test_without_the_households_word_no_mood_leaves(state: Path, broker: Broker) -> None:
    async with (
        watching(broker) as there,
        hub_with(home(state, broker, ON | {"moods": False})) as hub,
    ):
        await until_true(lambda: there.json(MOOD) == UNKNOWN)
        await agree(hub)
        feel(hub)
        await there.client.publish("homeassistant/status", b"online")
        await until_true(lambda: sum(topic == MOOD for topic, _ in there.heard) >= 2)
        assert {payload for topic, payload in there.heard if topic == MOOD} == {
            json.dumps(UNKNOWN).encode()
        }


async def test_a_scene_and_privacy_are_asked_for_and_noted(state: Path, broker: Broker) -> None:
    async with watching(broker) as there, hub_with(home(state, broker, ON)) as hub:
        await until_true(lambda: there.said.get("moodsync/availability") == b"online")
        await until_true(lambda: hub.devices.get("simulated:lamp"))  # type: ignore[arg-type]
        press = "moodsync/room/living_room/scene/soft/set"
        await there.client.publish(press, b"PRESS", qos=1)
        await until_true(lambda: _lamp_level(hub) == 0.3)
        await there.client.publish("moodsync/privacy/set", b"ON", qos=1)
        await until_true(lambda: there.said.get("moodsync/privacy") == b"ON")
        assert hub.permission.privacy
        await there.client.publish("moodsync/privacy/set", b"OFF", qos=1)
        noted = await hub.store.config.audit_log()
        assert ("home_assistant", "scene", "soft in living_room") in {
            (one.actor, one.action, one.detail) for one in noted
        }
        assert any(one.actor == "home_assistant" and "privacy" in one.action for one in noted)


async def test_ending_privacy_needs_the_households_word(state: Path, broker: Broker) -> None:
    async with watching(broker) as there, hub_with(home(state, broker, ON)) as hub:
        await hub.operations.ask("privacy", on=True)
        await until_true(lambda: there.said.get("moodsync/privacy") == b"ON")
        before = len(there.heard)
        await there.client.publish("moodsync/privacy/set", b"OFF", qos=1)
        # It is told again that it is still on: the switch in Home Assistant moves back.
        await until_true(lambda: ("moodsync/privacy", b"ON") in there.heard[before:])
        assert hub.permission.privacy
        assert hub.reload(home(state, broker, ON | {"may_resume": True}))
        await there.client.publish("moodsync/privacy/set", b"OFF", qos=1)
        await until_true(lambda: there.said.get("moodsync/privacy") == b"OFF")
        assert not hub.permission.privacy


async def test_what_the_broker_had_kept_and_nonsense_ask_for_nothing(
    state: Path, broker: Broker
) -> None:
    async with watching(broker) as there:
        await there.client.publish("moodsync/privacy/set", b"ON", qos=1, retain=True)
        async with hub_with(home(state, broker, ON)) as hub:
            await until_true(lambda: there.said.get("moodsync/privacy") == b"OFF")
            share = hub.share.way(SERVICE)
            await until_true(lambda: share.ignored >= 1)
            for payload in (b"", b"\xff" * 100, b"on", b"{}"):
                await there.client.publish("moodsync/privacy/set", payload, qos=1)
                await there.client.publish("moodsync/room/x/scene/y/set", payload, qos=1)
            await there.client.publish("moodsync/room/x/scene/y/set", b"PRESS", qos=1)
            await until_true(lambda: share.ignored >= 9)
            assert not hub.permission.privacy
            assert state_of(hub, SERVICE) == "running"


async def test_a_room_and_a_scene_that_go_are_withdrawn(state: Path, broker: Broker) -> None:
    settings = home(state, broker, ON)
    async with watching(broker) as there, hub_with(settings) as hub:
        await until_true(lambda: len(there.configs()) == 3)
        (study,) = [topic for topic in there.configs() if topic.endswith("_study/config")]
        rooms = {"living_room": {"name": "Living room", "devices": ["simulated:lamp"]}}
        bright = {"bright": {"lights": {"level": 1.0}}}
        fewer = home(state, broker, ON, rooms=rooms, scenes=bright, rules={})
        assert hub.reload(fewer)
        await until_true(lambda: there.said[study] == b"")
        (topic,) = [one for one in there.configs() if one.endswith("_living_room/config")]
        await until_true(lambda: "scene_bright" in there.json(topic)["components"])
        # A component that went is named once more with its platform alone.
        assert there.json(topic)["components"]["scene_soft"] == {"platform": "button"}


async def test_switched_off_nothing_is_kept_any_more(state: Path, broker: Broker) -> None:
    off = home(state, broker, {"moods": True})
    async with watching(broker) as there:
        async with hub_with(home(state, broker, ON)) as hub:
            await until_true(lambda: len(there.configs()) == 3)
            assert hub.reload(off)
            await until_true(lambda: not there.configs())
            await until_true(lambda: state_of(hub, SERVICE) == "stopped")
            assert hub.reload(home(state, broker, ON))
            await until_true(lambda: len(there.configs()) == 3)
        # Also when it is switched off while the hub is down.
        await until_true(lambda: there.said["moodsync/availability"] == b"offline")
        async with hub_with(off) as hub:
            await until_true(lambda: not there.configs())
            await until_true(lambda: state_of(hub, SERVICE) == "stopped")
        async with hub_with(off) as hub:  # there is nothing to do any more
            await until_true(lambda: state_of(hub, SERVICE) == "stopped")
        async with watching(broker) as later:
            await later.client.publish("moodsync/end", b"1", qos=1)
            await until_true(lambda: "moodsync/end" in later.said)
            assert {t for t in later.kept if t.startswith(("homeassistant", "moodsync/"))} <= {
                "moodsync/availability"
            }


async def test_a_lost_broker_is_told_everything_again(state: Path, broker: Broker) -> None:
    async with hub_with(home(state, broker, ON)) as hub:
        await until_true(lambda: state_of(hub, SERVICE) == "running")
        broker.kill()
        await until_true(lambda: state_of(hub, SERVICE) in ("waiting", "starting"))
        broker.start()
        hub.supervisor.retry_now()
        async with watching(broker) as there:
            await until_true(lambda: there.said.get("moodsync/availability") == b"online")
            await until_true(lambda: len(there.configs()) == 3)


def test_the_driver_leaves_the_hubs_own_announcements_alone() -> None:
    config = {"origin": {"name": OURS}, "device": {}, "components": {}}
    news = HomeAssistant("homeassistant").take(
        "homeassistant/device/moodsync_1/config", json.dumps(config).encode()
    )
    assert news.found == []


def _lamp_level(hub: Hub) -> float | None:
    (lamp,) = [device for device in hub.devices.all() if device.id == "simulated:lamp"]
    return lamp.state.level
