import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from hub.clock import SystemClock
from hub.control import MAX_LINE_BYTES, ControlServer
from hub.control_client import ControlClient
from hub.errors import HubError, NotRunning, Refusal
from hub.supervisor import Stage, State, Supervisor


class _Number(BaseModel):
    n: int


async def double(data: dict[str, Any]) -> dict[str, Any]:
    return {"n": 2 * _Number.model_validate(data).n}


async def refuse(_data: dict[str, Any]) -> dict[str, Any]:
    raise Refusal("closed", "it is closed", "open it")


async def trouble(_data: dict[str, Any]) -> dict[str, Any]:
    raise HubError("known trouble")


async def bug(_data: dict[str, Any]) -> dict[str, Any]:
    raise LookupError("unknown trouble with a secret in it")


async def slowly(data: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    for step in range(data["steps"]):
        tell(f"step {step}")
        await asyncio.sleep(0)
    return {"steps": data["steps"]}


HANDLERS = {"double": double, "refuse": refuse, "trouble": trouble, "bug": bug}


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    # Deeper than the 108 bytes that a socket address holds.
    folder = tmp_path / ("x" * 60) / ("y" * 60)
    folder.mkdir(parents=True)
    supervisor = Supervisor(SystemClock())
    service = supervisor.add(
        "control", ControlServer(folder / "c.sock", HANDLERS, {"slowly": slowly}).run, Stage.API
    )
    while service.state is not State.RUNNING:
        await asyncio.sleep(0.01)
    yield folder / "c.sock"
    assert await supervisor.stop() == ()
    assert not (folder / "c.sock").exists()


def ask(path: Path, what: str, **parameters: Any) -> dict[str, Any]:
    with closing(ControlClient(path, 5)) as client:
        return client.call(what, **parameters)


async def test_questions_are_answered_over_one_connection(path: Path) -> None:
    def twice() -> list[int]:
        with closing(ControlClient(path, 5)) as client:
            return [client.call("double", n=n)["n"] for n in (1, 2)]

    assert await asyncio.to_thread(twice) == [2, 4]


async def test_what_takes_long_tells_how_it_goes(path: Path) -> None:
    told: list[str] = []

    def call(steps: int, progress: Callable[[str], None] | None) -> dict[str, Any]:
        with closing(ControlClient(path, 5)) as client:
            return client.call("slowly", progress, steps=steps)

    assert await asyncio.to_thread(call, 3, told.append) == {"steps": 3}
    assert told == ["step 0", "step 1", "step 2"]
    assert await asyncio.to_thread(call, 5_000, None) == {"steps": 5_000}


async def test_the_socket_is_the_owners_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("what", "parameters", "code", "message"),
    [
        ("refuse", {}, "closed", "it is closed"),
        ("trouble", {}, "HubError", "known trouble"),
        ("bug", {}, "internal", "LookupError in the hub"),
        ("double", {"n": "x"}, "bad_request", "n: Input should be a valid integer"),
        ("nothing", {}, "bad_request", "not a known request"),
    ],
)
async def test_what_goes_wrong_is_said_and_the_next_question_works(
    path: Path, what: str, parameters: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        await asyncio.to_thread(ask, path, what, **parameters)
    assert caught.value.code == code
    assert (await asyncio.to_thread(ask, path, "double", n=3))["n"] == 6


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"null", b'{"do": []}', b'{"do": {}}', b"\xff\xfe", b"[" * 100_000]
)
async def test_garbage_gets_an_error_and_harms_nobody(path: Path, line: bytes) -> None:
    def send() -> dict[str, Any]:
        with closing(ControlClient(path, 5)) as client:
            client._sock.sendall(line + b"\n")
            answer: dict[str, Any] = json.loads(client._lines.readline())
            return answer

    assert (await asyncio.to_thread(send))["error"] == "bad_request"
    assert (await asyncio.to_thread(ask, path, "double", n=1))["n"] == 2


async def test_a_line_without_end_closes_that_client_only(path: Path) -> None:
    def send() -> bytes:
        with closing(ControlClient(path, 5)) as client:
            try:
                client._sock.sendall(b"x" * (2 * MAX_LINE_BYTES))
                return client._lines.readline()
            except ConnectionError:
                return b""

    assert await asyncio.to_thread(send) == b""
    assert (await asyncio.to_thread(ask, path, "double", n=1))["n"] == 2


async def test_more_clients_than_are_served_are_closed(path: Path) -> None:
    def crowd() -> int:
        clients = [ControlClient(path, 5) for _ in range(20)]
        answered = 0
        for client in clients:
            try:
                answered += client.call("double", n=1)["n"] == 2
            except NotRunning:
                pass
            finally:
                pass
        for client in clients:
            client.close()
        return answered

    assert await asyncio.to_thread(crowd) == 16
    await asyncio.sleep(0.1)
    assert (await asyncio.to_thread(ask, path, "double", n=1))["n"] == 2


def test_without_a_hub_the_client_says_how_to_start_one(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path / "gone" / "none"):
        with pytest.raises(NotRunning, match="moodsync run"):
            ControlClient(path)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with pytest.raises(NotRunning):
        ControlClient(tmp_path / "dead")


def test_a_hub_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with closing(ControlClient(tmp_path / "s", 0.2)) as client:
            with pytest.raises(NotRunning, match="does not answer in time"):
                client.call("double", n=1)
