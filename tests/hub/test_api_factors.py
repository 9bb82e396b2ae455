import base64
import hashlib
import json
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hub.api import totp
from hub.api.access import Role
from tests.hub.api_device import b64, unb64
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow

RFC_SECRET = b"12345678901234567890"


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, at // 30) == code
    assert totp.check(RFC_SECRET, code, at, 0) == at // 30
    assert totp.check(RFC_SECRET, code, at, at // 30) is None  # good once
    assert totp.check(RFC_SECRET, code, at + 100, 0) is None


class Authenticator:
    """A software authenticator: ES256, always verifies its user."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = b"credential-1234567890"
        self.uses = 0

    def client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(data).encode()

    def data(self, rp: str, *, attested: bool) -> bytes:
        self.uses += 1
        head = hashlib.sha256(rp.encode()).digest() + struct.pack(
            ">BI", 0x45 if attested else 0x05, self.uses
        )
        if not attested:
            return head
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        return head + bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)

    def credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = b64(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        data = self.data(options["rp"]["id"], attested=True)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        signed = self.client_data("webauthn.create", options["challenge"])
        return self.credential(
            {"clientDataJSON": b64(signed), "attestationObject": b64(attestation)}
        )

    def show(self, options: dict[str, Any]) -> dict[str, Any]:
        data = self.data(options["rpId"], attested=False)
        signed = self.client_data("webauthn.get", options["challenge"])
        text = data + hashlib.sha256(signed).digest()
        signature = self.key.sign(text, ec.ECDSA(hashes.SHA256()))
        return self.credential(
            {
                "clientDataJSON": b64(signed),
                "authenticatorData": b64(data),
                "signature": b64(signature),
            }
        )


async def post(
    http: aiohttp.ClientSession, path: str, body: Any = None, method: str = "POST"
) -> tuple[int, dict[str, Any]]:
    async with http.request(method, f"{API}{path}", json=body or {}) as answer:
        return answer.status, await answer.json() if answer.status != 204 else {}


async def test_an_owner_with_an_app_has_to_show_its_code_before_letting_others_in(
    rig: Rig,
) -> None:
    owner = await rig.as_(Role.OWNER, "ada")
    _, begun = await post(owner, "/factors/totp")
    text = parse_qs(urlsplit(begun["uri"]).query)["secret"][0]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    step = int(rig.hub.clock.wall() // 30)
    status, factors = await post(
        owner, "/factors/totp", {"code": totp.code_at(secret, step)}, "PUT"
    )
    assert (status, factors["totp"], factors["fresh"]) == (200, True, True)
    # Later, in the same session: nobody new without the code.
    session = next(iter(rig.hub.store.accounts.sessions.values()))
    rig.hub.store.accounts.proved(session, 0)
    status, problem = await post(owner, "/pairing/window", {"role": "owner"})
    assert (status, problem["code"]) == (403, "proof_needed")
    replayed = {"code": totp.code_at(secret, step)}
    assert (await post(owner, "/factors/totp/proof", replayed))[0] == 403
    status, factors = await post(
        owner, "/factors/totp/proof", {"code": totp.code_at(secret, step + 1)}
    )
    assert (status, factors["fresh"]) == (200, True)
    assert (await post(owner, "/pairing/window", {"role": "owner"}))[0] == 201


async def test_wrong_codes_lock_the_factor_out(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER, "ada")
    await post(owner, "/factors/totp")
    found = [(await post(owner, "/factors/totp", {"code": "000000"}, "PUT"))[0] for _ in range(6)]
    assert found == [403] * 5 + [429]


async def test_a_passkey_is_made_and_shown_once_for_each_question(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER, "ada")
    key = Authenticator(rig.url)
    _, asked = await post(owner, "/factors/passkeys/options")
    body = {"name": "Key", "credential": key.make(asked["options"])}
    status, factors = await post(owner, "/factors/passkeys", body)
    assert (status, [k["name"] for k in factors["passkeys"]]) == (201, ["Key"])
    assert (await post(owner, "/factors/passkeys", body))[0] == 403  # the question is used up
    _, asked = await post(owner, "/factors/passkeys/proof/options")
    shown = {"credential": key.show(asked["options"])}
    assert (await post(owner, "/factors/passkeys/proof", shown))[0] == 200
    assert (await post(owner, "/factors/passkeys/proof", shown))[0] == 403
    # Another site's page, or another key, gets nowhere.
    for thief in (Authenticator("https://evil.example"), Authenticator(rig.url)):
        _, asked = await post(owner, "/factors/passkeys/proof/options")
        forged = {"credential": thief.show(asked["options"])}
        assert (await post(owner, "/factors/passkeys/proof", forged))[0] == 403
    # The two were counted as wrong codes are: three more, and the right key is refused as well.
    await post(owner, "/factors/totp")
    for _ in range(3):
        assert (await post(owner, "/factors/totp", {"code": "000000"}, "PUT"))[0] == 403
    _, asked = await post(owner, "/factors/passkeys/proof/options")
    shown = {"credential": key.show(asked["options"])}
    assert (await post(owner, "/factors/passkeys/proof", shown))[0] == 429
    assert unb64(factors["passkeys"][0]["id"]) == key.id
    async with owner.delete(f"{API}/factors/passkeys/{b64(key.id)}") as answer:
        assert answer.status == 204
