"""Messages to which the device itself answers, and those who wait for it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from drivers.mqtt_client import MqttLink
from drivers.mqtt_finding import Answer
from drivers.mqtt_talk import Message
from drivers.types import DriverError, Unreachable


class Questions:
    """By what an answer is known by. There is one for each command under way, so few."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    async def ask(self, link: MqttLink, message: Message) -> Mapping[str, Any]:
        """Send a message and return the answer. The caller sets the limit. Raises DriverError."""
        answer: asyncio.Future[Mapping[str, Any]]
        answer = asyncio.get_running_loop().create_future()
        self._waiting[message.reply] = answer
        try:
            await link.publish(message.topic, message.payload)
            return await answer
        finally:
            self._waiting.pop(message.reply, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen, also when the publishing itself failed

    def answered(self, reply: str, answer: Answer) -> None:
        """Hand an answer on; one that nobody waits for (any more) is dropped."""
        waiting = self._waiting.get(reply)
        if waiting is None or waiting.done():
            return
        if isinstance(answer, DriverError):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)

    def lost(self) -> None:
        """End all waiting: the connection is gone."""
        for reply in tuple(self._waiting):
            self.answered(reply, Unreachable("the connection to the broker is lost"))
