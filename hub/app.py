"""The composition root: builds every object, passes it in, starts and stops it all.

The only file that knows every part. The order of building is the order of the bus's handlers:
overrides hear of a changed device before the rules do, the rules before the store.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from drivers.registry import Place, create
from drivers.types import Sample
from hub import notify
from hub.act.devices import Devices
from hub.act.dispatch import Dispatcher
from hub.act.drivers import Drivers
from hub.act.engine import Actor
from hub.act.known_devices import KnownDevices
from hub.act.override import Overrides
from hub.api.service import ApiService
from hub.backup_operations import BackupOperations
from hub.bus import Bus
from hub.clock import Clock
from hub.control import ControlServer
from hub.counters import Counters
from hub.decide.engine import Decider
from hub.decide.wishes import Wishes
from hub.edits import RETENTION, Edits
from hub.history import Recent
from hub.learned import Learned
from hub.mood.body import BodySense
from hub.mood.context import Surroundings
from hub.mood.engine import MoodEngine
from hub.operations import Operations
from hub.permission import Permission
from hub.sense.link import SenseLink
from hub.settings import Settings
from hub.share.share import Share
from hub.state_dir import control_socket, state_dir
from hub.store.store import Store
from hub.supervisor import Service, Stage, Supervisor
from hub.types import (
    Acted,
    Decision,
    DeviceChanged,
    Event,
    Held,
    ManualChange,
    Mood,
    SenseChanged,
    Sensed,
)
from models.catalog import load_catalog

log = structlog.get_logger(__name__)

SAVE_LIMIT_S = 1.0
STORE_CLOSE_LIMIT_S = 4.0
"""With the stages of hub.supervisor less than the 20 s that systemd allows."""
RESTART_AFTER_S = 0.5
"""Whoever asked is answered first."""
BUILT_ONCE = ("people", "senses", "drivers", "store", "models", "log", "api")
RECORDED: tuple[type[Event], ...] = (
    Sensed,
    Mood,
    Decision,
    Held,
    Acted,
    DeviceChanged,
    ManualChange,
    SenseChanged,
)


class Hub:
    """The whole daemon: `create`, `start`, and at the end `stop`. Needs a running loop."""

    @classmethod
    async def create(cls, settings: Settings, clock: Clock, started: float) -> "Hub":
        """Open the store and build everything on it; raises StoreError.

        `started` is the clock's time at which the process began.
        """
        store = Store(settings.store, clock)
        await store.open()
        try:
            await store.remember_people(settings.people)
            return cls(settings, clock, started, store)
        except BaseException:
            await store.close()
            raise

    def __init__(self, settings: Settings, clock: Clock, started: float, store: Store) -> None:
        self.settings: Settings = settings
        self.clock = clock
        self.started = started
        self.store = store
        first = store.next_ids()
        bus = self.bus = Bus(_handler_failed)
        self.supervisor = Supervisor(clock)
        self.counters = Counters(bus, clock, started)
        self.recent = Recent(bus)
        self.known_devices = KnownDevices(store.config, clock)
        self.devices = Devices(settings, bus, clock, self._sample, self.known_devices)
        self.overrides = Overrides(bus, clock)
        self.drivers = Drivers()
        self.dispatcher = Dispatcher(self.drivers, self.devices, self.overrides, bus, clock)
        self.actor = Actor(settings, self.devices, self.dispatcher, bus, clock)
        self.surroundings = Surroundings(settings, bus, clock)
        self.learned = Learned(settings, store.config)
        self.moods = MoodEngine(
            settings,
            bus,
            clock,
            self.surroundings.reading,
            self.learned.baselines(),
            first_id=first.mood,
        )
        self.wishes = Wishes(store.config)
        self.decider = Decider(
            settings,
            bus,
            clock,
            self.surroundings.facts,
            self.devices.get,
            first_id=first.decision,
            more=self.wishes.more,
        )
        self.link = SenseLink(settings, bus, clock, frozenset(load_catalog().entries))
        self.permission = Permission(settings, store, self.link)
        self.body = BodySense(
            settings, bus, clock, self.permission.is_allowed, self.learned.bodies()
        )
        self.permission.on_change(self.body.refresh)
        self.learned.keep(self.moods, self.body)
        for kind in RECORDED:
            bus.on(kind, store.record)
        self.read_settings: Callable[[], Settings] | None = None
        """Reads the configuration again, edits included; None where there is no file."""
        self.config_file: Path | None = None
        """The household's own file, for backups; None where there is none."""
        self.restart: Callable[[], None] | None = None
        """Stops this hub and builds another on what is on the disk; None where nobody does."""
        self.edits = Edits(state_dir(settings.store), store.config, self.take_over)
        self.api = ApiService(self)
        self.operations = Operations(self)
        self.backups = BackupOperations(self)
        self.share = Share(self)

    async def start(self) -> None:
        """Start every service; returns at once, the services come up by turns."""
        self.permission.refresh()
        add = self.supervisor.add
        add("store", self.store.run, Stage.STORE, max_silence_s=120.0)
        add("act", self.actor.run, Stage.DECIDE)
        add("decide", self.decider.run, Stage.DECIDE, max_silence_s=30.0)
        folder = state_dir(self.settings.store) / "drivers"
        sections = self.settings.drivers.sections()
        for name, section in sections.items():
            make = partial(create, name, section, Place(self.clock.monotonic, folder / name))
            run = partial(self.drivers.run, name, make, self.devices.port(name))
            add(f"driver {name}", run, Stage.SOURCES)
        add("mood", self.moods.run, Stage.DECIDE, max_silence_s=30.0)
        add("learned", self.learned.run, Stage.STORE)
        add("known devices", self.known_devices.run, Stage.STORE)
        add("sense", self.link.run, Stage.SENSE)
        server = ControlServer(
            control_socket(self.settings.store),
            self.operations.handlers(),
            self.operations.devices.long_handlers() | self.backups.long_handlers(),
            lambda: self.settings.home.language,
        )
        add("control", server.run, Stage.API)
        if (interval := notify.watchdog_interval_s()) is not None:
            add("watchdog", partial(_watchdog, interval), Stage.API)
        if self.settings.api.enabled:
            add("api", self.api.run, Stage.API)
        self.share.start()
        log.info("hub_started", drivers=sorted(sections))

    async def stop(self) -> None:
        """Stop services stage by stage and close the store; lights stay as they are."""
        notify.notify("STOPPING=1")
        late = await self.supervisor.stop()
        try:
            async with asyncio.timeout(SAVE_LIMIT_S):
                await self.learned.save()
                await self.known_devices.save()
        except TimeoutError:
            log.warning("hub_not_all_saved", limit_s=SAVE_LIMIT_S)
        finally:  # whatever became of that: the history of the last minute is worth more
            async with asyncio.timeout(STORE_CLOSE_LIMIT_S):
                await self.store.close()
        log.info("hub_stopped", late=list(late))

    def take_over(self, settings: Settings) -> bool:
        """Take over what the app has changed and written: at once, or by a new start.

        Returns False where it waits for somebody to start the hub anew.
        """
        return self.reload(settings) or self.start_anew_soon()

    def start_anew_soon(self) -> bool:
        """Start anew on what is on the disk, once who asked is answered; False if nobody does."""
        if self.restart is None:
            return False
        asyncio.get_running_loop().call_later(RESTART_AFTER_S, self.restart)
        return True

    def reload(self, settings: Settings) -> bool:
        """Take over changed settings while everything runs.

        Returns False, and changes nothing, when a part changed that is only built at the start.
        """
        if _built_once(self.settings) != _built_once(settings):
            return False
        if self.settings.store != settings.store:
            self.store.keep_for(settings.store)
        self.settings = settings
        for part in (self.devices, self.actor, self.surroundings, self.moods, self.decider):
            part.reload(settings)
        self.share.reload(settings)
        self.supervisor.retry_now()
        return True

    def _sample(self, sample: Sample) -> None:
        self.body.feed(sample)


def _built_once(settings: Settings) -> tuple[object, ...]:
    """Return the parts that only a start takes over; for how long records are kept is none."""
    store = settings.store.model_copy(update=dict.fromkeys(RETENTION))
    return tuple(store if part == "store" else getattr(settings, part) for part in BUILT_ONCE)


def _handler_failed(where: str, err: Exception) -> None:
    log.error("bus_handler_failed", where=where, exc_info=err)


async def _watchdog(interval_s: float, service: Service) -> None:
    service.healthy()
    while True:
        notify.notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)
