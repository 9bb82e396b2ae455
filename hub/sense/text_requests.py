"""Texts on their way through the sensing process, and the answers that they wait for."""

import asyncio
from collections.abc import Callable

from hub.errors import ConsentRequired, TextRefused
from hub.phrase import Phrase
from hub.sense.message_fields import Reason
from hub.sense.messages_to_sense import Text
from hub.sense.wire_reading import WireReading

MAX_IN_FLIGHT = 48
"""More than wait in the sensing process, whose own queue is the one to fill."""


class TextRequests:
    """Every text is answered once: with a reading, or with why there is none.

    `on_drop` is called for each that is refused because too many wait.
    """

    def __init__(self, on_drop: Callable[[], None]) -> None:
        self._on_drop = on_drop
        self._waiting: dict[int, asyncio.Future[WireReading]] = {}
        self._last = 0

    async def ask(self, text: str, send: Callable[[Text], None]) -> WireReading:
        """Send a text and wait for its answer; the caller sets the limit.

        Raises what `fail` and `refuse` were given, TextRefused when too many wait.
        """
        if len(self._waiting) >= MAX_IN_FLIGHT:
            self._on_drop()
            raise _refusal(Reason.BUSY)
        self._last += 1
        number = self._last
        answer: asyncio.Future[WireReading] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            send(Text(id=number, text=text))
            return await answer
        finally:
            del self._waiting[number]

    def answer(self, number: int, reading: WireReading) -> None:
        """Give a text its reading; it may have been given up meanwhile."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(reading)

    def refuse(self, number: int, reason: Reason) -> None:
        """Say why a text was not read."""
        self.fail(number, _refusal(reason))

    def fail(self, number: int, err: Exception) -> None:
        """End one text's wait with an error."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_exception(err)

    def fail_all(self, err: Exception) -> None:
        """End every wait with an error."""
        for number in tuple(self._waiting):
            self.fail(number, err)


def _refusal(reason: Reason) -> Exception:
    match reason:
        case Reason.BUSY:
            return TextRefused(Phrase("refused.too_many_texts"))
        case Reason.NOT_ALLOWED:
            return ConsentRequired(Phrase("refused.text_off"))
        case Reason.NO_WEIGHTS:
            return TextRefused(Phrase("refused.text_model_missing"))
        case _:
            return TextRefused(Phrase("refused.text_unreadable"))
