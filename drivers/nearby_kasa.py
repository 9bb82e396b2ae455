"""TP-Link Kasa devices, which announce themselves by no standard: they answer a broadcast.

The question and its answer are JSON under a running XOR that hides nothing (UDP port 9999).
"""

import asyncio
import json
import socket

from drivers.nearby import MAX_DATAGRAM, MOST, Nearby
from drivers.shown import shown
from drivers.types import Unreachable

PORT = 9999
SERVICE = "kasa"
_FIRST_KEY = 171
_QUESTION = b'{"system":{"get_sysinfo":{}}}'


def scramble(plain: bytes) -> bytes:
    """Return bytes as they go over the wire."""
    key, out = _FIRST_KEY, bytearray()
    for byte in plain:
        key ^= byte
        out.append(key)
    return bytes(out)


def unscramble(wire: bytes) -> bytes:
    """Return bytes as they were before scramble()."""
    key, out = _FIRST_KEY, bytearray()
    for byte in wire:
        out.append(byte ^ key)
        key = byte
    return bytes(out)


async def ask_kasa(
    seconds: float, interface: str | None = None, port: int = PORT, to: str = "255.255.255.255"
) -> tuple[Nearby, ...]:
    """Return what answers within so many seconds. Raises Unreachable."""
    answers = _Answers()
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    try:
        made.bind((interface or "0.0.0.0", 0))  # noqa: S104 - answers come to any of our addresses
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: answers, sock=made
        )
    except OSError as err:
        made.close()
        raise Unreachable(f"this network takes no broadcast: {err.strerror}") from err
    try:
        for _ in range(2):  # datagrams get lost
            transport.sendto(scramble(_QUESTION), (to, port))
            await asyncio.sleep(seconds / 2)
    finally:
        transport.close()
    return tuple(answers.found.values())


class _Answers(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.found: dict[str, Nearby] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        told = read_kasa(data[:MAX_DATAGRAM])
        if told is not None and len(self.found) < MOST:
            name, model = told
            self.found[addr[0]] = Nearby(SERVICE, name, addr[0], addr[1], {"model": model})

    def error_received(self, exc: Exception) -> None:
        """Ignore a network that does not take the question: nothing answers then."""


def read_kasa(data: bytes) -> tuple[str, str] | None:
    """Return name and model of an answer; None for anything else."""
    try:
        said = json.loads(unscramble(data))
        about = said["system"]["get_sysinfo"]
        return shown(str(about.get("alias", ""))), shown(str(about.get("model", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
