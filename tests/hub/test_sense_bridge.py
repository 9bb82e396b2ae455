"""The bridge against real sockets: a camera that echoes stands for any TCP camera."""

import asyncio
import queue
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import pytest

from hub.sense.bridge import Bridge, network_address
from hub.sense.connector import connect
from hub.sense.messages_from_sense import ConnectRequest


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("rtsp://cam.local/stream", ("cam.local", 554)),
        ("rtsp://user:p%40ss@192.0.2.7:8554/stream", ("192.0.2.7", 8554)),
        ("http://192.0.2.7/video.mjpg", ("192.0.2.7", 80)),
        ("http://[2001:db8::7]:8080/", ("2001:db8::7", 8080)),
        ("file:///tmp/clip.mp4", None),
        ("clip.mp4", None),
        ("demo:", None),
        ("/dev/video0", None),
        (0, None),
    ],
)
def test_only_network_cameras_have_an_address(
    url: str | int, address: tuple[str, int] | None
) -> None:
    assert network_address(url) == address


class Camera:
    """Echoes what it gets, on a loopback port; `connections` counts."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.connections = 0
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            with client:
                while data := client.recv(65_536):
                    client.sendall(data)

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join(5)


@pytest.fixture
def camera() -> Iterator[Camera]:
    made = Camera()
    yield made
    made.close()


class Rig:
    """A bridge whose requests a test answers."""

    def __init__(self, url: str) -> None:
        self.requests: queue.SimpleQueue[ConnectRequest] = queue.SimpleQueue()
        self.bridge = Bridge("camera:c", url, self.requests.put)
        self.bridge.start()
        self.port = urlsplit(self.bridge.url).port

    def open(self) -> socket.socket:
        """Connect as FFmpeg does."""
        return socket.create_connection(("127.0.0.1", self.port), 3)


@pytest.fixture
def rig(camera: Camera) -> Iterator[Rig]:
    made = Rig(f"rtsp://user:secret@127.0.0.1:{camera.port}/cam?x=1")
    yield made
    made.bridge.close()


def receive(sock: socket.socket, size: int) -> bytes:
    sock.settimeout(5)
    data = b""
    while len(data) < size:
        more = sock.recv(65_536)
        assert more, "closed too early"
        data += more
    return data


def test_the_url_keeps_user_path_and_query_and_points_to_loopback(rig: Rig) -> None:
    assert rig.bridge.url == f"rtsp://user:secret@127.0.0.1:{rig.port}/cam?x=1"


def test_every_byte_goes_both_ways_and_a_second_connection_is_asked_for_anew(
    rig: Rig, camera: Camera
) -> None:
    for round_ in range(2):
        with rig.open() as client:
            assert rig.requests.get(timeout=15).source == "camera:c"
            rig.bridge.answer(socket.create_connection(("127.0.0.1", camera.port), 3))
            data = bytes(range(256)) * 4000
            sender = threading.Thread(target=client.sendall, args=(data,))
            sender.start()
            assert receive(client, len(data)) == data
            sender.join(5)
        assert camera.connections == round_ + 1


def test_an_unreachable_camera_closes_the_connection_and_the_next_try_is_served(
    rig: Rig, camera: Camera
) -> None:
    with rig.open() as client:
        rig.requests.get(timeout=15)
        rig.bridge.answer(None)
        client.settimeout(3)
        assert client.recv(1) == b""
    with rig.open() as client:
        rig.requests.get(timeout=15)
        rig.bridge.answer(socket.create_connection(("127.0.0.1", camera.port), 3))
        client.sendall(b"hello")
        assert receive(client, 5) == b"hello"


def test_closing_ends_a_running_stream_and_a_waiting_one_at_once(camera: Camera) -> None:
    for answered in (True, False):
        rig = Rig(f"http://127.0.0.1:{camera.port}/")
        with rig.open() as client:
            rig.requests.get(timeout=15)
            if answered:
                rig.bridge.answer(socket.create_connection(("127.0.0.1", camera.port), 3))
                client.sendall(b"x")
                assert receive(client, 1) == b"x"
            began = time.monotonic()
            rig.bridge.close()
            assert time.monotonic() - began < 8
            client.settimeout(3)
            assert client.recv(1) == b""


@pytest.fixture
async def no_resolver_left() -> AsyncIterator[None]:
    """End the threads in which the loop looks names up."""
    yield
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_connect_gives_a_connected_socket(camera: Camera) -> None:
    with await connect("127.0.0.1", camera.port) as sock:
        assert sock.getpeername() == ("127.0.0.1", camera.port)
    await asyncio.sleep(0.05)
    assert camera.connections == 1


@pytest.mark.usefixtures("no_resolver_left")
async def test_connect_fails_with_an_os_error_when_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            await connect("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(OSError):
        await connect("no-such-camera.invalid", 554)


async def test_connect_gives_up_on_a_camera_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.sense.connector.CONNECT_LIMIT_S", 0.3)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        with socket.create_connection(address, 1):  # the backlog is full now
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await connect(*address)
            assert time.monotonic() - began < 8
