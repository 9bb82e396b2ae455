"""The store: three SQLite files, and everything the hub may ask of them.

`record` never waits; history is committed together about once a minute. Consent, settings and what
waits to be sent are synced before their calls return. One hub has the directory at a time.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hub.clock import Clock
from hub.errors import StoreError
from hub.phrase import Phrase
from hub.settings import Person, StoreSettings
from hub.state_dir import state_dir
from hub.store import export as exporting
from hub.store import staged
from hub.store.accounts import Accounts
from hub.store.ageing import DAY_MS
from hub.store.config_db import HUB, ConfigDb
from hub.store.consent import RESTORED, ConsentStore
from hub.store.erase import Erased, Eraser
from hub.store.export import Manifest
from hub.store.history import History
from hub.store.history_file import HistoryFile
from hub.store.history_reader import HistoryReader
from hub.store.lock import DirectoryLock
from hub.store.numbers import NextIds
from hub.store.outbox import Outbox
from hub.store.pool import Pool
from hub.store.reserve import Reserve
from hub.store.schema import File
from hub.store.start import make_directory, prepare
from hub.store.timetable import Timetable
from hub.store.upkeep import Upkeep
from hub.supervisor import Service
from hub.types import Decision, Event, Mood, PersonId

TURN_S = 5.0
"""How often `run` looks what is due, and beats."""


class Store(HistoryReader):
    """Opened once, closed once; asked as a HistoryReader.

    Every method runs on the loop; the disk is for threads.
    """

    def __init__(self, settings: StoreSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._directory = state_dir(settings)
        self._lock = DirectoryLock(self._directory)
        self._pool = Pool()
        self._reserve = Reserve(self._directory, settings.reserve_bytes)
        self._file = HistoryFile(self._directory, clock, self._reserve, self._pool)
        self._history = History(self._file, clock, self._reserve)
        super().__init__(self._directory / File.HISTORY, self._history, self._file, self._pool)
        self._problems: list[str] = []
        self.config = ConfigDb(self._directory, clock, self._reserve)
        self.consent = ConsentStore(self.config, self._history.welcome)
        self.accounts = Accounts(self.config)
        self.outbox = Outbox(self._directory, clock)
        self._upkeep = Upkeep(
            self._directory, settings, self._history, self._file, self.config, clock
        )
        self._timetable = Timetable(
            settings, self._history, self._upkeep, self._reserve, self._pool, clock
        )

    # Life ---------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the files, healing and migrating them first (see hub.store.start).

        Raises StoreLocked if another hub has the directory, StoreNewer if a newer version wrote
        the files, StoreError if the directory cannot be used.
        """
        make_directory(self._directory)
        self._lock.take()
        try:
            await self._pool.run(partial(staged.tidy, self._directory))
            started = await prepare(self._directory, self._clock.wall(), self._pool)
            await self._pool.run(self._reserve.keep)
            await self.config.open()
            await self.outbox.open()
            await self._history.open()
            await self.consent.load()
            restored = await self._pool.run(partial(staged.was_applied, self._directory))
            if started.restored or restored:
                await self.consent.withdraw_all(RESTORED)
            if restored:  # whoever was let in then may have been sent away since
                await self.config.write(lambda conn: conn.execute("DELETE FROM session"))
                await self.config.audit(HUB, Phrase("audit.restored"))
                await self._pool.run(partial(staged.seen, self._directory))
            await self._upkeep.copy_if_old()
        except BaseException:
            await self._close_files()
            raise
        self._problems = list(started.problems)
        self._file.in_doubt = started.unfinished
        self._timetable.start()

    async def run(self, service: Service) -> None:
        """Commit, keep up and copy when due, until cancelled."""
        while True:
            await self.tick(service.beat)
            service.healthy()
            if self._file.in_doubt:
                await self._file.check()
            try:
                async with asyncio.timeout(min(TURN_S, self._settings.commit_every_s)):
                    await self._history.many_wait.wait()
            except TimeoutError:
                continue

    async def tick(self, beat: Callable[[], None] = lambda: None) -> None:
        """Do what is due now; `run` does this every few seconds. Raises StoreError.

        `beat` is called now and then while it takes long.
        """
        await self._timetable.tick(beat)

    async def flush(self) -> None:
        """Return when everything recorded so far is committed; raises StoreError otherwise.

        A hub killed afterwards loses none of it.
        """
        await self._history.flush()

    async def close(self) -> None:
        """Commit everything and close the files. Raises StoreError if the disk refuses."""
        await self._close_files()

    # Writing ------------------------------------------------------------------------------

    def record(self, event: Event) -> bool:
        """Take an event for the history; False if it was lost, which is counted. Never waits."""
        return self._history.record(event)

    def record_correction(
        self,
        kind: str,
        note: str = "",
        *,
        decision: Decision | int | None = None,
        mood: Mood | int | None = None,
        person: PersonId | None = None,
    ) -> bool:
        """Note what someone said about a decision or mood: an event of this run, or a stored id."""
        return self._history.correct(kind, note, decision, mood, person)

    async def remember_people(self, people: Mapping[str, Person]) -> None:
        """Note who lives where, as configured, so that export and erase know their names."""
        await self.config.remember_people(
            {PersonId(key): (one.name, tuple(one.lives_in)) for key, one in people.items()}
        )

    def next_ids(self) -> NextIds:
        """Return the first ids that no stored mood or decision has."""
        return self._history.next_ids()

    def keep_for(self, settings: StoreSettings) -> None:
        """Keep records for as long as these settings say; what is too old goes at the next tick."""
        self._upkeep.keep(settings)
        self._timetable.upkeep_soon()

    def drops(self) -> dict[str, int]:
        """Return what was lost since the start, by table."""
        return self._history.dropped()

    def health(self) -> dict[str, object]:
        """Return what there is to show; `problems` are sentences for people."""
        problems = [
            *self._problems,
            *(f"{File.HISTORY} was broken and is kept as {n}" for n in self._file.rebuilt),
            *(["the disk is full: only what matters is stored"] if self._reserve.full else []),
        ]
        return {
            "ok": not problems,
            "problems": problems,
            "disk_full": self._reserve.full,
            "waiting": self._history.waiting(),
            "dropped": self.drops(),
            "age_days": round(self._file.age.now_ms() / DAY_MS, 2),
            "bytes": {file.value: _size(self._directory / file) for file in File},
        }

    # A person's rights --------------------------------------------------------------------

    async def export(self, person: PersonId, out_dir: Path, by: str = HUB) -> Manifest:
        """Write everything about a person into a new or empty directory. Raises StoreError."""
        await self.flush()
        made_at_ms = self.config.now_ms()
        manifest = await self._pool.run(
            lambda: exporting.export(self._directory, person, out_dir, made_at_ms)
        )
        await self.config.audit(by, Phrase("audit.export"), person)
        return manifest

    async def erase(
        self, person: PersonId | None, by: str = HUB, *, keep_shared: bool = False
    ) -> Erased:
        """Erase a person, or everything (None), and prove it.

        What rooms sensed of everyone who lives in them goes too unless `keep_shared`. The person's
        consents are gone at once, so their senses must be switched off by the caller; nothing of
        them is recorded until they consent anew. Raises StoreError if the disk refuses.
        """
        eraser = Eraser(
            self._directory, self.config, self.outbox, self._history, self._file, self._pool
        )
        self.consent.forget(person)
        if person is None:
            erased = await eraser.everything()
        else:
            erased = await eraser.person(person, keep_shared=keep_shared)
        await self.accounts.load()
        self._upkeep.forget_words()
        await self.config.audit("erased" if by == person else by, Phrase("audit.erase"))
        return erased

    async def _close_files(self) -> None:
        failed: StoreError | None = None
        for part in (self._history, self.outbox, self.config):
            try:
                await part.close()
            except StoreError as err:
                failed = failed or err
        self._pool.close()
        self._lock.drop()
        if failed is not None:
            raise failed


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
