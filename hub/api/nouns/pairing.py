"""pairing: letting a device in, and opening sessions with a device that is in.

docs/api.md shows the messages; sync/pairing.py is the window.
"""

import asyncio
import secrets
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from hub.api.access import Access, Role
from hub.api.auth import BROWSER, set_cookie
from hub.api.nouns.sessions import Me, get_me
from hub.api.problem import Problem, locked
from hub.api.qr import qr_rows
from hub.api.route import Body, Call, Identity, Route, Shape
from hub.phrase import Phrase
from hub.store.account_records import Client, Member
from sync.base64url import b64, unb64
from sync.pairing_device import Device, is_key, is_signed
from sync.pairing_errors import PairingRefused

CHALLENGE_BYTES = 32
KEY_BYTES = 32
MAX_CLIENTS = 100
SIGNED = b"moodsync session v1 "

Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$", max_length=4096)]


class PairingState(Shape):
    """Whether pairing is open, and what a device needs to know to ask. Holds no secret."""

    state: Literal["closed", "open", "asked", "paired"]
    closes_in_s: float
    home: str
    binding: str
    """SHA-256 of the certificate in use and of the authority, base64url; see docs/api.md."""
    key: str | None
    """Public key that a scanned ticket's request is sealed to."""
    authority: str | None
    """SHA-256 of the authority, hex."""


class OpenPairing(Body):
    """For whom: a member, or a new one of this role and name."""

    member: str | None = Field(default=None, max_length=40)
    role: Role = Role.ADULT
    name: str = Field(default="", max_length=60)
    person: str | None = Field(default=None, max_length=40)


class OpenedPairing(Shape):
    """What to show: digits to type, or a link to scan."""

    digits: str
    link: str
    qr: list[str]
    """The link as a QR code: rows of modules, `1` is dark."""
    closes_in_s: float


class FirstMessage(Body):
    """The device's SPAKE2 message."""

    message: Base64


class SecondMessage(Shape):
    """The hub's, and by which name to go on."""

    attempt: str
    message: str


class Proof(Body):
    """The device's proof that it knows the digits, with its public key and name."""

    attempt: str = Field(max_length=40)
    key: Base64
    name: str = Field(min_length=1, max_length=60, pattern=r"^\S.*$")
    proof: Base64


class Paired(Shape):
    """The hub's proof, and who the device now is. A browser also gets its session's cookie."""

    proof: str
    client: str
    member: str


class Sealed(Body):
    """A request sealed to the hub's key."""

    request: Base64


class SealedAnswer(Shape):
    """An answer sealed to the device: client, member, authority, proof."""

    answer: str


class WhichClient(Body):
    """Which device wants a session."""

    client: str = Field(max_length=40)


class Challenge(Shape):
    """What to sign: `moodsync session v1 ` + the challenge's bytes + the Host in use."""

    challenge: str
    lasts_s: float


class Signed(Body):
    """The signed challenge (Ed25519)."""

    client: str = Field(max_length=40)
    challenge: Base64
    signature: Base64


async def get_pairing(call: Call) -> dict[str, Any]:
    """Whether pairing is open. Anybody may ask: a device that is not in yet has to."""
    context = call.context
    window = context.pairing
    opened = None if window is None else window.opened
    left = 0.0 if opened is None else opened.closes_at - context.hub.clock.monotonic()
    authority = context.tls.authority
    return {
        "state": "closed" if window is None else window.state.value,
        "closes_in_s": round(left, 1),
        "home": context.hub.settings.home.name,
        "binding": b64(context.binding(secure=call.request.secure)),
        "key": None if opened is None else b64(opened.ticket.public),
        "authority": authority.hex() if authority else None,
    }


async def open_pairing(call: Call) -> dict[str, Any]:
    """Open pairing for two minutes; what the answer holds is shown to a person, and only here."""
    sent, context = call.sent(OpenPairing), call.context
    opened = await context.open_pairing(sent.model_dump(), call.identity.by)
    return opened | {"qr": await qr_rows(opened["link"])}


async def close_pairing(call: Call) -> None:
    """Close pairing."""
    async with call.context.pairing_turn:
        if call.context.pairing is not None:
            call.context.pairing.close()


async def pair_digits_ask(call: Call) -> dict[str, Any]:
    """First message of a device by digits; counts as a try."""
    context = call.context
    message = _bytes(call.sent(FirstMessage).message)
    binding = context.binding(secure=call.request.secure)
    async with context.pairing_turn:
        try:
            attempt, answer = await asyncio.to_thread(context.window().ask, message, binding)
        except PairingRefused as err:
            raise _refused(err) from err
    return {"attempt": attempt, "message": b64(answer)}


async def pair_digits_confirm(call: Call) -> web.StreamResponse:
    """Second message: the device's proof. A right one lets it in and closes pairing."""
    sent, context = call.sent(Proof), call.context
    device = Device(_key(sent.key), sent.name)
    async with context.pairing_turn:
        try:
            answer = context.window().confirm(sent.attempt, device, _bytes(sent.proof))
        except PairingRefused as err:
            raise _refused(err) from err
        client, member = await _let_in(call, device)
    data = {"proof": b64(answer.proof), "client": client.id, "member": member.id}
    return await _with_session(call, data, member, client)


