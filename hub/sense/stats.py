"""What the sensing process has done, summed over all its lives."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.sense.isolate import Isolation
from hub.sense.message_fields import Queue
from hub.sense.messages_from_sense import Loaded, Spread, Stats, WordsStats
from models.types import Sense


@dataclass(frozen=True, slots=True)
class SenseStats:
    """Counters since the hub started; durations and memory of the process that runs now.

    `drops` counts what full queues lost (`frames` that a newer one replaced, `audio` blocks,
    `texts`, `messages`), and `late`: readings that came for a source just switched off.
    """

    frames: int = 0
    faces: int = 0
    voice_windows: int = 0
    texts: int = 0
    utterances: int = 0
    """Of those, `utterances_read` had words that were understood."""
    utterances_read: int = 0
    errors: int = 0
    drops: Mapping[str, int] = field(default_factory=dict)
    violations: int = 0
    deaths: int = 0
    face_ms: tuple[float, float] | None = None
    """Median and 95th percentile of a frame with faces sought in it."""
    voice_ms: tuple[float, float] | None = None
    text_ms: tuple[float, float] | None = None
    rss_mb: float | None = None
    cpu_s: float | None = None
    words: WordsStats | None = None
    """The process that reads spoken words, apart from the above; None when that is off."""
    pid: int | None = None
    isolation: Isolation | None = None
    models: Mapping[Sense, tuple[str, ...]] = field(default_factory=dict)
    load_ms: Mapping[Sense, float] = field(default_factory=dict)
    ready_after_s: float | None = None
    """From the start of the process until every model was loaded."""


class Tally:
    """Adds up the Stats of successive processes, each of which counts from 0."""

    def __init__(self) -> None:
        self._ended: Counter[str] = Counter()
        self._drops_ended: Counter[str] = Counter()
        self._last: Stats | None = None
        self._pid: int | None = None
        self._isolation: Isolation | None = None
        self._loaded: tuple[Loaded, ...] = ()
        self._ready_after_s: float | None = None
        self.violations = 0
        self.deaths = 0
        self.late = 0
        self._texts_dropped = 0

    def text_dropped(self) -> None:
        """Note a text that was refused here because too many were on their way."""
        self._texts_dropped += 1

    def hello(self, pid: int, isolation: Isolation) -> None:
        """Note a new process."""
        self._pid, self._isolation = pid, isolation

    def ready(self, loaded: tuple[Loaded, ...], after_s: float) -> None:
        """Note what it has loaded."""
        self._loaded, self._ready_after_s = loaded, after_s

    def update(self, stats: Stats) -> None:
        """Take the process's newest counters."""
        self._last = stats

    def ended(self) -> None:
        """Note that the process has ended: what it counted last stays in the sums."""
        if self._last is not None:
            self._ended.update(_counts(self._last))
            self._drops_ended.update(_drops(self._last))
        self._last = self._pid = self._isolation = self._ready_after_s = None
        self._loaded = ()

    def result(self) -> SenseStats:
        """Return the sums as they stand."""
        last = self._last
        counts = self._ended + (_counts(last) if last else Counter())
        drops = self._drops_ended + (_drops(last) if last else Counter())
        drops[Queue.TEXTS.value] += self._texts_dropped
        return SenseStats(
            **{name: counts[name] for name in _COUNTED},
            drops={queue.value: drops[queue.value] for queue in Queue} | {"late": self.late},
            violations=self.violations,
            deaths=self.deaths,
            face_ms=_pair(last.face_ms) if last else None,
            voice_ms=_pair(last.voice_ms) if last else None,
            text_ms=_pair(last.text_ms) if last else None,
            rss_mb=last.rss_mb if last else None,
            cpu_s=last.cpu_s if last else None,
            words=last.words if last else None,
            pid=self._pid,
            isolation=self._isolation,
            models={one.sense: one.models for one in self._loaded},
            load_ms={one.sense: one.took_ms for one in self._loaded},
            ready_after_s=self._ready_after_s,
        )


_COUNTED = (
    "frames", "faces", "voice_windows", "texts", "utterances", "utterances_read", "errors"
)  # fmt: skip


def _counts(stats: Stats) -> Counter[str]:
    words = stats.words
    return Counter(
        frames=stats.frames,
        faces=stats.faces,
        voice_windows=stats.voice_windows,
        texts=stats.texts,
        utterances=words.utterances if words else 0,
        utterances_read=words.read if words else 0,
        errors=stats.errors + (words.errors if words else 0),
    )


def _drops(stats: Stats) -> Counter[str]:
    words = {Queue.WORDS.value: stats.words.dropped} if stats.words else {}
    return Counter({queue.value: count for queue, count in stats.drops.items()} | words)


def _pair(spread: Spread | None) -> tuple[float, float] | None:
    return (spread.p50, spread.p95) if spread else None
