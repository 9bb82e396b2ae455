"""Ends the connections of this process to one address, to wake a thread that waits on them.

FFmpeg cannot be asked from outside to give up a blocking read or open: it waits for its own
time-out. Shutting down its socket makes the call return at once, and closes no descriptor behind
FFmpeg's back.
"""

import ipaddress
import os
import socket
from pathlib import Path


def cut_connections(host: str, port: int) -> int:
    """Shut down every TCP socket of this process that is connected to host:port.

    `host` is a literal address or `localhost`; for any other name nothing is done, since looking
    it up could block. Returns how many were cut.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return 0
    cut = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if not str(entry.readlink()).startswith("socket:"):
                continue
            # A duplicate cannot be closed and reused by others between the look and the cut.
            peer = socket.socket(fileno=os.dup(int(entry.name)))
        except OSError:
            continue
        with peer:
            cut += _cut_if(peer, str(address), port)
    return cut


def _cut_if(peer: socket.socket, address: str, port: int) -> bool:
    if peer.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    try:
        if peer.getpeername()[:2] != (address, port):
            return False
        peer.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False
    return True
