"""Attacks by other web sites and programs on a browser that is let in; and secrets in the log."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.api.access import Access, Role
from hub.api.auth import COOKIE
from hub.api.hosts import SAFE
from hub.api.table import ROUTES
from sync.base64url import b64
from tests.hub.api_device import Phone
from tests.hub.api_rig import API, Rig, running, settings_for
from tests.hub.test_api_access import path_of, status_of

pytestmark = pytest.mark.slow

EVIL = "https://evil.example"


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


def cookie(phone: Phone) -> str:
    (found,) = (one.value for one in phone.http.cookie_jar if one.key == COOKIE)
    return found


async def owners_browser(rig: Rig) -> Phone:
    shown = await rig.hub.api.ask("pair", {"role": "owner"})
    phone = Phone(rig.client(), "Owner's browser")
    assert await phone.pair_by_digits(shown["digits"]) == 201
    return phone


def unlimited(rig: Rig) -> None:
    """Leave rates out: what counts here is what each request is answered."""
    rig.hub.api._server._context_made.commands._per_s = 1e6  # type: ignore[union-attr]


async def test_a_session_that_somebody_else_chose_is_never_let_in(rig: Rig) -> None:
    """Session fixation: a secret planted before pairing is worth nothing after it."""
    planted = "planted-by-the-attacker-0123456789abcdefghi"
    phone = Phone(rig.client())
    phone.http.cookie_jar.update_cookies({COOKIE: planted}, response_url=phone.http._base_url)  # type: ignore[arg-type]
    shown = await rig.hub.api.ask("pair", {"role": "owner"})
    assert await phone.pair_by_digits(shown["digits"]) == 201
    first = cookie(phone)
    assert first != planted
    assert len(first) >= 43  # 256 bits of the hub's own
    for secret in (planted, first + "x", first[:-1], ""):
        other = rig.client({"Cookie": f"{COOKIE}={secret}"})
        async with other.get(f"{API}/status") as answer:
            assert answer.status == 401, secret
    # Each new session of a device is another secret, and ends the one before.
    assert await phone.open_session() == 201
    assert cookie(phone) != first
    old = rig.client({"Cookie": f"{COOKIE}={first}"})
    async with old.get(f"{API}/status") as answer:
        assert answer.status == 401
    async with phone.http.get(f"{API}/status") as answer:
        assert answer.status == 200
    # A cookie's secret is no bearer token, nor the other way round.
    async with rig.client({"Authorization": f"Bearer {cookie(phone)}"}).get(
        f"{API}/status"
    ) as answer:
        assert answer.status == 401
    token = await rig.token(Role.OWNER)
    async with rig.client({"Cookie": f"{COOKIE}={token}"}).get(f"{API}/status") as answer:
        assert answer.status == 401


async def test_no_other_site_can_make_a_browser_change_anything(rig: Rig) -> None:
    """CSRF: with the owner's cookie, every route that changes something, every way to come."""
    phone = await owners_browser(rig)
    unlimited(rig)
    changing = [r for r in ROUTES if r.method not in SAFE and r.access is not Access.PUBLIC]
    assert len(changing) > 40
    ways: list[dict[str, str]] = [
        {},  # no word of where it comes from: not a page of ours
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": rig.url, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ]
    for route in changing:
        for headers in ways:
            status, text = await status_of(phone.http, route, headers=headers)
            assert status == 403, (route.path, headers, text)
            assert "cross_site" in text
    # What a form of another site could send without asking first is not taken even from ours.
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        async with phone.http.patch(
            f"{API}/privacy",
            data=b'{"privacy": true}',
            headers={"Origin": rig.url, "Content-Type": kind},
        ) as answer:
            assert answer.status == 415
    assert not rig.hub.permission.privacy
    async with phone.http.get(f"{API}/status", headers={"Origin": rig.url}) as answer:
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
    async with phone.http.options(
        f"{API}/privacy", headers={"Origin": EVIL, "Access-Control-Request-Method": "PATCH"}
    ) as answer:
        assert answer.status in (403, 405)
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


async def test_a_name_that_was_pointed_at_the_hub_gets_nothing(rig: Rig) -> None:
    """DNS rebinding: the page's own name now leads to the hub, and the cookie is there too."""
    phone = await owners_browser(rig)
    port = rig.url.rsplit(":", 1)[1]
    rebound = f"evil.example:{port}"
    headers = {"Host": rebound, "Origin": f"https://{rebound}", "Sec-Fetch-Site": "same-origin"}
    for route in ROUTES:
        status, text = await status_of(phone.http, route, headers=headers)
        assert (status, "wrong_host" in text) == (403, True), route.path
    for path in ("/", "/ca.crt", "/api/openapi.json", "/pair"):
        async with phone.http.get(path, headers=headers) as answer:
            assert answer.status == 403, path
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await phone.http.ws_connect(f"{API}/events", headers=headers)
    assert refused.value.status == 403


async def test_no_other_page_can_listen_in(rig: Rig) -> None:
    """WebSocket hijack: browsers send cookies along, and ask nobody before."""
    phone = await owners_browser(rig)
    for headers in (
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": f"http://{rig.url.removeprefix('https://')}"},
        {"Origin": rig.url, "Sec-Fetch-Site": "cross-site"},
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await phone.http.ws_connect(f"{API}/events", headers=headers)
        assert refused.value.status == 403, headers
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await rig.client().ws_connect(f"{API}/events", headers={"Origin": rig.url})
    assert refused.value.status == 401
    async with phone.http.ws_connect(f"{API}/events", headers={"Origin": rig.url}) as socket:
        await socket.send_json({"do": "subscribe", "topics": ["status"]})
        assert (await socket.receive_json(timeout=10))["type"] == "snapshot"


async def test_messages_of_one_pairing_mean_nothing_in_another(rig: Rig) -> None:
    """Replay: by digits, in the same window and in the next."""
    shown = await rig.hub.api.ask("pair", {"role": "owner"})
    sent: list[tuple[str, dict[str, Any]]] = []
    phone = Phone(rig.client())
    post = phone.post

    async def remembering(path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        sent.append((path, body))
        return await post(path, **body)

    phone.post = remembering  # type: ignore[method-assign]
    assert await phone.pair_by_digits(shown["digits"]) == 201
    assert len(sent) == 2
    thief = Phone(rig.client())
    for path, body in sent:
        assert (await thief.post(path, **body))[0] == 409  # it has closed
    again = await rig.hub.api.ask("pair", {"role": "owner"})
    assert again["digits"] != shown["digits"]
    (first, opening), (second, proof) = sent
    status, answer = await thief.post(first, **opening)
    assert status == 200  # a first message proves nothing
    forged = proof | {"attempt": answer["attempt"]}
    assert (await thief.post(second, **forged))[0] == 403
    assert (await thief.post(second, **proof))[0] == 409  # nothing is being asked
    assert not [c for c in rig.hub.store.accounts.clients.values() if c.name != phone.name]
    async with thief.http.get(f"{API}/status") as reply:
        assert reply.status == 401


async def test_guesses_without_a_window_are_refused_and_soon_unheard(rig: Rig) -> None:
    """With a window it has three tries: tests/sync guesses ten thousand times."""
    strangers = rig.hub.api._server._context_made.strangers  # type: ignore[union-attr]
    strangers._per_s = 1e-6  # no time passes for the limit, however slow this machine is
    phone = Phone(rig.client())
    outcomes: dict[int, int] = {}
    body = {"attempt": "x" * 16, "key": b64(phone.public), "name": "Thief", "proof": b64(b"1" * 32)}
    for status in await asyncio.gather(*(guess(phone, body) for _ in range(500))):
        outcomes[status] = outcomes.get(status, 0) + 1
    assert set(outcomes) == {409, 429}, outcomes
    assert outcomes[409] <= 60
    assert not rig.hub.store.accounts.clients


async def guess(phone: Phone, body: dict[str, Any]) -> int:
    headers = {"Origin": str(phone.http._base_url).rstrip("/")}
    async with phone.http.post(f"{API}/pairing/digits/proof", json=body, headers=headers) as answer:
        return answer.status


async def test_new_secrets_are_in_no_log_line(
    rig: Rig, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = await rig.as_(Role.OWNER)
    point, auth = b"\x04" + b"canary-point-of-a-browser".ljust(64, b"0"), b"canary-auth-0123"
    endpoint = "https://push.example/canary-endpoint"
    keys = {"p256dh": b64(point), "auth": b64(auth)}
    async with owner.put(
        f"{API}/push/subscriptions", json={"endpoint": endpoint, "keys": keys}
    ) as answer:
        assert answer.status == 200
    wish = {"passphrase": "canary-passphrase-of-a-backup"}
    async with owner.post(f"{API}/system/restore", json=wish) as answer:
        assert answer.status == 409
    async with owner.put(
        f"{API}/system/config/overlay",
        json={"yaml": "rules: {canary_rule: {}}"},
        headers={"If-Match": "*"},
    ) as answer:
        assert answer.status in (422, 501)
    digits = (await rig.hub.operations.ask("sticker"))["digits"]
    await rig.hub.operations.ask("pair_button")
    async with owner.get(f"{API}/system/log") as answer:
        shown = await answer.text()
    async with owner.get(f"{API}/system/config") as answer:
        shown += await answer.text()
    out, err = capfd.readouterr()
    for secret in (b64(auth), "canary-", "canary_rule", digits):
        assert secret not in shown + out + err + caplog.text, secret


def test_every_route_that_changes_something_is_behind_a_session_a_signature_or_pairing() -> None:
    public = {(r.method, r.path) for r in ROUTES if r.access is Access.PUBLIC}
    assert public == {
        ("GET", "/pairing"),
        ("POST", "/pairing/digits"),
        ("POST", "/pairing/digits/proof"),
        ("POST", "/pairing/scanned"),
        ("POST", "/sessions/challenge"),
        ("POST", "/sessions"),
        ("POST", "/hooks/{hook}"),  # signed with the hook's own secret: test_share_hooks.py
    }
    assert all(path_of(route).startswith(API) for route in ROUTES)
