"""Giving up the network, every capability and every file, by the kernel's own means.

Everything here is for good: nothing that the process loads later can take it back. It has to run
while the process has one thread, because a user namespace cannot be entered with more
(unshare(2)), and numerical libraries start threads when they are imported.
"""

import array
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
from enum import StrEnum
from pathlib import Path

_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CAP_VERSION_3 = 0x2008_0522
_CAP_DAC_OVERRIDE = 1 << 1
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_IFREQ = struct.Struct("16sh22x")
"""struct ifreq of netdevice(7) with its flags."""


class Isolation(StrEnum):
    """How the process is kept from the network."""

    NETWORK_NAMESPACE = "network_namespace"
    USER_NAMESPACE = "user_namespace"
    """As an ordinary user, a network namespace needs a user namespace around it."""
    GIVEN = "given"
    """Whoever started the process had taken the network away before."""
    NONE = "none"
    """The kernel refused, and there is a network."""


def isolate(*, loopback: bool) -> Isolation:
    """Leave the network; with `loopback`, 127.0.0.1 works among this process's own sockets.

    Raises RuntimeError when the process has threads already.
    """
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise RuntimeError("isolate() must run before any thread starts")
    how = _leave_network()
    if loopback and how is not Isolation.NONE:
        _bring_up_loopback()
    return how


def confine(parent: int) -> None:
    """Give up capabilities, files and core dumps, and die with the parent process.

    No regular file can be written any more, so neither picture nor sound can reach a disk.
    """
    if os.geteuid() == 0:
        # Sound servers and devices of other users stay reachable, as root expects.
        _keep_capabilities(_CAP_DAC_OVERRIDE)
    else:
        _keep_capabilities(0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if os.getppid() != parent:
        raise SystemExit("the hub ended while the sensing process was starting")


def networks() -> tuple[str, ...]:
    """Return the network interfaces that are up, without loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return tuple(
            name
            for _, name in socket.if_nameindex()
            if name != "lo" and _flags(probe, name) & _IFF_UP
        )


_libc = ctypes.CDLL(None, use_errno=True)


def _leave_network() -> Isolation:
    if os.geteuid() == 0 and _unshare(_CLONE_NEWNET):
        return Isolation.NETWORK_NAMESPACE
    uid, gid = os.geteuid(), os.getegid()
    if _unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        # Same ids inside and outside, so that devices and the sound server know who asks;
        # supplementary groups such as `video` and `audio` stay with the process as they are.
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
        return Isolation.USER_NAMESPACE
    return Isolation.NONE if networks() else Isolation.GIVEN


def _unshare(flags: int) -> bool:
    return bool(_libc.unshare(ctypes.c_int(flags)) == 0)


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        flags = _flags(probe, "lo") | _IFF_UP
        fcntl.ioctl(probe, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", flags))


def _flags(probe: socket.socket, name: str) -> int:
    answer = fcntl.ioctl(probe, _SIOCGIFFLAGS, _IFREQ.pack(name.encode(), 0))
    return int(_IFREQ.unpack(answer)[1])


def _keep_capabilities(kept: int) -> None:
    """Drop all but `kept` (capset(2)); without CAP_SYS_ADMIN there is no way back by setns(2)."""
    header = array.array("I", [_CAP_VERSION_3, 0])
    low, high = kept & 0xFFFF_FFFF, kept >> 32
    sets = array.array("I", [low, low, 0, high, high, 0])
    _check(_libc.capset(_address(header), _address(sets)), "capset")


def _address(values: "array.array[int]") -> ctypes.c_void_p:
    return ctypes.c_void_p(values.buffer_info()[0])


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), f"prctl({option})")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
