"""Webhooks out, to a real server that checks them with the specification's own library."""

import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from hub.app import Hub
from hub.config import load
from hub.errors import ConfigError
from hub.settings import Settings
from hub.share import webhook_sender
from hub.share.signing import BadSecret, BadSignature, Key
from hub.share.webhook_sender import QUEUE, Message
from hub.share_settings import Webhook
from hub.supervisor import NeedsAttention, Service, Stage
from hub.types import Decision, RoomId, SceneGoal, Trigger
from models.types import Emotion
from tests.fakes.certificates import Authority
from tests.fakes.process import free_port
from tests.hub.share_rig import agree, feel, hub_with, sharing, until_true

pytestmark = pytest.mark.slow

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HAPPY = {"valence": [0.2, 1.0], "confidence": 0.3}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(webhook_sender, "RETRY_S", (0.01, 0.01, 0.01))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)


class Receiver:
    """A server; `answers` are the statuses it gives, then 200."""

    def __init__(self) -> None:
        self.port = free_port()
        self.answers: list[int] = []
        self.got: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.elsewhere = 0
        self._runner: web.AppRunner | None = None

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/hook"

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._hook)
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=tls).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        said = standardwebhooks.Webhook(SECRET).verify(body, dict(request.headers))
        self.ids.append(request.headers["webhook-id"])
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.got.append(said)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async def _elsewhere(self, _request: web.Request) -> web.Response:
        self.elsewhere += 1
        return web.Response()


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    there = Receiver()
    await there.start(tls)
    try:
        yield there
    finally:
        await there.stop()


def hook(there: Receiver, *on: str, **more: Any) -> dict[str, Any]:
    return {
        "url": there.url(),
        "allow_http": True,
        "secret_env": "HOOK_SECRET",
        "on": list(on) or ["decision"],
    } | more


def home(state: Path, *, moods: bool = True, **hooks: dict[str, Any]) -> Settings:
    return sharing(state, {"moods": moods, "webhooks": hooks})


def decide(hub: Hub, trigger: Trigger = Trigger.MOOD, room: str = "living_room") -> None:
    now = hub.clock.monotonic()
    goal = SceneGoal("soft")
    hub.bus.publish(
        Decision(7, RoomId(room), "soften", goal, trigger, "since you", 0.9, None, now, now + 30)
    )


def view(hub: Hub, name: str = "out") -> dict[str, Any]:
    shown: Any = hub.share.view().get("webhooks", {}).get(name, {})
    assert isinstance(shown, dict)
    return shown


async def ready(hub: Hub) -> None:
    await until_true(lambda: view(hub), "the webhooks' service")


async def test_a_decision_is_told_signed(state: Path) -> None:
    async with receiver() as there, hub_with(home(state, out=hook(there))) as hub:
        await ready(hub)
        decide(hub, Trigger.SENSOR)
        await until_true(lambda: there.got)
        (said,) = there.got
        assert said["type"] == "decision.made"
        assert said["data"] == {
            "room": "living_room",
            "rule": "soften",
            "trigger": "sensor",
            "goal": {"scene": "soft"},
            "because": "since you",
        }
        assert await hub.operations.ask("status")


async def test_a_because_that_tells_a_mood_stays_at_home(state: Path) -> None:
    async with receiver() as there, hub_with(home(state, moods=False, out=hook(there))) as hub:
        await ready(hub)
        decide(hub)
        await until_true(lambda: there.got)
        assert "because" not in there.got[0]["data"]


async def test_a_mood_that_enters_and_leaves_a_region_is_told_once(state: Path) -> None:
    there_settings: Callable[[Receiver], Settings] = lambda there: home(  # noqa: E731
        state,
        out=hook(there, "mood", region=HAPPY, rooms=["living_room"]),
        study=hook(there, "mood", region=HAPPY, rooms=["study"]),
    )
    async with receiver() as there, hub_with(there_settings(there)) as hub:
        await ready(hub)
        await agree(hub)
        feel(hub)
        feel(hub)
        await until_true(lambda: there.got)
        await hub.operations.ask("privacy", on=True)
        await until_true(lambda: len(there.got) == 2)
        entered, left = there.got
        assert (entered["type"], left["type"]) == ("mood.entered", "mood.left")
        assert entered["data"]["mood"]["label"] == "happiness"
        assert left["data"] == {
            "room": "living_room",
            "mood": {"valence": None, "arousal": None, "confidence": None, "label": "unknown"},
        }
        feel(hub, Emotion.SADNESS)
        assert view(hub, "study")["delivered"] == 0


