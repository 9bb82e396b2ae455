"""A coordinator and its nodes in a thread of their own, so that a test's loop is not theirs."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.fakes.process import free_port
from tests.fakes.znp.air import Air
from tests.fakes.znp.memory import Memory, new_memory
from tests.fakes.znp.node import Node
from tests.fakes.znp.stick import Stick

T = TypeVar("T")
LIMIT_S = 5.0
STICK_IEEE = 0x00124B00_1CA1E000


@dataclass(frozen=True)
class Saved:
    memory: Memory
    nodes: dict[int, dict[str, Any]]


class House:
    """`do` runs something in the nodes' thread; everything else is safe from any thread."""

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self.port = free_port()
        self.air = Air()
        self.nodes = list(nodes)
        for node in self.nodes:
            self._enter(node)
        self.stick = Stick(self.air, new_memory(STICK_IEEE))
        self.air.stick = self.stick
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="znp house")
        self._server: asyncio.Server | None = None

    @property
    def path(self) -> str:
        return f"socket://127.0.0.1:{self.port}"

    def do(self, what: Callable[[], T]) -> T:
        """Run it in the nodes' thread and return what it returns."""

        async def run() -> T:
            return what()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(LIMIT_S)

    def add(self, *nodes: Node) -> None:
        def enter() -> None:
            for node in nodes:
                self.nodes.append(node)
                self._enter(node)

        self.do(enter)

    def leave(self) -> None:
        """Pull the stick out."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(LIMIT_S)

    def back(self) -> None:
        """Put the stick, or another, in again."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(LIMIT_S)

    def replace(self, memory: Memory) -> None:
        """Put another stick in its place, out of power until `back`."""
        self.leave()
        self.stick = Stick(self.air, memory)
        self.air.stick = self.stick

    def saved(self) -> "Saved":
        """Return what the stick and its nodes remember."""

        def copy() -> Saved:
            nodes = {node.ieee: node.saved() for node in self.nodes}
            return Saved(deepcopy(self.stick.memory), nodes)

        return self.do(copy)

    def restore(self, saved: "Saved") -> None:
        """Remember what was saved; the nodes have to be the same."""

        def put() -> None:
            self.stick.memory = deepcopy(saved.memory)
            for node in self.nodes:
                node.restore(saved.nodes[node.ieee])

        self.do(put)

    def freeze(self, *, frozen: bool) -> None:
        def set_frozen() -> None:
            self.stick.frozen = frozen

        self.do(set_frozen)

    def __enter__(self) -> Self:
        self._thread.start()
        self.back()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)
        self._loop.close()

    def _enter(self, node: Node) -> None:
        node.air = self.air
        self.air.nodes.append(node)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: self.stick, "127.0.0.1", self.port)

    async def _close(self) -> None:
        self.stick.unplug()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        await asyncio.sleep(0)
