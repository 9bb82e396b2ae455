"""Sound to voice readings: a queue of three seconds, and what the hearing thread does."""

import threading
import time
from collections import deque
from collections.abc import Sequence

import numpy as np

from drivers.media import SAMPLE_RATE_HZ, AudioBlock
from hub.sense.durations import Durations
from hub.sense.messages_from_sense import Voice
from hub.sense.messages_to_sense import MicrophoneSetup
from hub.sense.outbox import Outbox
from hub.sense.wire_reading import WireReading
from hub.sense.words import WordListener
from models.catalog import load_catalog
from models.types import Sense
from models.voice import Listener, VoicePipeline
from models.voice_choice import Licence, Wanted, choose_voice

RING_S = 3.0
_QUIET_DB = -200.0
_LOUD_DB = 20.0


class Hearing:
    """The voice part of the sensing process (a Part for Worker).

    `offer` is for the microphones' threads. When three seconds of sound wait, the oldest go.
    """

    sense = Sense.VOICE

    def __init__(
        self,
        microphones: Sequence[MicrophoneSetup],
        threads: int,
        licence: Licence,
        voice: Wanted,
        outbox: Outbox,
        *,
        words: WordListener | None = None,
    ) -> None:
        self._sources = tuple(microphone.source for microphone in microphones)
        self._threads = threads
        self._licence, self._wanted = licence, voice
        self._outbox = outbox
        self.words = words
        self._pipelines: dict[str, VoicePipeline] = {}
        self._waiting: deque[AudioBlock] = deque()
        self._waiting_s = 0.0
        self._changed = threading.Condition()
        self.dropped = 0
        self.durations = Durations()
        self._heard_until = 0.0

    @property
    def windows(self) -> int:
        """How many voiced windows were read."""
        return sum(pipeline.windows for pipeline in self._pipelines.values())

    def offer(self, block: AudioBlock) -> None:
        """Queue a block; never blocks."""
        with self._changed:
            self._waiting.append(block)
            self._waiting_s += _length_s(block)
            while self._waiting_s > RING_S * len(self._sources):
                self._waiting_s -= _length_s(self._waiting.popleft())
                self.dropped += 1
            self._changed.notify()

    def forget(self, source: str) -> None:
        """Throw away the sound that waits, and have the last seconds forgotten that were heard."""
        with self._changed:
            self._waiting = deque(block for block in self._waiting if block.source != source)
            # An empty block at an impossible time is a gap, after which a pipeline starts over.
            self._waiting.append(AudioBlock(source, np.zeros(0, np.float32), 0.0, 0.0))
            self._waiting_s = sum(_length_s(block) for block in self._waiting)
            self._changed.notify()

    def load(self) -> tuple[str, ...]:
        """Load one set of nets for each microphone: streams must not mix."""
        catalog = load_catalog()
        model = choose_voice(catalog, self._wanted, self._licence)
        for source in self._sources:
            self._pipelines[source] = VoicePipeline(
                catalog, self._threads, model, self._listener(source)
            )
        return (model,)

    def take(self, timeout_s: float) -> AudioBlock | None:
        """Return the oldest block."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout_s)
            if not self._waiting:
                return None
            block = self._waiting.popleft()
            self._waiting_s -= _length_s(block)
            return block

    def handle(self, block: AudioBlock) -> None:
        """Hear a block; now and then it completes a window with a voice in it."""
        if block.samples.size and not self._outbox.allowed(block.source):
            return
        if not block.samples.size and self.words:
            self.words.forget(block.source)
        started = time.perf_counter()
        self._heard_until = block.monotonic_s
        heard = self._pipelines[block.source](block.samples, block.monotonic_s)
        if heard is None:
            return
        self.durations.add(time.perf_counter() - started)
        self._outbox.reading(
            Voice(
                source=block.source,
                at=block.monotonic_s,
                speech=heard.speech,
                level_db=min(max(heard.level_db, _QUIET_DB), _LOUD_DB),
                reading=WireReading.of(heard.reading),
            )
        )

    def _listener(self, source: str) -> Listener | None:
        words = self.words
        if words is None:
            return None
        return lambda block, voiced: words.hear(source, block, voiced, self._heard_until)


def _length_s(block: AudioBlock) -> float:
    return block.samples.size / SAMPLE_RATE_HZ