async def test_what_needs_attention_is_told(state: Path) -> None:
    async def broken(_service: Service) -> None:
        raise NeedsAttention("wrong password")

    async with (
        receiver() as there,
        hub_with(home(state, out=hook(there, "needs_attention"))) as hub,
    ):
        await ready(hub)
        hub.supervisor.add("driver x", broken, Stage.SOURCES)
        await until_true(lambda: there.got)
        assert there.got[0]["data"] == {"service": "driver x", "reason": "wrong password"}


async def test_it_is_tried_again_with_the_same_id_and_said_once(state: Path) -> None:
    async with receiver() as there, hub_with(home(state, out=hook(there))) as hub:
        await ready(hub)
        there.answers = [503, 429, 500]
        with capture_logs() as logs:
            decide(hub)
            await until_true(lambda: there.got)
            await until_true(lambda: view(hub)["delivered"] == 1)
        assert len(there.ids) == 4
        assert len(set(there.ids)) == 1
        events = [log["event"] for log in logs if log["event"].startswith("webhook")]
        assert events == ["webhook_lost", "webhook_back"]
        assert not [log for log in logs if SECRET in str(log) or there.url() in str(log)]
        noted = [one for one in await hub.store.config.audit_log() if "webhook" in one.action]
        assert [(one.actor, one.action) for one in noted] == [("hub", "webhook out")]


async def test_a_dead_receiver_costs_one_warning_and_newer_messages_wait(state: Path) -> None:
    there = Receiver()
    async with hub_with(home(state, out=hook(there))) as hub:
        await ready(hub)
        with capture_logs() as logs:
            decide(hub)
            decide(hub)
            await until_true(lambda: view(hub)["given_up"] == 2)
        lost = [log for log in logs if log["event"] == "webhook_lost"]
        assert len(lost) == 1
        assert "cannot be reached" in lost[0]["reason"]
        await there.start()
        decide(hub)
        await until_true(lambda: view(hub)["delivered"] == 1)
        assert view(hub)["reason"] == ""
    await there.stop()


async def test_a_disk_that_refuses_the_note_costs_no_message(state: Path) -> None:
    there = Receiver()
    async with hub_with(home(state, out=hook(there))) as hub:
        await ready(hub)
        write = hub.store.config.writer
        await write.run(lambda conn: conn.execute("PRAGMA query_only = 1"))
        decide(hub)
        await until_true(lambda: view(hub)["given_up"] == 1)
        await there.start()
        decide(hub)
        await until_true(lambda: there.got)
        (health,) = (one for one in hub.supervisor.health() if "webhook" in one.name)
        assert health.restarts == 0
        await write.run(lambda conn: conn.execute("PRAGMA query_only = 0"))
    await there.stop()


async def test_a_refusal_is_not_repeated_and_a_redirect_not_followed(state: Path) -> None:
    async with receiver() as there, hub_with(home(state, out=hook(there))) as hub:
        await ready(hub)
        there.answers = [404, 302, 307]
        for _ in range(4):
            decide(hub)
        await until_true(lambda: there.got)
        assert len(there.ids) == 4
        assert there.elsewhere == 0
        await until_true(lambda: view(hub)["refused"] == 3)


async def test_a_full_queue_loses_the_oldest_and_counts_it(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "RETRY_S", (60.0,))
    async with hub_with(home(state, out=hook(Receiver(), rooms=["study"]))) as hub:
        await ready(hub)
        for _ in range(QUEUE + 9):
            decide(hub, room="study")
        assert view(hub)["dropped"] == 9
        drops = (await hub.operations.ask("status"))["drops"]
        assert drops["share.webhook.out"] == 9
        assert hub.reload(home(state))
        await until_true(lambda: hub.share.view()["webhooks"] == {})
        lost = (await hub.operations.ask("status"))["drops"]["share.webhooks_changed"]
        assert lost == QUEUE


