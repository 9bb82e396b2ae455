"""Typed text to readings: a queue of 32, and what the text thread does."""

import queue
import time

from hub.sense.durations import Durations
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import TextRefusal, TextResult
from hub.sense.messages_to_sense import Text
from hub.sense.outbox import Outbox
from hub.sense.sources import TEXT
from hub.sense.wire_reading import WireReading
from models.catalog import load_catalog
from models.text import TextPipeline
from models.text_emotion import MODEL_ID
from models.text_types import TextError
from models.types import Sense

MAX_WAITING = 32


class TextReader:
    """The text part of the sensing process (a Part for Worker). Each text is answered once."""

    sense = Sense.TEXT

    def __init__(self, threads: int, outbox: Outbox) -> None:
        self._threads = threads
        self._outbox = outbox
        self._waiting: queue.Queue[Text] = queue.Queue(MAX_WAITING)
        self._pipeline: TextPipeline | None = None
        self.texts = self.dropped = 0
        self.durations = Durations()

    def offer(self, text: Text) -> None:
        """Queue a text, or refuse it when too many wait; never blocks."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self.dropped += 1
            self._outbox.tell(TextRefusal(id=text.id, reason=Reason.BUSY))

    def load(self) -> tuple[str, ...]:
        """Load the net."""
        self._pipeline = TextPipeline(load_catalog(), self._threads)
        return (MODEL_ID,)

    def take(self, timeout_s: float) -> Text | None:
        """Return the oldest text."""
        try:
            return self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def handle(self, text: Text) -> None:
        """Read a text and answer."""
        answer: TextResult | TextRefusal = TextRefusal(id=text.id, reason=Reason.INTERNAL)
        try:
            answer = self._read(text)
        finally:
            self._outbox.tell(answer)

    def _read(self, text: Text) -> TextResult | TextRefusal:
        assert self._pipeline is not None
        if not self._outbox.allowed(TEXT):
            return TextRefusal(id=text.id, reason=Reason.NOT_ALLOWED)
        started = time.perf_counter()
        try:
            reading = self._pipeline(text.text).reading
        except TextError:
            return TextRefusal(id=text.id, reason=Reason.BROKEN)
        self.durations.add(time.perf_counter() - started)
        self.texts += 1
        return TextResult(id=text.id, reading=WireReading.of(reading))