async def pair_scanned(call: Call) -> web.StreamResponse:
    """A sealed request of a device that has scanned the link."""
    sent, context = call.sent(Sealed), call.context
    async with context.pairing_turn:
        try:
            asked = context.window().scan(_bytes(sent.request))
        except PairingRefused as err:
            raise _refused(err) from err
        client, member = await _let_in(call, Device(_key(b64(asked.key)), asked.name))
    authority = context.tls.authority
    try:
        answer = asked.seal(
            {
                "client": client.id,
                "member": member.id,
                "authority": authority.hex() if authority else None,
            }
        )
    except ValueError as err:
        raise Problem(422, "malformed", Phrase("refused.no_pairing_request")) from err
    return await _with_session(call, {"answer": b64(answer)}, member, client)


async def challenge_session(call: Call) -> dict[str, Any]:
    """A challenge for a paired device. Also given to unknown ones, who cannot use it."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    lasts_s = call.context.challenges.add(call.sent(WhichClient).client, challenge)
    return {"challenge": b64(challenge), "lasts_s": lasts_s}


async def open_session(call: Call) -> web.StreamResponse:
    """Open a browser's session with a signed challenge; each challenge is good once."""
    sent, context = call.sent(Signed), call.context
    remote = call.request.remote or ""
    wait_s = context.auth.lock_out.locked_s(remote)
    if wait_s:
        raise locked(wait_s, Phrase("refused.locked_signatures"))
    challenge = _bytes(sent.challenge)
    client = context.accounts.clients.get(sent.client)
    known = context.challenges.take(sent.client, challenge)
    member = None if client is None else context.accounts.members.get(client.member)
    text = SIGNED + challenge + call.request.headers["Host"].encode()
    if (
        client is None
        or member is None
        or not known
        or not is_signed(client.key, text, _bytes(sent.signature))
    ):
        context.auth.lock_out.failed(remote)
        raise Problem(401, "unauthenticated", Phrase("refused.device_not_known"))
    context.auth.lock_out.succeeded(remote)
    return await _with_session(call, None, member, client)


async def _let_in(call: Call, device: Device) -> tuple[Client, Member]:
    context = call.context
    if len(context.accounts.clients) >= MAX_CLIENTS:
        raise Problem(
            409, "too_many", Phrase("refused.too_many_devices"), Phrase("mend.unpair_some")
        )
    known = [c for c in context.accounts.clients.values() if c.key == device.key]
    if known:
        raise Problem(409, "conflict", Phrase("refused.device_paired"))
    member = await context.member_to_pair()
    client = Client(secrets.token_hex(8), member.id, device.name, device.key, context.auth.now_ms())
    await context.accounts.put_client(client, member.person or member.id)
    return client, member


async def _with_session(
    call: Call, data: dict[str, Any] | None, member: Member, client: Client
) -> web.StreamResponse:
    """Answer with a new session's cookie; a session that was there before is not taken over."""
    opened = await call.context.auth.open(member, BROWSER, client.name, client=client)
    if data is None:
        call.who = Identity(member, opened.session)
        data = await get_me(call)
    response = web.json_response(data, status=201)
    set_cookie(call.request, response, opened)
    return response


def _key(text: str) -> bytes:
    key = _bytes(text)
    if len(key) != KEY_BYTES:
        raise Problem(422, "malformed", Phrase("refused.key_length"))
    if not is_key(key):
        raise Problem(422, "malformed", Phrase("refused.no_key"))
    return key


def _bytes(text: str) -> bytes:
    try:
        return unb64(text)
    except ValueError as err:
        raise Problem(422, "malformed", Phrase("refused.not_base64")) from err


def _refused(err: PairingRefused) -> Problem:
    status = {"closed": 409, "wrong_digits": 403, "wrong_secret": 403}.get(err.code, 422)
    title = Phrase(f"pairing.{err.code}")
    return Problem(status, err.code, title, Phrase("mend.open_pairing_again"))


_WINDOW = "/pairing/window"
ROUTES = (
    Route("GET", "/pairing", "Is it open", Access.PUBLIC, get_pairing, answer=PairingState),
    Route(
        *("POST", _WINDOW, "Open pairing for two minutes", Access.ADMIN, open_pairing),
        body=OpenPairing,
        answer=OpenedPairing,
        status=201,
        proof=True,
    ),
    Route("DELETE", _WINDOW, "Close pairing", Access.ADMIN, close_pairing, status=204),
    Route(
        *("POST", "/pairing/digits", "Pair by digits, first", Access.PUBLIC, pair_digits_ask),
        body=FirstMessage,
        answer=SecondMessage,
    ),
    Route(
        *("POST", "/pairing/digits/proof", "Pair by digits, second", Access.PUBLIC),
        pair_digits_confirm,
        body=Proof,
        answer=Paired,
        status=201,
    ),
    Route(
        *("POST", "/pairing/scanned", "Pair by link", Access.PUBLIC, pair_scanned),
        body=Sealed,
        answer=SealedAnswer,
        status=201,
    ),
    Route(
        *("POST", "/sessions/challenge", "A challenge", Access.PUBLIC, challenge_session),
        body=WhichClient,
        answer=Challenge,
    ),
    Route(
        *("POST", "/sessions", "Open a session", Access.PUBLIC, open_session),
        body=Signed,
        answer=Me,
        status=201,
    ),
)
