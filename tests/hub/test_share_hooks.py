"""What those who know a hook's secret may ask, over the real API."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import standardwebhooks
from pydantic import ValidationError
from structlog.testing import capture_logs

from hub.share_settings import Hook
from hub.types import RoomId
from tests.hub.api_rig import API, Rig, running, settings_for
from tests.hub.share_rig import until_true

pytestmark = pytest.mark.slow

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SHARE: dict[str, Any] = {
    "may_resume": False,
    "hooks": {
        "soft": {"does": "scene", "room": "living_room", "scene": "soft"},
        "diary": {"does": "say", "person": "ada"},
        "somebody": {"does": "presence", "room": "study"},
        "pause": {"does": "privacy"},
        "rare": {"does": "privacy", "per_minute": 1},
    },
}
for each in SHARE["hooks"].values():
    each["secret_env"] = "HOOK_SECRET"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)


def signed(body: Any, *, at: float | None = None, name: str = "msg_1") -> dict[str, Any]:
    """Return what a sender sends, made by the specification's own library."""
    text = json.dumps(body)
    when = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    return {
        "data": text,
        "headers": {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(when.timestamp())),
            "webhook-signature": standardwebhooks.Webhook(SECRET).sign(name, when, text),
        },
    }


async def send(client: aiohttp.ClientSession, hook: str, **how: Any) -> tuple[int, Any]:
    async with client.post(f"{API}/hooks/{hook}", **how) as answer:
        return answer.status, await answer.json()


def unlimited(rig: Rig) -> None:
    """Wrong guesses count against the stranger's address: here they all are one."""
    rig.hub.api._server._context_made.strangers._per_s = 1e6  # type: ignore[union-attr]


async def noted(rig: Rig) -> set[tuple[str, str, str]]:
    log = await rig.hub.store.config.audit_log()
    return {(one.actor, one.action, one.detail) for one in log}


async def test_each_hook_does_its_one_thing_and_is_noted(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        client = rig.client()
        await until_true(rig.hub.devices.all)
        assert await send(client, "soft", **signed({"more": {"that": "senders send"}})) == (
            200,
            {"done": True},
        )
        await until_true(lambda: rig.hub.devices.all()[0].state.level == 0.3)
        for present in (True, False):
            how = signed({"present": present}, name=f"msg_{present}")
            assert (await send(client, "somebody", **how))[0] == 200
            assert rig.hub.surroundings.facts(RoomId("study")).presence is present
        assert (await send(client, "pause", **signed({"on": True})))[0] == 200
        assert rig.hub.permission.privacy
        status, told = await send(client, "pause", **signed({"on": False}, name="msg_2"))
        assert (status, told["code"]) == (403, "may_not_resume")
        assert rig.hub.permission.privacy
        assert {
            ("hook soft", "scene", "soft in living_room"),
            ("hook somebody", "said that somebody is there", "study"),
            ("hook somebody", "said that nobody is there", "study"),
        } <= await noted(rig)
        assert any(actor == "hook pause" for actor, _, _ in await noted(rig))


async def test_a_text_needs_its_writers_consent(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        status, told = await send(rig.client(), "diary", **signed({"text": "a good day"}))
        assert told["code"] == "consent_required"
        assert 400 <= status < 500


async def test_a_bearer_token_will_do(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        client = rig.client()
        token = {"Authorization": f"Bearer {SECRET}"}
        assert (await send(client, "pause", headers=token, json={"on": True}))[0] == 200
        for wrong in ("Bearer x", "Bearer ", "Basic eDp5", SECRET):
            status, _ = await send(
                client, "pause", headers={"Authorization": wrong}, json={"on": True}
            )
            assert status == 401


async def test_strangers_cannot_tell_which_hooks_there_are(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        client = rig.client()
        token = {"Authorization": "Bearer wrong"}
        answers = [
            await send(client, hook, headers=token, json={}) for hook in ("pause", "none", "x" * 99)
        ]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][0] == 401


async def test_a_secret_that_is_gone_is_told_to_the_log_once_and_to_no_stranger(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    async with running(settings_for(state, share=SHARE)) as rig:
        client = rig.client()
        with capture_logs() as logs:
            answers = [await send(client, hook, json={}) for hook in ("pause", "pause", "none")]
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][0] == 401
        told = [entry for entry in logs if entry["event"] == "hook_secret_unreadable"]
        assert [(entry["hook"], entry["reason"]) for entry in told] == [
            ("pause", "$HOOK_SECRET is empty")
        ]


async def test_what_is_tampered_stale_or_unsigned_is_refused(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        unlimited(rig)
        client = rig.client()
        good = signed({"on": True})
        for wrong in (
            good | {"data": json.dumps({"on": True, "x": 1})},
            good | {"headers": good["headers"] | {"webhook-id": "msg_9"}},
            good | {"headers": {"Content-Type": "application/json"}},
            signed({"on": True}, at=time.time() - 400),
            signed({"on": True}, at=time.time() + 400),
        ):
            assert (await send(client, "pause", **wrong))[0] == 401
        assert not rig.hub.permission.privacy


async def test_a_message_is_carried_out_once(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        client = rig.client()
        how = signed({"present": True})
        first, *others = await asyncio.gather(*(send(client, "somebody", **how) for _ in range(4)))
        done = sorted(told["done"] for _, told in (first, *others))
        assert done == [False, False, False, True]
        assert len([one for one in await noted(rig) if one[0] == "hook somebody"]) == 1
        # One that could not be carried out may come again.
        bad = signed({"present": "perhaps"}, name="msg_2")
        assert (await send(client, "somebody", **bad))[0] in (400, 422)


async def test_a_message_of_before_a_restart_is_not_carried_out_again(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        how = signed({"on": True})
        assert (await send(rig.client(), "pause", **how))[0] == 200
        await rig.hub.operations.ask("privacy", on=False)
    await asyncio.sleep(1.1)  # stamps are whole seconds
    async with running(settings_for(state, share=SHARE)) as rig:
        assert (await send(rig.client(), "pause", **how))[0] == 401
        assert not rig.hub.permission.privacy
        assert (await send(rig.client(), "pause", **signed({"on": True})))[0] == 200


async def test_a_hook_takes_only_so_many_a_minute(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        client = rig.client()
        token = {"Authorization": f"Bearer {SECRET}"}
        answers = [await send(client, "rare", headers=token, json={"on": True}) for _ in range(3)]
        assert [status for status, _ in answers] == [200, 429, 429]
        assert (await send(client, "pause", headers=token, json={"on": True}))[0] == 200


async def test_nonsense_breaks_nothing(state: Path) -> None:
    async with running(settings_for(state, share=SHARE)) as rig:
        unlimited(rig)
        client = rig.client()
        json_ = {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"}
        for body in (b"", b"[]", b"nul", b'{"on": 5}', b"\xff", b"[" * 5000, b"x" * 20_000):
            status, _ = await send(client, "pause", headers=json_, data=body)
            assert 400 <= status < 500
        status, _ = await send(client, "pause", headers={"webhook-timestamp": "9" * 99}, json={})
        assert status == 401


@pytest.mark.parametrize(
    "given",
    [
        {"does": "scene", "room": "a"},
        {"does": "scene", "scene": "a"},
        {"does": "say"},
        {"does": "say", "person": "a", "scene": "b"},
        {"does": "presence"},
        {"does": "privacy", "room": "a"},
        {"does": "erase"},
    ],
)
def test_hooks_that_cannot_be_meant_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Hook.model_validate(given | {"secret_env": "X"})
