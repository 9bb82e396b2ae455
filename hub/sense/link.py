"""The hub's end of the sensing process: switches sources, has texts read, publishes readings."""

import asyncio
from collections.abc import Mapping

import structlog

from hub.bus import Bus
from hub.clock import Clock
from hub.errors import ConsentRequired, SchemaViolation, SenseError, SenseGone, TextRefused
from hub.phrase import Phrase
from hub.sense.bridge import network_address
from hub.sense.child import Child
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import Face, StateChange, Voice, Words
from hub.sense.messages_to_sense import MAX_TEXT, CameraSetup, Configure, MicrophoneSetup
from hub.sense.session import Session
from hub.sense.sources import TEXT, camera_id, configured, microphone_id
from hub.sense.stats import SenseStats, Tally
from hub.settings import Settings
from hub.supervisor import Service
from hub.types import PersonId, RoomId, SenseChanged, Sensed, SenseState, SourceId
from models.types import Sense

log = structlog.get_logger(__name__)

TEXT_LIMIT_S = 10.0
MAX_READING_AGE_S = 30.0
PROVEN_AFTER_S = 30.0
"""A process that follows one which lived shorter than this has to prove itself as long."""

_GONE = Phrase("source.gone")


class SenseLink:
    """Owns the sensing process over its successive lives.

    Nothing is sensed until `allow` names it. `model_ids` are the ids that a reading may carry (the
    catalog's). Publishes Sensed and SenseChanged on the bus. The clock must be the machine's.
    """

    def __init__(
        self, settings: Settings, bus: Bus, clock: Clock, model_ids: frozenset[str]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._model_ids = model_ids
        self._sources = configured(settings)
        self._configure = _configuration(settings)
        self._cameras = {
            camera_id(key): address
            for key, camera in settings.senses.cameras.items()
            if (address := network_address(camera.url)) is not None
        }
        self._allowed: frozenset[SourceId] = frozenset()
        self._states = dict.fromkeys(self._sources, SenseState.OFF)
        self._tally = Tally()
        self._session: Session | None = None
        self._ready = asyncio.Event()
        self._service: Service | None = None
        self._started = 0.0
        self._last_life_s = PROVEN_AFTER_S
        self._proven = False

    async def run(self, service: Service) -> None:
        """Start the sensing process and serve it until it ends; the supervisor starts it again.

        Raises SenseGone when it has ended, NeedsAttention when only a person can mend it.
        """
        if not self._sources:
            service.healthy()
            await asyncio.Event().wait()  # nothing to sense: only cancellation ends this
        self._service = service
        self._started = self._clock.monotonic()
        try:
            child = await Child.spawn(loopback=bool(self._cameras))
        except OSError as err:
            raise SenseGone(Phrase("service.sense_not_started", error=str(err.strerror))) from err
        self._session = Session(
            child,
            self,
            cameras=self._cameras,
            model_ids=self._model_ids,
            tally=self._tally,
            clock=self._clock,
        )
        left_behind = SenseState.FAILED
        try:
            await self._session.run(self._configure, self._allowed, self._beat)
        except asyncio.CancelledError:
            left_behind = SenseState.OFF  # the hub stops, and so do the senses
            raise
        except SenseError as err:
            self._tally.deaths += 1
            log.warning("sense_process_gone", reason=str(err), last_words=child.last_words())
            raise
        finally:
            self._ended(left_behind)

    def allow(self, sources: frozenset[SourceId]) -> None:
        """Let exactly these sources be on, from now on and over restarts.

        A source that is left out is closed: SenseChanged(OFF) follows within 2 s, from the process
        or from its end. Ids that the configuration does not know raise ValueError.
        """
        unknown = sources - self._sources.keys()
        if unknown:
            raise ValueError(f"no such source: {', '.join(sorted(unknown))}")
        if sources == self._allowed:
            return
        closing = self._allowed - sources
        self._allowed = sources
        if self._session is not None:
            self._session.allow(sources, closing)

    async def read_text(self, text: str, person: PersonId | None, room: RoomId | None) -> Sensed:
        """Have a text read, publish what it says and return it; answers within 10 s.

        Raises ConsentRequired when texts are not allowed, TextRefused when this one cannot be
        read, SenseGone when the sensing process died over it or does not come back in time.
        """
        at = self._clock.monotonic()
        place = self._text_room(room)
        _check_text(text)
        try:
            async with asyncio.timeout(TEXT_LIMIT_S):
                session = await self._ready_session()
                wire = await session.read_text(text)
        except TimeoutError:
            raise SenseGone(
                Phrase("refused.sense_no_answer", seconds=round(TEXT_LIMIT_S))
            ) from None
        sensed = Sensed(wire.reading(Sense.TEXT), TEXT, place, person, None, at)
        self._bus.publish(sensed)
        return sensed

    def states(self) -> Mapping[SourceId, SenseState]:
        """Return where every configured source stands."""
        return dict(self._states)

    def stats(self) -> SenseStats:
        """Return counters summed over restarts; at most 5 s old while the process runs."""
        return self._tally.result()

    # What a session tells ------------------------------------------------------------------

    def on_ready(self) -> None:
        """See session.Listener."""
        self._ready.set()
        self._beat()

    def on_state(self, message: StateChange) -> None:
        """See session.Listener."""
        source = SourceId(message.source)
        if source not in self._sources:
            raise SchemaViolation("a state of a source that is not configured")
        self._set_state(source, message.state, _sentence(message.reason))

    def on_reading(self, message: Face | Voice | Words) -> None:
        """See session.Listener."""
        source = self._sources.get(SourceId(message.source))
        device = Sense.FACE if isinstance(message, Face) else Sense.VOICE
        unasked = isinstance(message, Words) and not self._configure.words
        if source is None or source.sense is not device or source.room is None or unasked:
            raise SchemaViolation("a reading of a source that is not configured")
        now = self._clock.monotonic()
        if not now - MAX_READING_AGE_S <= message.at <= now:
            raise SchemaViolation("a reading from the future or of long ago")
        if source.id not in self._allowed:
            self._tally.late += 1
            return
        sense = Sense.TEXT if isinstance(message, Words) else device
        reading = message.reading.reading(sense)
        track, box = (message.track, message.box) if isinstance(message, Face) else (None, None)
        self._bus.publish(Sensed(reading, source.id, source.room, None, track, message.at, box))

    # Inside --------------------------------------------------------------------------------

    async def _ready_session(self) -> Session:
        while True:
            await self._ready.wait()
            if self._session is not None and self._ready.is_set():  # it may have died meanwhile
                return self._session

    def _text_room(self, room: RoomId | None) -> RoomId:
        source = self._sources.get(TEXT)
        if source is None:
            raise ConsentRequired(Phrase("refused.text_configured_off"))
        if TEXT not in self._allowed:
            raise ConsentRequired(Phrase("refused.text_consent"))
        if (place := room or source.room) is None:
            raise TextRefused(Phrase("refused.text_no_room"))
        return place

    def _beat(self) -> None:
        """Tell the supervisor that the process lives; that it is well, once it has proven it."""
        if self._service is None:
            return
        self._service.beat()
        lived_s = self._clock.monotonic() - self._started
        if self._ready.is_set() and not self._proven:
            self._proven = self._last_life_s >= PROVEN_AFTER_S or lived_s >= PROVEN_AFTER_S
            if self._proven:
                self._service.healthy()

    def _set_state(self, source: SourceId, state: SenseState, reason: str) -> None:
        before = self._states[source]
        self._states[source] = state
        if before is state:
            return
        if state is SenseState.FAILED:
            log.warning("sense_failed", source=source, reason=reason)
        elif before is SenseState.FAILED and state is SenseState.ON:
            log.info("sense_back", source=source)
        where = self._sources[source]
        if where.room is not None:
            now = self._clock.monotonic()
            self._bus.publish(SenseChanged(source, where.room, where.sense, state, reason, now))

    def _ended(self, left_behind: SenseState) -> None:
        """Say what the end of the process means: every device that it had open is closed."""
        self._session = None
        self._ready.clear()
        self._proven = False
        self._last_life_s = self._clock.monotonic() - self._started
        self._tally.ended()
        for source, state in self._states.items():
            if source not in self._allowed or left_behind is SenseState.OFF:
                self._set_state(source, SenseState.OFF, "")
            elif state is not SenseState.OFF:
                self._set_state(source, left_behind, _GONE)


def _configuration(settings: Settings) -> Configure:
    senses = settings.senses
    cameras = tuple(
        CameraSetup(
            source=camera_id(key),
            url=camera.url,
            width=camera.width,
            height=camera.height,
            max_fps=camera.max_fps,
        )
        for key, camera in senses.cameras.items()
    )
    microphones = tuple(
        MicrophoneSetup(source=microphone_id(key), device=microphone.device)
        for key, microphone in senses.microphones.items()
    )
    return Configure(
        cameras=cameras,
        microphones=microphones,
        text=senses.text.enabled,
        words=senses.voice.words and bool(microphones),
        threads=settings.models.threads,
        licence=settings.models.licence,
        voice=settings.models.voice,
    )


def _check_text(text: str) -> None:
    if not text.strip():
        raise TextRefused(Phrase("refused.text_empty"))
    if len(text) > MAX_TEXT:
        raise TextRefused(Phrase("refused.text_long", length=len(text), most=MAX_TEXT))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TextRefused(Phrase("refused.text_unicode")) from None


def _sentence(reason: Reason) -> str:
    return "" if reason is Reason.NONE else Phrase(f"source.{reason.value}")
