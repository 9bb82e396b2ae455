"""What isolate() and confine() take away, proven inside processes that have called them.

Root keeps the machine's users and leaves the network alone; anybody else needs a user namespace
for that. Both are tried when the tests run as root.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.sense.isolate import Isolation

AS_WHOM = ["root", "nobody"] if os.geteuid() == 0 else ["me"]

BEGIN = """
import ctypes, encodings.idna, json, os, socket, sys
from hub.sense import isolate as module
from hub.sense.isolate import confine, isolate, networks
if sys.argv[1] == "nobody":
    os.setgroups([44]); os.setgid(65534); os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as after a start as this user
before = os.readlink("/proc/self/ns/net")
how = isolate(loopback=sys.argv[2] == "loopback")
after = os.readlink("/proc/self/ns/net")
def fails(call, *args):
    try:
        call(*args)
    except OSError as err:
        return err.strerror or type(err).__name__
    return ""
"""


def isolated(body: str, whom: str, *, loopback: bool = False, port: int = 0) -> dict[str, Any]:
    """Run `body` after isolate() in a process of its own; it prints one JSON object."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + body, whom, "loopback" if loopback else "-", str(port)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _reachable(folder: Path) -> None:
    """Let other users in; pytest keeps its folders to itself."""
    mine = Path(tempfile.gettempdir())
    for one in (folder, *folder.parents):
        if one == mine:
            break
        one.chmod(0o755)


@pytest.fixture
def listener() -> Iterator[int]:
    """A port on this machine's loopback that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("whom", AS_WHOM)
@pytest.mark.parametrize("loopback", [False, True])
def test_nothing_outside_can_be_reached(whom: str, loopback: bool, listener: int) -> None:
    with socket.create_connection(("127.0.0.1", listener)):
        pass  # it can be reached from here
    found = isolated(
        """
def tcp(address):
    with socket.socket() as sock:
        sock.settimeout(3)
        sock.connect(address)
def udp(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", address)
def six(address):
    with socket.socket(socket.AF_INET6) as sock:
        sock.connect(address)
print(json.dumps({
    "how": how, "moved": before != after, "networks": networks(),
    "loopback": fails(tcp, ("127.0.0.1", int(sys.argv[3]))),
    "tcp": fails(tcp, ("192.0.2.1", 80)), "udp": fails(udp, ("192.0.2.1", 53)),
    "six": fails(six, ("2001:db8::1", 80)),
}))""",
        whom,
        loopback=loopback,
        port=listener,
    )
    expected = Isolation.NETWORK_NAMESPACE if whom == "root" else Isolation.USER_NAMESPACE
    assert found.pop("how") == expected
    assert found.pop("moved") is True
    assert found.pop("networks") == []
    assert all(found.values()), f"reached: {found}"


@pytest.mark.parametrize("whom", AS_WHOM)
def test_loopback_works_inside_when_asked_for_and_not_otherwise(whom: str) -> None:
    body = """
def meet():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 3).close()
print(json.dumps({"failure": fails(meet)}))"""
    assert isolated(body, whom, loopback=True) == {"failure": ""}
    assert isolated(body, whom, loopback=False)["failure"]


@pytest.mark.parametrize("whom", AS_WHOM)
def test_there_is_no_way_back_and_no_file_can_be_written(whom: str, tmp_path: Path) -> None:
    _reachable(tmp_path)
    tmp_path.chmod(0o777)
    found = isolated(
        f"""
confine(os.getppid())
def into(pid):
    with open(f"/proc/{{pid}}/ns/net") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def unshare():
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def write():
    with open("{tmp_path}/picture", "wb") as file:
        file.write(b"pixels")
def write_nothing():
    with open("/dev/null", "wb") as file:
        file.write(b"pixels")
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
import resource
print(json.dumps({{
    "back": fails(into, os.getppid()), "to_init": fails(into, 1), "unshare": fails(unshare),
    "write": fails(write), "dev_null": fails(write_nothing),
    "capabilities": int(status["CapEff"], 16) | int(status["CapPrm"], 16),
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "uid": os.getuid(),
}}))""",
        whom,
    )
    assert found["back"]
    assert found["to_init"]
    assert found["unshare"]
    assert found["write"] == "File too large"
    assert found["dev_null"] == ""
    assert found["capabilities"] == (0b10 if whom == "root" else 0)  # CAP_DAC_OVERRIDE alone
    assert found["no_new_privileges"] == "1"
    assert found["core"] == [0, 0]
    assert found["dumpable"] == 0
    assert found["uid"] == {"root": 0, "nobody": 65534, "me": os.getuid()}[whom]
    written = tmp_path / "picture"
    assert not written.exists() or written.stat().st_size == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand out groups")
def test_devices_of_a_supplementary_group_stay_open_to_an_ordinary_user(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.write_text("a device")
    os.chown(device, 0, 44)
    device.chmod(0o660)
    _reachable(tmp_path)
    found = isolated(
        f"confine(os.getppid())\nprint(json.dumps({{'read': open('{device}').read()}}))", "nobody"
    )
    assert found == {"read": "a device"}


def test_unix_sockets_by_path_still_connect_as_the_same_user(tmp_path: Path) -> None:
    path = tmp_path / "pulse"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        found = isolated(
            f"""
confine(os.getppid())
sock = socket.socket(socket.AF_UNIX); sock.connect("{path}")
print(json.dumps({{"peer": sock.getpeername()}}))""",
            AS_WHOM[0],
        )
        peer, _ = server.accept()
        with peer:
            credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    assert found == {"peer": str(path)}
    assert int.from_bytes(credentials[4:8], sys.byteorder) == os.geteuid()


def test_isolating_with_threads_is_refused() -> None:
    code = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
from hub.sense.isolate import isolate
isolate(loopback=False)"""
    assert "before any thread" in _complaint(code)


def test_a_process_whose_parent_is_gone_does_not_start() -> None:
    assert "the hub ended" in _complaint("from hub.sense.isolate import confine; confine(1)")


def _complaint(code: str) -> str:
    """What Python prints when this code fails."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode != 0
    return done.stderr
