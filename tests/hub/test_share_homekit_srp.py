"""HomeKit's password exchange with numbers that begin with zero bytes; aiohomekit is the phone."""

import hashlib

import pytest
from aiohomekit.crypto.srp import HK_KEY_LENGTH, SrpClient
from pyhap.params import get_srp_context
from pyhap.util import long_to_bytes

from hub.share.homekit_srp import GROUP_BITS, HASH_BITS, FullLengthServer

pytestmark = pytest.mark.slow

CODE = "031-45-154"
NAME = "Pair-Setup"
SALT = bytes(range(16))
CONTEXT = get_srp_context(GROUP_BITS, hashlib.sha512)


def hub(secret: int) -> FullLengthServer:
    return FullLengthServer(CONTEXT, NAME.encode(), CODE.encode(), s=SALT, b=secret)


def phone(secret: int, server: FullLengthServer) -> SrpClient:
    client = SrpClient(NAME, CODE)
    client.a, client.A = secret, pow(client.g, secret, client.n)
    client.A_b = bytearray(client.A.to_bytes(HK_KEY_LENGTH, "big"))
    client.set_salt(bytearray(server.get_challenge()[0]))
    client.set_server_public_key(long_to_bytes(server.get_challenge()[1]))
    return client


def agree(server: FullLengthServer, client: SrpClient) -> None:
    """Both sides prove the code to each other and have the same key."""
    server.set_A(bytes(client.get_public_key_bytes()))
    proof = server.verify(client.get_proof_bytes())
    assert proof is not None
    assert client.verify_servers_proof_bytes(proof)
    assert long_to_bytes(server.get_session_key()) == client.get_session_key_bytes()


def test_any_numbers_agree() -> None:
    server = hub(3)
    agree(server, phone(5, server))


def test_a_short_public_key_of_the_hub() -> None:
    server = hub(1826)
    assert server.B < 1 << GROUP_BITS - 8
    agree(server, phone(5, server))


@pytest.mark.parametrize(("secret", "kind"), [(369, "S"), (439, "K")])
def test_a_short_number_that_both_share(secret: int, kind: str) -> None:
    server = hub(2)
    agree(server, phone(secret, server))
    assert getattr(server, kind) < 1 << {"S": GROUP_BITS, "K": HASH_BITS}[kind] - 8


def test_a_wrong_code_stays_wrong() -> None:
    server = FullLengthServer(CONTEXT, NAME.encode(), b"111-22-333", s=SALT, b=3)
    client = phone(5, server)
    server.set_A(bytes(client.get_public_key_bytes()))
    assert server.verify(client.get_proof_bytes()) is None
