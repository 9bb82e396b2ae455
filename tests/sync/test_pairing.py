"""The pairing window by itself: its states, its limits, and vectors that other languages share."""

import hmac
import json
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from spake2 import SPAKE2_A

from sync.base64url import b64, unb64
from sync.pairing import OPEN_S, TRANSITIONS, TRIES, Input, State, Window
from sync.pairing_device import Device
from sync.pairing_digits import APP, HUB, derive, prove
from sync.pairing_errors import PairingRefused
from sync.pairing_qr import SUITE, TO_HUB, Ticket, fingerprint, open_request

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures" / "pairing.json").read_text())
BINDING = bytes(range(32))
KEY = bytes(32)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


REPLY = X25519PrivateKey.generate().public_key().public_bytes_raw()


def sealed(ticket: Ticket, **changes: str) -> bytes:
    data = {"secret": b64(ticket.secret), "key": b64(KEY), "reply_to": b64(REPLY), "name": "x"}
    public = X25519PublicKey.from_public_bytes(ticket.public)
    return SUITE.encrypt(json.dumps(data | changes).encode(), public, info=TO_HUB)


def test_it_is_closed_until_opened_and_closes_by_itself() -> None:
    time = Time()
    window = Window(time)
    with pytest.raises(PairingRefused, match="closed"):
        window.scan(b"x")
    window.open(BINDING)
    found = []
    for time.now in (OPEN_S - 0.1, OPEN_S):
        found.append(window.state)
    assert found == [State.OPEN, State.CLOSED]
    with pytest.raises(PairingRefused, match="closed"):
        window.ask(bytes(33), BINDING)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_ten_thousand_wrong_secrets_never_succeed() -> None:
    window = Window(Time())
    ticket = window.open(BINDING).ticket
    for _ in range(10_000):
        if window.opened is None:
            ticket = window.open(BINDING).ticket
        with pytest.raises(PairingRefused) as refused:
            window.scan(sealed(ticket, secret=b64(secrets.token_bytes(16))))
        assert refused.value.code == "wrong_secret"
    assert window.state is not State.PAIRED


def test_wrong_digits_use_the_tries_up() -> None:
    window = Window(Time())
    opened = window.open(BINDING)
    wrong = f"{(int(opened.digits) + 1) % 10**9:09d}"
    for _ in range(TRIES):
        side = SPAKE2_A(wrong.encode(), idA=APP, idB=HUB + BINDING)
        ours = side.start()
        attempt, theirs = window.ask(ours, BINDING)
        of_device, _ = derive(side.finish(theirs))
        with pytest.raises(PairingRefused, match="digits"):
            window.confirm(attempt, Device(KEY, "x"), prove(of_device, ours + theirs, KEY, "x"))
    assert window.state is State.CLOSED


def test_a_proof_covers_key_and_name_and_is_good_once() -> None:
    window = Window(Time())
    opened = window.open(BINDING)
    side = SPAKE2_A(opened.digits.encode(), idA=APP, idB=HUB + BINDING)
    ours = side.start()
    attempt, theirs = window.ask(ours, BINDING)
    of_device, _ = derive(side.finish(theirs))
    proof = prove(of_device, ours + theirs, KEY, "x")
    with pytest.raises(PairingRefused):  # somebody swaps the key on the way
        window.confirm(attempt, Device(bytes([1]) * 32, "x"), proof)
    with pytest.raises(PairingRefused):  # and the attempt is over with it
        window.confirm(attempt, Device(KEY, "x"), proof)
    assert window.state is State.OPEN


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(list(Input)), max_size=12))
def test_no_way_leads_to_paired_but_by_accept_while_open(inputs: list[Input]) -> None:
    state = State.CLOSED
    for what in inputs:
        following = TRANSITIONS.get((state, what), state)
        if following is State.PAIRED and state is not State.PAIRED:
            assert what is Input.ACCEPT
            assert state in {State.OPEN, State.ASKED}
        state = following


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=3000))
def test_garbage_is_refused_and_never_crashes(data: bytes) -> None:
    window = Window(Time())
    ticket = window.open(BINDING).ticket
    with pytest.raises(PairingRefused):
        window.scan(data)
    with pytest.raises(PairingRefused):
        open_request(ticket, data)
    with pytest.raises(PairingRefused):
        window.ask(data, BINDING)


@pytest.mark.parametrize("what", [{"name": ""}, {"key": "AA"}, {"reply_to": "!"}, {"name": "\n"}])
def test_requests_that_lack_something_are_refused(what: dict[str, str]) -> None:
    window = Window(Time())
    ticket = window.open(BINDING).ticket
    with pytest.raises(PairingRefused):
        window.scan(sealed(ticket, **what))


def test_vectors_of_the_digits() -> None:
    one = VECTORS["digits"]
    key, transcript = unb64(one["k"]), unb64(one["x"]) + unb64(one["y"])
    side = SPAKE2_A.from_serialized(json.dumps(one["device_state"]).encode())
    assert side.outbound_message == unb64(one["x"])[1:]
    assert side.finish(unb64(one["y"])) == key
    of_device, of_hub = derive(key)
    public = unb64(one["key"])
    assert prove(of_device, transcript, public, one["name"]) == unb64(one["proof_of_device"])
    assert prove(of_hub, transcript, public, one["name"]) == unb64(one["proof_of_hub"])


def test_vectors_of_the_link() -> None:
    one = VECTORS["link"]
    private = X25519PrivateKey.from_private_bytes(unb64(one["hub_private"]))
    ticket = Ticket(unb64(one["secret"]), private, unb64(one["binding"]))
    assert ticket.fragment == one["fragment"]
    assert b64(fingerprint(ticket.public, ticket.binding)) == one["fragment"].split(".")[1]
    asked = open_request(ticket, unb64(one["request"]))
    assert (b64(asked.key), asked.name) == (one["key"], one["name"])
    reply = X25519PrivateKey.from_private_bytes(unb64(one["reply_private"]))
    info = b"moodsync pairing v1 to device " + asked.digest
    opened = json.loads(SUITE.decrypt(unb64(one["answer"]), reply, info=info))
    proof = hmac.digest(
        ticket.secret, b"moodsync pairing v1 proof of hub " + asked.digest, "sha256"
    )
    assert unb64(opened["proof"]) == proof
