"""Web Push against a push service that decrypts, and the guard against sending into the home."""

import asyncio
import ipaddress
import json
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.api.access import Role
from hub.push.encryption import MOST_BYTES, encrypt, seal
from hub.push.guard import GuardedResolver, NotPublic, is_public, origin_of
from hub.push.news import SPEAKS
from hub.push.sender import QUEUE, Message, Sender
from hub.store.account_records import PushTarget
from hub.supervisor import NeedsAttention, Stage
from hub.types import Decision, RestoreGoal, RoomId, Trigger
from sync.base64url import b64, unb64
from tests.fakes.certificates import Authority
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow


def test_the_vector_of_rfc_8291() -> None:
    """Appendix A."""
    sender = ec.derive_private_key(
        int.from_bytes(unb64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    body = seal(
        b"When I grow up, I want to be a watermelon",
        b"",
        unb64(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        unb64("BTBZMqHH6r4Tts7J_aSIgg"),
        sender,
        unb64("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert b64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY"
        "WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexS"
        "gSxsj_Qulcy4a-fN"
    )


class Browser:
    """Keeps its keys and opens what was sent, written from RFC 8291 and 8188."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.auth = b"sixteen bytes ok"

    def target(self, endpoint: str, *topics: str, member: str = "m") -> PushTarget:
        return PushTarget(endpoint, member, None, self.point, self.auth, topics, 0)

    def open(self, body: bytes) -> dict[str, Any]:
        salt, (size, length) = body[:16], struct.unpack(">IB", body[16:21])
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        )

        def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
            return HKDF(SHA256(), length, salt, info).derive(secret)

        secret = hkdf(self.auth, shared, b"WebPush: info\0" + self.point + theirs, 32)
        key = hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
        plain, mark, padding = AESGCM(key).decrypt(nonce, sealed, None).partition(b"\x02")
        assert mark
        assert not padding.strip(b"\0")
        return dict(json.loads(plain))


def test_every_message_is_as_long_as_any_other() -> None:
    browser = Browser()
    lengths = {len(encrypt(text, browser.point, browser.auth)) for text in (b"", b"x" * MOST_BYTES)}
    assert len(lengths) == 1
    assert lengths.pop() <= 4096
    with pytest.raises(ValueError, match="bytes"):
        encrypt(b"x" * (MOST_BYTES + 1), browser.point, browser.auth)
    with pytest.raises(ValueError, match=r"EC key|point"):
        encrypt(b"", b"\x04" + b"1" * 64, browser.auth)


@dataclass
class Service:
    """A push service: checks VAPID, answers as told, keeps what it got."""

    origin: str = ""
    answers: list[web.Response] = field(default_factory=list)
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        self.check(request.headers["Authorization"])
        assert request.headers["Content-Encoding"] == "aes128gcm"
        assert int(request.headers["TTL"]) > 0
        self.got.append((request.path, await request.read(), dict(request.headers)))
        self.arrived.set()
        return self.answers.pop(0) if self.answers else web.Response(status=201)

    def check(self, header: str) -> None:
        scheme, _, rest = header.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
        text, _, signature = parts["t"].rpartition(".")
        raw = unb64(signature)
        r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
        key.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(SHA256()))
        claims = json.loads(unb64(text.split(".")[1]))
        assert claims["aud"] == self.origin
        assert claims["sub"].startswith("mailto:")

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.got) < count:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def serving(authority: Authority) -> AsyncIterator[Service]:
    service = Service()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.issue("push"))
    app = web.Application()
    app.router.add_post("/{tail:.*}", service.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    service.origin = f"https://localhost:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


@asynccontextmanager
async def sending(rig: Rig, authority: Authority) -> AsyncIterator[Sender]:
    """Let the hub's sender reach loopback, where the push service of the test is."""
    hub = rig.hub
    sender = Sender(
        hub.store.accounts,
        hub.store.config,
        hub.clock,
        "mailto:test@home.arpa",
        allowed=lambda address: address.is_loopback,
        tls=ssl.create_default_context(cafile=str(authority.ca_file)),
        first_pause_s=0.01,
    )
    context = rig.hub.api._server._context_made  # type: ignore[union-attr]
    context.push._sender = sender
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_message_arrives_is_tried_again_and_a_browser_that_left_is_forgotten(
    rig: Rig, tmp_path: Path
) -> None:
    authority, browser = Authority(tmp_path, "push"), Browser()
    accounts = rig.hub.store.accounts
    async with serving(authority) as service, sending(rig, authority) as sender:
        target = browser.target(f"{service.origin}/a", "attention")
        await accounts.put_push(target, "test")
        service.answers = [
            web.Response(status=503),
            web.Response(status=429, headers={"Retry-After": "0"}),
        ]
        assert sender.put(target, Message("test", "Home", "Hello"))
        await service.until(3)
        bodies = {body for _, body, _ in service.got}
        assert len(bodies) == 3  # each try is encrypted anew
        for body in bodies:
            assert browser.open(body)["body"] == "Hello"
            assert b"Hello" not in body
        service.answers = [web.Response(status=302, headers={"Location": "https://127.0.0.1/"})]
        sender.put(target, Message("test", "Home", "Again"))
        await service.until(4)
        service.answers = [web.Response(status=410)]
        sender.put(target, Message("test", "Home", "Are you there?"))
        await service.until(5)
        async with asyncio.timeout(20):
            while target.endpoint in accounts.push:
                await asyncio.sleep(0.01)
        for _ in range(QUEUE + 3 + 8):  # those who have left take no tries; the queue has an end
            sender.put(target, Message("test", "Home", "Nobody"))
        assert sender.counts["dropped"] >= 3
        assert sender.counts["sent"] == 1
        assert sender.counts["refused"] == 1
        assert sender.counts["gone"] == 1
        assert len(service.got) == 5


async def test_what_is_told_is_what_was_asked_for_and_no_mood_unless_asked_for(
    rig: Rig, tmp_path: Path
) -> None:
    authority = Authority(tmp_path, "push")
    hub, context = rig.hub, rig.hub.api._server._context_made  # type: ignore[union-attr]
    plain, detailed, child, german = Browser(), Browser(), Browser(), Browser()
    for role in (Role.ADULT, Role.CHILD):
        await rig.token(role)
    member = {one.role: one.id for one in hub.store.accounts.members.values()}
    async with serving(authority) as service, sending(rig, authority):
        for name, browser, topics, whose in (
            ("plain", plain, ("decisions", "privacy"), "adult"),
            ("detailed", detailed, ("decisions", "details"), "adult"),
            ("child", child, ("decisions", "privacy"), "child"),
            ("german", german, ("decisions", f"{SPEAKS}de"), "adult"),
        ):
            target = browser.target(f"{service.origin}/{name}", *topics, member=member[whose])
            await hub.store.accounts.put_push(target, "test")
        context.push.changed()
        async with asyncio.timeout(10):
            while "push" not in hub.bus.drops():
                await asyncio.sleep(0.01)
        now = hub.clock.monotonic()
        because = "Scene “Soft” because it seems sad there."
        for trigger in (Trigger.PERSON, Trigger.MOOD):
            hub.bus.publish(
                Decision(
                    *(7, RoomId("living_room"), "soften", RestoreGoal(), trigger, because),
                    *(0.9, None, now, now + 60),
                )
            )
        await service.until(3)
        got = {path: body for path, body, _ in service.got}
        assert set(got) == {"/plain", "/detailed", "/german"}  # a child does not see decisions
        assert plain.open(got["/plain"])["body"] == "The house did something in Living room"
        assert detailed.open(got["/detailed"])["body"] == because
        assert german.open(got["/german"])["body"] == "Das Haus hat etwas getan: Living room"
        adult = await rig.as_(Role.ADULT)
        async with adult.post(f"{API}/push/test") as answer:
            assert (await answer.json())["browsers"] == 3
        await service.until(6)
        bodies = [body for path, body, _ in service.got if path == "/german"]
        assert "So sieht es aus." in [german.open(body)["body"] for body in bodies]


async def test_what_needs_somebody_and_privacy_mode_are_told_once(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.push.news.LOOK_EVERY_S", 0.02)
    authority, browser, hub = Authority(tmp_path, "push"), Browser(), rig.hub
    context = hub.api._server._context_made  # type: ignore[union-attr]
    await rig.token(Role.GUEST)
    (member,) = hub.store.accounts.members
    async with serving(authority) as service, sending(rig, authority):
        target = browser.target(f"{service.origin}/a", "attention", "privacy", member=member)
        await hub.store.accounts.put_push(target, "test")
        context.push.changed()
        async with asyncio.timeout(10):
            while "push" not in hub.bus.drops():
                await asyncio.sleep(0.01)

        async def failing(_: object) -> None:
            raise NeedsAttention("canary: the key is hunter2")

        hub.supervisor.add("zigbee", failing, Stage.SOURCES)
        await service.until(1)
        await hub.operations.ask("privacy", on=True)
        await service.until(2)
        await asyncio.sleep(0.2)  # some more looks
        told = [browser.open(body) for _, body, _ in service.got]
    assert [(one["topic"], one["body"]) for one in told] == [
        ("attention", "Something needs you: zigbee"),
        ("privacy", "Privacy mode is on"),
    ]


INSIDE = (
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://10.0.0.1/x",
    "https://192.168.1.1:8443/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:10.0.0.1]/x",
    "https://[64:ff9b::a00:1]/x",
    "https://[fd00::1]/x",
    "https://[fe80::1]/x",
    "https://[2002:a00:1::]/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://0/x",
    "https://100.64.0.1/x",
    "https://224.0.0.1/x",
    "http://push.example/x",
    "https://user@push.example/x",
    "https:///x",
    "https://push.example:99999/x",
    "ftp://push.example/x",
)


@pytest.mark.parametrize("endpoint", INSIDE)
def test_endpoints_inside_the_home_are_refused(endpoint: str) -> None:
    with pytest.raises(NotPublic):
        origin_of(endpoint)


def test_public_endpoints_are_taken() -> None:
    assert origin_of("https://push.example/send/abc") == "https://push.example"
    assert origin_of("https://push.example:444/x") == "https://push.example:444"
    assert origin_of("https://[2606:4700::1111]/x") == "https://[2606:4700::1111]"
    assert is_public(ipaddress.ip_address("1.1.1.1"))


class Names(AbstractResolver):
    """A name server that answers as told: first a public address, then one of the home."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = self.answers.pop(0)
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0)
            for one in found
        ]

    async def close(self) -> None:
        pass


async def test_a_name_that_leads_into_the_home_is_refused_each_time_it_is_asked() -> None:
    resolver = GuardedResolver(
        inner=Names(["1.1.1.1"], ["192.168.1.1"], ["1.1.1.1", "127.0.0.1"], ["fe80::1%eth0"])
    )
    assert [one["host"] for one in await resolver.resolve("push.example")] == ["1.1.1.1"]
    for _ in range(3):
        with pytest.raises(NotPublic):
            await resolver.resolve("push.example")


async def test_the_hub_itself_never_sends_to_its_own_network(rig: Rig) -> None:
    browser = Browser()
    adult = await rig.as_(Role.ADULT)
    keys = {"p256dh": b64(browser.point), "auth": b64(browser.auth)}
    for endpoint in INSIDE[:6]:
        body = {"endpoint": endpoint, "keys": keys}
        async with adult.put(f"{API}/push/subscriptions", json=body) as answer:
            assert answer.status == 422, endpoint
    wish = {"endpoint": "https://localhost/x", "keys": keys, "topics": ["test"], "details": True}
    async with adult.put(f"{API}/push/subscriptions", json=wish) as answer:
        assert await answer.json() == {"topics": ["test"], "details": True}
    async with adult.post(f"{API}/push/test") as answer:
        assert (await answer.json())["browsers"] == 1
    counts = rig.hub.api._server._context_made.sender.counts  # type: ignore[union-attr]
    async with asyncio.timeout(20):
        while not counts:
            await asyncio.sleep(0.02)
    assert dict(counts) == {"refused": 1}
