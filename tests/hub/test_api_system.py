"""What owners have to look after the hub: log, configuration, metrics, version."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
import yaml
from prometheus_client.parser import text_string_to_metric_families

from hub.api.access import Role
from hub.config import load
from hub.log import set_up
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow

OVERLAY = f"{API}/system/config/overlay"


@pytest.fixture
def logging_of_the_daemon() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    set_up("info", "json")
    structlog.configure(cache_logger_on_first_use=False)  # nothing of it outlives the test
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def rig(state: Path, logging_of_the_daemon: None) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


async def lines_until(socket: aiohttp.ClientWebSocketResponse, event: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["event"] != event:
        message = await socket.receive_json(timeout=10)
        assert message["topic"] == "log"
        found += message["data"]["lines"]
    return found


async def test_the_log_is_told_live_to_owners_without_what_is_private(rig: Rig) -> None:
    owner, adult = await rig.as_(Role.OWNER), await rig.as_(Role.ADULT)
    subscribe: dict[str, Any] = {"do": "subscribe", "topics": ["log"]}
    async with adult.ws_connect(f"{API}/events") as socket:
        await socket.send_json(subscribe)
        assert (await socket.receive_json(timeout=10))["code"] == "forbidden"
    async with owner.ws_connect(f"{API}/events") as socket:
        await socket.send_json(subscribe)
        snapshot = await socket.receive_json(timeout=10)
        assert snapshot["type"] == "snapshot"
        log = structlog.get_logger("hub.test")

        def chatter() -> None:
            log.warning("canary_event", password="canary-1", url="mqtt://ada:canary-2@host/")
            logging.getLogger("hub.other").warning("last")

        await asyncio.to_thread(chatter)  # a driver's own thread may log too
        told = await lines_until(socket, "last")
        assert "canary_event" in [line["event"] for line in told]
        assert "canary-" not in str(told)
        # Somebody who is an owner no more is told no more.
        (member,) = (m for m in rig.hub.store.accounts.members.values() if m.role == "owner")
        other = await rig.hub.api.ask("token", {"role": "owner", "person": "ada"})
        second = rig.client({"Authorization": f"Bearer {other['token']}"})
        path = f"{API}/members/{member.id}"
        async with second.patch(path, json={"role": "adult"}) as answer:
            assert answer.status == 200, await answer.text()
        logging.getLogger("hub.other").warning("secret of owners")
        await asyncio.sleep(0.2)
        await socket.close()
        left = [message.data async for message in socket if message.type is aiohttp.WSMsgType.TEXT]
        assert "secret of owners" not in "".join(left)


async def test_the_overlay_is_edited_as_text_and_errors_name_their_line(
    rig: Rig, tmp_path: Path
) -> None:
    owner, adult = await rig.as_(Role.OWNER), await rig.as_(Role.ADULT)
    file = tmp_path / "hub.yaml"
    plain = rig.hub.settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
    file.write_text(yaml.safe_dump(plain))
    async with owner.get(OVERLAY) as answer:
        tag = answer.headers["ETag"]
        assert (await answer.json())["yaml"] == ""
    match = {"If-Match": tag}
    good = "scenes:\n  soft:\n    lights: {level: 0.2}\n"
    async with owner.put(OVERLAY, json={"yaml": good}, headers=match) as answer:
        assert answer.status == 501
    rig.hub.read_settings = lambda: load(file, {})
    async with adult.put(OVERLAY, json={"yaml": good}, headers=match) as answer:
        assert answer.status == 403
    async with owner.put(OVERLAY, json={"yaml": good}) as answer:
        assert answer.status == 428
    for text, line, key in (
        ("scenes:\n  soft:\n    lights:\n      level: 7\n", 4, "scenes.soft.lights.level"),
        ("scenes:\n  soft:\n    light: {}\n", 3, "scenes.soft.light"),
        ("rules:\n  one:\n   room: [\n", 4, ""),
        ("rules:\n  soften: null\nscenes:\n  soft: null\nrooms:\n  study: null\nx: 1\n", None, ""),
        ("a: &a [x, x]\nb: &b [*a, *a]\nrules: *b\n", None, ""),
    ):
        async with owner.put(OVERLAY, json={"yaml": text}, headers=match) as answer:
            assert answer.status == 422, (text[:40], await answer.text())
            (first, *_) = (await answer.json())["errors"]
            assert (first["line"], first["at"]) == (line, key), first
    assert rig.hub.edits.text() == ""
    async with owner.put(OVERLAY, json={"yaml": good}, headers=match) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["ETag"] != tag
    lights = rig.hub.settings.scenes["soft"].lights
    assert lights is not None
    assert lights.level == 0.2
    async with owner.put(OVERLAY, json={"yaml": ""}, headers=match) as answer:
        assert answer.status == 412
    async with owner.post(f"{API}/edits/undo") as answer:
        assert answer.status == 200
    lights = rig.hub.settings.scenes["soft"].lights
    assert lights is not None
    assert lights.level == 0.3
    deep = {"yaml": "{" * 2_000}
    async with owner.post(f"{API}/system/config/check", json=deep) as answer:
        assert (await answer.json())["ok"] is False


async def test_metrics_are_what_prometheus_reads_for_a_token_that_can_nothing_else(
    rig: Rig,
) -> None:
    narrow = await rig.as_(Role.OWNER, None, "metrics")
    async with narrow.get(f"{API}/status") as answer:
        assert answer.status == 403
    wish = {"on": True}
    adult = await rig.as_(Role.ADULT)
    path = f"{API}/devices/simulated:lamp/commands"
    async with adult.post(path, json=wish) as answer:
        assert answer.status == 200
    async with adult.get(f"{API}/system/metrics") as answer:
        assert answer.status == 403
    async with narrow.get(f"{API}/system/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {f.name: f for f in text_string_to_metric_families(await answer.text())}
    values = {name: family.samples[0].value for name, family in families.items()}
    assert values["moodsync_commands"] == rig.hub.counters.commands == 1
    services = {s.labels["service"]: s.value for s in families["moodsync_service_up"].samples}
    assert services["api"] == 1
    assert all(family.documentation for family in families.values())
    assert not {n for n in families if "valence" in n or "mood_" in n}


async def test_the_hub_knows_its_version_and_of_no_newer_one(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER)
    async with owner.get(f"{API}/system/updates") as answer:
        told = await answer.json()
    assert told["version"] == rig.hub.api._server._context_made.version  # type: ignore[union-attr]
    assert told["newer"] == "unknown"


async def test_a_diagnosis_holds_no_secret(rig: Rig) -> None:
    from dataclasses import dataclass  # noqa: PLC0415

    @dataclass
    class Stats:
        broker: str = "mqtt://ada:canary@host"
        access_token: str = "canary"
        connects: int = 3

    driver = rig.hub.drivers.get("simulated")
    assert driver is not None
    driver.stats = Stats()  # type: ignore[attr-defined]
    answer = await rig.hub.operations.ask("diagnose", device="simulated:lamp")
    assert answer["driver"]["stats"]["connects"] == 3
    assert "canary" not in str(answer)
