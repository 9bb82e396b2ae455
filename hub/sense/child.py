"""The sensing process as the hub's child: how it is started, spoken to and ended."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator

import structlog

from hub.sense.framing import FROM_SENSE_LIMIT, FrameBuffer

log = structlog.get_logger(__name__)

PROGRAM = (sys.executable, "-P", "-X", "faulthandler", "-m", "hub.sense.process")
SEND_LIMIT_S = 1.0
END_LIMIT_S = 2.0
_TAIL_BYTES = 4096
_ADDRESS = re.compile(r"(?<=://)\S+")

# The hub's environment may hold secrets that are none of the sensing process's business.
_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LANG|LC_\w+|TMPDIR|TZ|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHONPATH|PYTHONHOME|"
    r"XDG_RUNTIME_DIR|ALSA_\w+|PULSE_\w+|PIPEWIRE_\w+|MOODSYNC_WEIGHTS"
)
_ALWAYS = {
    # glibc would keep an arena for each thread and, after the first large buffers were freed,
    # take all others from the heap, where small ones pin them: 50 MB in all.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "OMP_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Child:
    """A running sensing process and the hub's end of its socket; one task at a time receives."""

    def __init__(self, process: asyncio.subprocess.Process, sock: socket.socket) -> None:
        self._process = process
        self._handle = os.pidfd_open(process.pid)
        self._sock = sock
        self._buffer = FrameBuffer(FROM_SENSE_LIMIT)
        self._sending = asyncio.Lock()
        self._tail = bytearray()

    @classmethod
    async def spawn(cls, *, loopback: bool) -> "Child":
        """Start it; raises OSError. With `loopback`, 127.0.0.1 works inside it."""
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            arguments = [f"--fd={theirs.fileno()}", f"--parent={os.getpid()}"]
            if loopback:
                arguments.append("--loopback")
            try:
                process = await asyncio.create_subprocess_exec(
                    *PROGRAM,
                    *arguments,
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    env=_environment(),
                )
            except BaseException:
                ours.close()
                raise
        return cls(process, ours)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def receive(self) -> AsyncIterator[bytes]:
        """Yield the bodies of frames until the process has closed; may raise SchemaViolation."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionResetError):
            while data := await loop.sock_recv(self._sock, 65_536):
                for body in self._buffer.feed(data):
                    yield body

    async def send(self, frame: bytes, descriptor: int | None = None) -> None:
        """Send a frame, with a descriptor if given; raises OSError (TimeoutError after 1 s)."""
        async with asyncio.timeout(SEND_LIMIT_S), self._sending:
            sent = 0
            while descriptor is not None and not sent:
                try:
                    sent = socket.send_fds(self._sock, [frame], [descriptor])
                except BlockingIOError:
                    await asyncio.sleep(0.01)
            await asyncio.get_running_loop().sock_sendall(self._sock, frame[sent:])

    async def read_errors(self) -> None:
        """Keep the end of what the process prints, and log it when details are wanted.

        Native libraries print addresses of cameras with their passwords: those are taken out.
        """
        stderr = self._process.stderr
        assert stderr is not None
        while data := await stderr.read(_TAIL_BYTES):
            self._tail = (self._tail + data)[-_TAIL_BYTES:]
            log.debug("sense_stderr", lines=_clean(data))

    def last_words(self) -> str:
        """Return the end of what the process printed."""
        return _clean(self._tail)

    def kill(self) -> None:
        """End the process at once; its devices close with it."""
        # Not Process.kill(): it may collect the exit status that asyncio itself waits for.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    async def ended(self) -> int | None:
        """Wait for the end, kill after 2 s; return the status, None if it hangs in a driver."""
        try:
            if not await self._ends():
                log.error("sense_process_late", pid=self.pid, limit_s=END_LIMIT_S)
                self.kill()
                await self._ends()
            return self._process.returncode
        finally:
            self.kill()
            self._sock.close()
            os.close(self._handle)

    async def _ends(self) -> bool:
        try:
            async with asyncio.timeout(END_LIMIT_S):
                await self.read_errors()
                await self._process.wait()
        except TimeoutError:
            return False
        return True


def _environment() -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    return passed | _ALWAYS


def _clean(data: bytes | bytearray) -> str:
    return _ADDRESS.sub("...", data.decode(errors="replace")).strip()
