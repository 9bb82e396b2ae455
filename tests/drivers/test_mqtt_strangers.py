"""Whoever may write to the broker may write without end: it fills neither memory nor log."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from drivers import mqtt_kept
from drivers.mqtt import LONGEST_TOPIC
from drivers.mqtt_finding import Family
from drivers.mqtt_ha_config import MAX_ENTITIES
from drivers.mqtt_homeassistant import HomeAssistant
from drivers.mqtt_kept import Kept
from drivers.mqtt_tasmota import Tasmota
from tests.drivers import mqtt_rig
from tests.fakes.broker import Broker
from tests.fakes.running import running
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.peer


async def test_topics_without_end_fill_neither_log_nor_memory(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        driver = mqtt_rig.driver_at(broker.port)
        with capture_logs() as logs:
            async with running(driver), mqtt_rig.house(broker.port) as client:
                for number in range(5):
                    name = f"{number}" + "x" * 60_000
                    await client.publish(f"homeassistant/switch/{name}/config", "{}", qos=1)
                await client.publish("homeassistant/switch/a\u202eb/config", "[", qos=1)
                await eventually(lambda: driver.stats.oversize == 5 and driver.stats.malformed == 1)
        told = [str(one["topic"]) for one in logs if one["event"] == "mqtt_payload_dropped"]
        assert len(told) == 6
        for topic in told:
            assert len(topic) <= LONGEST_TOPIC
            assert topic.isprintable()


async def test_what_an_announcement_holds_is_quoted_in_one_short_line(tmp_path: Path) -> None:
    said = {"cmd_t": "a", "stat_t": "b", "val_tpl": "{{ value|" + "x" * 2000 + " }}"}
    with Broker(tmp_path) as broker:
        driver = mqtt_rig.driver_at(broker.port)
        with capture_logs() as logs:
            async with running(driver), mqtt_rig.house(broker.port) as client:
                await client.publish("homeassistant/switch/odd/config", json.dumps(said), qos=1)
                await eventually(lambda: driver.stats.refused == 1)
    (told,) = (one for one in logs if one["event"] == "mqtt_announcement_not_used")
    assert told["reason"].startswith("`value_template` uses the filter `xxx")
    assert len(told["reason"]) <= 300


def test_what_announces_itself_is_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_kept, "MOST", 3)
    monkeypatch.setattr(mqtt_kept, "MOST_BYTES", 100)
    kept = Kept()
    assert [kept.takes(topic, 10) for topic in "abcd"] == [True, True, True, False]
    assert kept.takes("a", 80)
    assert not kept.takes("a", 81)
    assert kept.takes("b", 0)
    assert kept.takes("d", 10)
    assert not kept.takes("e", 1)


@pytest.mark.parametrize(
    ("family", "topic", "said"),
    [
        (HomeAssistant("ha"), "ha/switch/{}/config", {"cmd_t": "a", "stat_t": "b"}),
        (Tasmota(), "tasmota/discovery/{:012X}/config", {"t": "x", "ft": "%prefix%/%topic%/"}),
    ],
)
def test_announcements_beyond_the_limit_are_refused(
    family: Family, topic: str, said: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_kept, "MOST", 5)
    payload = json.dumps(said).encode()
    refused = [family.take(topic.format(n), payload).refused for n in range(8)]
    many = [bool(one) and one[0][0] == "announcements" for one in refused]
    assert many == [False] * 5 + [True] * 3
    assert not family.take(topic.format(0), b"").refused
    last = family.take(topic.format(9), payload).refused
    assert not last or last[0][0] != "announcements"


def test_a_device_of_too_many_entities_gets_no_more() -> None:
    family = HomeAssistant("ha")
    one = {"cmd_t": "a", "stat_t": "b", "dev": {"ids": "one"}}
    payloads = [json.dumps(one | {"uniq_id": f"u{n}"}).encode() for n in range(MAX_ENTITIES + 5)]
    news = [family.take(f"ha/switch/{n}/config", said) for n, said in enumerate(payloads)]
    assert [bool(each.refused) for each in news] == [False] * MAX_ENTITIES + [True] * 5
    assert len(news[MAX_ENTITIES - 1].found) == MAX_ENTITIES
