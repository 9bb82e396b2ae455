"""Writes tests/fixtures/pairing.json: `python -m tests.sync.make_pairing_vectors`.

HPKE draws fresh randomness, so each run writes other vectors that are just as good.
"""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from spake2 import SPAKE2_A, SPAKE2_B

from sync.base64url import b64
from sync.pairing_digits import APP, HUB, derive, prove
from sync.pairing_qr import SUITE, TO_HUB, Ticket, open_request

BINDING = bytes(range(32))
NAME = "Zoë's phone"


def digits() -> dict[str, object]:
    device = SPAKE2_A(b"012345678", idA=APP, idB=HUB + BINDING)
    hub = SPAKE2_B(b"012345678", idA=APP, idB=HUB + BINDING)
    x, y = device.start(), hub.start()
    state = json.loads(device.serialize())
    key = device.finish(y)
    assert key == hub.finish(x)
    public = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    of_device, of_hub = derive(key)
    return {
        "digits": "012345678",
        "binding": b64(BINDING),
        "device_state": state,
        "x": b64(x),
        "y": b64(y),
        "k": b64(key),
        "key": b64(public),
        "name": NAME,
        "proof_of_device": b64(prove(of_device, x + y, public, NAME)),
        "proof_of_hub": b64(prove(of_hub, x + y, public, NAME)),
    }


def link() -> dict[str, object]:
    hub = X25519PrivateKey.from_private_bytes(bytes([7]) * 32)
    reply = X25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    ticket = Ticket(bytes(range(16)), hub, BINDING)
    key = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    plain = {
        "secret": b64(ticket.secret),
        "key": b64(key),
        "reply_to": b64(reply.public_key().public_bytes_raw()),
        "name": NAME,
    }
    request = SUITE.encrypt(json.dumps(plain).encode(), hub.public_key(), info=TO_HUB)
    asked = open_request(ticket, request)
    return {
        "hub_private": b64(hub.private_bytes_raw()),
        "hub_public": b64(ticket.public),
        "binding": b64(BINDING),
        "secret": b64(ticket.secret),
        "fragment": ticket.fragment,
        "reply_private": b64(reply.private_bytes_raw()),
        "key": b64(key),
        "name": NAME,
        "request": b64(request),
        "answer": b64(asked.seal({"client": "c", "member": "m", "authority": None})),
    }


if __name__ == "__main__":
    file = Path(__file__).parents[1] / "fixtures" / "pairing.json"
    vectors = {"digits": digits(), "link": link()}
    file.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")