async def test_https_is_checked_against_the_authority(state: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "home")
    certificate, key = authority.issue("server")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    async with receiver(tls) as there:
        more = {"url": there.url("https"), "allow_http": False}
        trusted = hook(there, **more, ca_file=str(authority.ca_file))
        async with hub_with(home(state, out=trusted, blind=hook(there, **more))) as hub:
            await ready(hub)
            decide(hub)
            await until_true(lambda: there.got)
            await until_true(lambda: view(hub, "blind")["given_up"] == 1)
            assert view(hub, "blind")["reason"] == "its certificate is not accepted"
            assert len(there.got) == 1


async def test_a_missing_secret_stops_that_webhook_alone(state: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    async with receiver() as there:
        broken = hook(there) | {"secret_file": str(gone), "secret_env": None}
        async with hub_with(home(state, out=hook(there), broken=broken)) as hub:
            await ready(hub)
            decide(hub)
            await until_true(lambda: there.got)
            await until_true(lambda: view(hub, "broken")["reason"])
            assert str(gone) in str(view(hub, "broken")["reason"])


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://example.org/x", "allow_http": True},
        {"url": "http://192.168.1.2/x"},
        {"url": "http://10.0.0.1.example.org/", "allow_http": True},
        {"url": "https://user:word@example.org/"},
        {"url": "ftp://example.org/"},
        {"url": "https:///x"},
        {"url": None},
        {"url_env": "X"},
        {"secret_env": None},
        {"secret_file": "x"},
        {"on": []},
        {"on": ["mood"]},
        {"region": HAPPY},
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any]) -> None:
    given = {"url": "https://example.org/hook", "secret_env": "HOOK_SECRET", "on": ["decision"]}
    Webhook.model_validate(given)
    with pytest.raises(ValidationError) as err:
        Webhook.model_validate(given | change)
    assert "user:word" not in str(err.value.errors(include_input=False))


def test_a_mood_hook_needs_the_households_word(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text(
        "share:\n  webhooks:\n    out: {url: 'https://example.org/', secret_env: X, on: [mood],"
        " region: {valence: [0, 1]}}\n"
    )
    with pytest.raises(ConfigError, match=r"share\.moods: true"):
        load(file, {})


@given(st.binary(max_size=200), st.integers(1, 2**33), st.sampled_from([SECRET, "x" * 24]))
def test_signatures_hold_for_what_was_signed_alone(body: bytes, at: int, text: str) -> None:
    key = Key(text)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1a,x {key.sign('msg_1', at, body)}",
    }
    assert key.check(headers, body, at + 299.0) == "msg_1"
    for wrong in (
        headers | {"webhook-id": "msg_2"},
        headers | {"webhook-timestamp": str(at + 1)},
        headers | {"webhook-timestamp": f"+{at}"},
        headers | {"webhook-signature": ""},
    ):
        with pytest.raises(BadSignature):
            key.check(wrong, body, float(at))
    for now in (at + 301.0, at - 301.0):
        with pytest.raises(BadSignature):
            key.check(headers, body, now)
    with pytest.raises(BadSignature):
        key.check(headers, body + b" ", float(at))


def test_signatures_are_those_of_the_specifications_library() -> None:
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    theirs = standardwebhooks.Webhook(SECRET).sign("msg_1", at, '{"a":1}')
    assert Key(SECRET).sign("msg_1", 1_700_000_000, b'{"a":1}') == theirs


@pytest.mark.parametrize("text", ["short", "whsec_!!!", "whsec_AAAA"])
def test_weak_secrets_are_refused(text: str) -> None:
    with pytest.raises(BadSecret):
        Key(text)


def test_messages_have_the_specifications_form() -> None:
    message = Message.of("decision.made", {"room": "x"}, 1_700_000_000.25)
    assert json.loads(message.body) == {
        "type": "decision.made",
        "timestamp": "2023-11-14T22:13:20.250Z",
        "data": {"room": "x"},
    }
