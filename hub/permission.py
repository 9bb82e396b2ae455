"""What may be sensed now: consent, privacy mode, guests, and what is only simulated."""

import contextlib
from collections.abc import Callable, Iterator

from hub.sense.link import SenseLink
from hub.sense.sources import TEXT, configured, wearable_id
from hub.settings import Settings
from hub.store.consent_rules import allowed_sources, may_sense
from hub.store.store import Store
from hub.types import PersonId, SourceId
from models.types import Sense

SIMULATED_DRIVER = "simulated:"


class Permission:
    """The one place that decides; tells the sensing process whenever the answer changes.

    Simulated sources sense nobody, so they need no consent; privacy mode pauses them like others.
    """

    def __init__(self, settings: Settings, store: Store, link: SenseLink) -> None:
        self._settings = settings
        self._store = store
        self._link = link
        self._simulated = simulated_sources(settings)
        self._allowed: frozenset[SourceId] = frozenset()
        self._texts_once = 0
        self._listeners: list[Callable[[], None]] = []
        store.consent.on_change(self.refresh)
        store.config.on_switch(self.refresh)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever what is allowed may have changed."""
        self._listeners.append(listener)

    @property
    def privacy(self) -> bool:
        """True while privacy mode is on."""
        return self._store.config.privacy

    def is_allowed(self, source: SourceId) -> bool:
        """Tell whether a source may be sensed now."""
        return source in self._allowed

    def is_simulated(self, source: SourceId) -> bool:
        """Tell whether a source is only a stand-in."""
        return source in self._simulated

    def may_read_text(self, person: PersonId | None) -> bool:
        """Tell whether what this person types may be read; of someone unnamed, whether anyone's."""
        consents = self._store.consent.state()
        if person is None:
            return any(sense is Sense.TEXT for _, sense in consents)
        return may_sense(consents, person, Sense.TEXT)

    def refresh(self) -> None:
        """Work out anew what is allowed and switch the senses accordingly."""
        paused = self.privacy or self._store.config.guests
        allowed = set(
            allowed_sources(
                self._settings,
                self._store.consent.state(),
                privacy=self.privacy,
                guests=self._store.config.guests,
            )
        )
        if not paused:
            allowed |= self._simulated
        if self._texts_once:
            allowed.add(TEXT)
        self._allowed = frozenset(allowed)
        self._link.allow(self._allowed & frozenset(self._link.states()))
        for listener in self._listeners:
            listener()

    @contextlib.contextmanager
    def text_once(self) -> Iterator[None]:
        """Allow a text that its writer hands over right now, whatever is stored."""
        self._texts_once += 1
        self.refresh()
        try:
            yield
        finally:
            self._texts_once -= 1
            self.refresh()


def simulated_sources(settings: Settings) -> frozenset[SourceId]:
    """Return the sources that only stand in for real ones."""
    media = {source.id for source in configured(settings).values() if source.simulated}
    wearables = {
        wearable_id(key)
        for key, wearable in settings.senses.wearables.items()
        if wearable.device.startswith(SIMULATED_DRIVER)
    }
    return frozenset(media | wearables)
