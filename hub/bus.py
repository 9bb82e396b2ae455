"""Typed fan-out of events inside the hub: bounded queues, newest kept, drops counted."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from hub.types import Event

T = TypeVar("T")


class Subscription(Generic[T]):
    """One subscriber's queue. When it is full the oldest event goes and `dropped` counts it."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.dropped = 0
        self._items: deque[T] = deque(maxlen=size)
        self._ready = asyncio.Event()

    def put(self, event: T) -> None:
        """Add an event; never blocks."""
        if len(self._items) == self._items.maxlen:
            self.dropped += 1
        self._items.append(event)
        self._ready.set()

    def take_all(self) -> list[T]:
        """Return everything that waits, oldest first, without waiting."""
        items = list(self._items)
        self._items.clear()
        self._ready.clear()
        return items

    async def batch(self) -> list[T]:
        """Wait until something is there and return all of it, oldest first."""
        await self._ready.wait()
        return self.take_all()

    async def __aiter__(self) -> AsyncIterator[T]:
        """Yield events one by one, for ever."""
        while True:
            for item in await self.batch():
                yield item


class Bus:
    """Hands each published event to every subscription and handler of its type.

    `subscribe` is for tasks that take their time; `on` calls a handler at once, in order, for the
    short synchronous steps of the control path. A handler must not block; if it raises, the error
    is passed to `on_error` and the other handlers still run.
    """

    def __init__(self, on_error: Callable[[str, Exception], None]) -> None:
        self._subscriptions: dict[type, list[Subscription[Any]]] = {}
        self._handlers: dict[type, list[Callable[[Any], object]]] = {}
        self._on_error = on_error
        self.published = 0

    def subscribe(self, name: str, *kinds: type[T], size: int = 16) -> Subscription[T]:
        """Return a new queue that receives every event of these types."""
        subscription: Subscription[T] = Subscription(name, size)
        for kind in kinds:
            self._subscriptions.setdefault(kind, []).append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription[Any]) -> None:
        """Stop delivering to a queue."""
        for waiting in self._subscriptions.values():
            if subscription in waiting:
                waiting.remove(subscription)

    def on(self, kind: type[T], handler: Callable[[T], object]) -> None:
        """Call `handler` with every event of this type, in the order of registration."""
        self._handlers.setdefault(kind, []).append(handler)

    def publish(self, event: Event) -> None:
        """Deliver an event to all; returns when the handlers have run."""
        self.published += 1
        kind = type(event)
        for handler in self._handlers.get(kind, ()):
            try:
                handler(event)
            except Exception as err:  # noqa: BLE001 - one bad handler must not stop the others
                # A partial or a callable object has no name of its own.
                name = getattr(handler, "__qualname__", None) or repr(handler)
                self._on_error(f"{kind.__name__} -> {name}", err)
        for subscription in self._subscriptions.get(kind, ()):
            subscription.put(event)

    def drops(self) -> dict[str, int]:
        """Return how many events each named subscription has lost; those of one name together."""
        there = {id(one): one for waiting in self._subscriptions.values() for one in waiting}
        counts: dict[str, int] = {}
        for one in there.values():
            counts[one.name] = counts.get(one.name, 0) + one.dropped
        return counts
