"""From straps and bands to readings: one body model for each wearable, only while it is allowed."""

from collections import Counter
from collections.abc import Callable, Mapping

from drivers.types import HeartSample, Sample
from hub.bus import Bus
from hub.clock import Clock
from hub.sense.sources import wearable_id
from hub.settings import Settings, Wearable
from hub.types import PersonId, RoomId, SenseChanged, Sensed, SenseState, SourceId
from models.body import BodyModel
from models.body_baseline import Ordinary
from models.types import Sense

EVERY_S = 1.0
"""Least time between two readings of one wearable."""

FUTURE_S = 1.0
OLDEST_S = 60.0
"""Samples stamped later or earlier than this are refused."""

Known = Mapping[SourceId, Mapping[str, Ordinary]]


class BodySense:
    """Feeds samples to body models and publishes Sensed for the wearer.

    `allowed` answers whether a source may be sensed now; without it nothing is kept. `known` are
    the baselines of an earlier run. `refused` counts samples that were not used, by reason.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        clock: Clock,
        allowed: Callable[[SourceId], bool],
        known: Known | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._allowed = allowed
        self._known = dict(known or {})
        self._wearables: dict[str, tuple[SourceId, Wearable]] = {}
        self._models: dict[SourceId, BodyModel] = {}
        self._read_at: dict[SourceId, float] = {}
        self.refused: Counter[str] = Counter()
        self.reload(settings)

    @property
    def baselines(self) -> dict[SourceId, dict[str, Ordinary]]:
        """What is ordinary for each wearer; keep it to go on after a restart."""
        worn = {source: model.baseline for source, model in self._models.items()}
        return {**{source: dict(known) for source, known in self._known.items()}, **worn}

    def reload(self, settings: Settings) -> None:
        """Take over who wears what; a wearable that changed its wearer starts anew."""
        before = {source: wearable.person for source, wearable in self._wearables.values()}
        self._wearables = {
            wearable.device: (wearable_id(name), wearable)
            for name, wearable in settings.senses.wearables.items()
        }
        after = {source: wearable.person for source, wearable in self._wearables.values()}
        for source, person in before.items():
            if after.get(source) != person:
                self.forget(source)

    def feed(self, sample: Sample) -> None:
        """Take a sample of a wearable; anything else is counted and dropped. Never raises."""
        worn = self._wearables.get(sample.device)
        if worn is None:
            self.refused["unknown_device"] += 1
            return
        source, wearable = worn
        if not self._allowed(source):
            self.refused["not_allowed"] += 1
            self._withdraw(source, wearable)
            return
        now = self._clock.monotonic()
        if not -OLDEST_S <= sample.monotonic_s - now <= FUTURE_S:
            self.refused["time"] += 1
            return
        model = self._model(source, wearable)
        try:
            _feed(model, sample, min(sample.monotonic_s, now))
        except ValueError:
            self.refused["malformed"] += 1
            return
        if now - self._read_at.get(source, now - EVERY_S) >= EVERY_S:
            self._read_at[source] = now
            self._read(source, wearable, model, now)

    def refresh(self) -> None:
        """Switch off every wearable that is no longer allowed, without waiting for its sample."""
        for source, wearable in self._wearables.values():
            if not self._allowed(source):
                self._withdraw(source, wearable)

    def forget(self, source: SourceId) -> None:
        """Forget the wearer's signals and what was ordinary for them."""
        self._models.pop(source, None)
        self._known.pop(source, None)

    def _model(self, source: SourceId, wearable: Wearable) -> BodyModel:
        model = self._models.get(source)
        if model is None:
            model = self._models[source] = BodyModel(self._known.get(source))
            self._tell(source, wearable, SenseState.ON)
        return model

    def _withdraw(self, source: SourceId, wearable: Wearable) -> None:
        model = self._models.pop(source, None)
        if model is not None:
            # What is ordinary stays until it is erased; the signals themselves go at once.
            self._known[source] = model.baseline
            self._tell(source, wearable, SenseState.OFF)

    def _tell(self, source: SourceId, wearable: Wearable, state: SenseState) -> None:
        now = self._clock.monotonic()
        room = RoomId(wearable.room)
        self._bus.publish(SenseChanged(source, room, Sense.BODY, state, "", now))

    def _read(self, source: SourceId, wearable: Wearable, model: BodyModel, now: float) -> None:
        reading = model.reading(now)
        if reading is not None:
            room, person = RoomId(wearable.room), PersonId(wearable.person)
            self._bus.publish(Sensed(reading, source, room, person, None, now))


def _feed(model: BodyModel, sample: Sample, at: float) -> None:
    if isinstance(sample, HeartSample):
        model.feed_heart(sample.rr_s, sample.bpm, sample.contact, at)
    else:
        model.feed_skin(sample.microsiemens, sample.rate_hz, at)
