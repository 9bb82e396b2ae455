"""Consent is given by each person, counts for whom it should, and is never forgotten or forged."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.phrase import Phrase
from hub.settings import Person, Settings
from hub.store.consent_rules import allowed_sources, may_sense, members, who_is_missing
from hub.store.schema import File
from hub.types import PersonId, RoomId
from models.types import Sense
from tests.hub.store_support import JON, MIRA, opened, rows

HOME = Settings.model_validate(
    {
        "rooms": {"living_room": {}, "bedroom": {}, "attic": {}},
        "people": {"mira": {}, "jon": {"lives_in": ["living_room"]}},
        "senses": {
            "cameras": {"living": {"room": "living_room", "url": 0}},
            "microphones": {"bed": {"room": "bedroom"}, "living_mic": {"room": "living_room"}},
            "wearables": {"strap": {"device": "simulated:s", "person": "jon", "room": "bedroom"}},
        },
        "drivers": {"simulated": {"devices": {"s": {"kind": "heart_strap"}}}},
    }
)
EVERYONE = frozenset((person, sense) for person in (MIRA, JON) for sense in Sense)
PAIRS = st.frozensets(st.sampled_from(sorted(EVERYONE)))


def test_nothing_is_allowed_until_someone_agrees() -> None:
    assert allowed_sources(HOME, frozenset()) == frozenset()


def test_a_room_is_seen_only_when_all_who_live_there_agree() -> None:
    assert allowed_sources(HOME, frozenset({(MIRA, Sense.FACE)})) == frozenset()
    both = frozenset({(MIRA, Sense.FACE), (JON, Sense.FACE)})
    assert allowed_sources(HOME, both) == {"camera:living"}


def test_who_does_not_live_in_a_room_is_not_asked_for_it() -> None:
    assert allowed_sources(HOME, frozenset({(MIRA, Sense.VOICE)})) == {"microphone:bed"}


def test_wearables_and_text_are_their_own_persons() -> None:
    assert allowed_sources(HOME, frozenset({(MIRA, Sense.BODY)})) == frozenset()
    assert allowed_sources(HOME, frozenset({(JON, Sense.BODY)})) == {"wearable:strap"}
    assert allowed_sources(HOME, frozenset({(JON, Sense.TEXT)})) == {"text"}
    assert may_sense(frozenset({(JON, Sense.TEXT)}), JON, Sense.TEXT)
    assert not may_sense(frozenset({(JON, Sense.TEXT)}), MIRA, Sense.TEXT)


@pytest.mark.parametrize("flags", [{"privacy": True}, {"guests": True}])
def test_privacy_and_guests_switch_off_what_sees_and_hears(flags: dict[str, bool]) -> None:
    assert allowed_sources(HOME, EVERYONE) == {
        *("camera:living", "microphone:bed", "microphone:living_mic", "wearable:strap", "text")
    }
    assert allowed_sources(HOME, EVERYONE, **flags) == {"wearable:strap", "text"}


def test_a_home_without_people_senses_nothing() -> None:
    nobody = HOME.model_copy(update={"people": {}})
    assert allowed_sources(nobody, EVERYONE) == {"wearable:strap"}


def test_text_that_is_switched_off_is_off() -> None:
    raw = HOME.model_dump()
    raw["senses"]["text"]["enabled"] = False
    assert "text" not in allowed_sources(Settings.model_validate(raw), EVERYONE)


def test_who_is_missing_is_told_in_order() -> None:
    living = RoomId("living_room")
    assert members(HOME, living) == (MIRA, JON)
    assert who_is_missing(HOME, frozenset({(JON, Sense.FACE)}), living, Sense.FACE) == (MIRA,)
    assert who_is_missing(HOME, EVERYONE, living, Sense.FACE) == ()


@given(PAIRS, PAIRS, st.booleans(), st.booleans())
def test_more_consent_never_allows_less(
    some: frozenset[tuple[PersonId, Sense]],
    more: frozenset[tuple[PersonId, Sense]],
    privacy: bool,
    guests: bool,
) -> None:
    few = allowed_sources(HOME, some, privacy=privacy, guests=guests)
    many = allowed_sources(HOME, some | more, privacy=privacy, guests=guests)
    assert few <= many
    assert few <= allowed_sources(HOME, some)


async def test_the_log_keeps_every_change_and_the_last_one_counts(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        consent = store.consent
        assert await consent.give(MIRA, Sense.FACE, "mira")
        assert not await consent.give(MIRA, Sense.FACE, "mira")
        assert await consent.withdraw(MIRA, Sense.FACE, "mira")
        assert not await consent.withdraw(MIRA, Sense.FACE, "mira")
        clock.advance(60)
        await consent.give(MIRA, Sense.FACE, "mira")
        await consent.give(JON, Sense.TEXT, "terminal")
        with pytest.raises(StoreError, match="needs a person"):
            await consent.give(PersonId(""), Sense.FACE, "mira")
        assert consent.state() == {(MIRA, Sense.FACE), (JON, Sense.TEXT)}
        assert [one.given for one in (await consent.log(MIRA))[::-1]] == [True, False, True]
        assert len(await consent.log(limit=2)) == 2
        assert (await consent.log())[0].by == "terminal"
    async with opened(tmp_path / "s", clock) as store:
        assert store.consent.state() == {(MIRA, Sense.FACE), (JON, Sense.TEXT)}


async def test_a_withdrawal_while_the_consent_is_on_its_way_to_the_disk_counts(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "s") as store:
        consent = store.consent
        told: list[int] = []
        consent.on_change(lambda: told.append(len(consent.state())))
        giving = asyncio.create_task(consent.give(MIRA, Sense.FACE, "mira"))
        await asyncio.sleep(0)
        assert await consent.withdraw(MIRA, Sense.FACE, "mira")
        assert not await giving
        assert consent.state() == frozenset()
        assert set(told) == {0}
    async with opened(tmp_path / "s") as store:
        assert store.consent.state() == frozenset()


async def test_a_consent_on_its_way_does_not_outlive_its_persons_erasure(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        giving = asyncio.create_task(store.consent.give(MIRA, Sense.FACE, "mira"))
        await asyncio.sleep(0)
        store.consent.forget(MIRA)
        assert not await giving
        assert store.consent.state() == frozenset()


async def test_of_two_who_switch_privacy_at_once_the_later_counts(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        config = store.config
        await config.set_privacy(True, "mira")
        seen: list[bool] = []
        config.on_switch(lambda: seen.append(config.privacy))
        off = asyncio.create_task(config.set_privacy(False, "jon"))
        await asyncio.sleep(0)
        on = asyncio.create_task(config.set_privacy(True, "mira"))
        await asyncio.gather(off, on)
        assert set(seen) == {True}
        await config.set_privacy(False, "jon")
        assert not config.privacy


async def test_what_is_forbidden_is_stored_though_who_hears_of_it_fails(tmp_path: Path) -> None:
    def fails() -> None:
        raise RuntimeError("the sensing process is gone")

    async with opened(tmp_path / "s") as store:
        await store.consent.give(MIRA, Sense.FACE, "mira")
        store.consent.on_change(fails)
        store.config.on_switch(fails)
        with pytest.raises(RuntimeError):
            await store.consent.withdraw(MIRA, Sense.FACE, "mira")
        with pytest.raises(RuntimeError):
            await store.config.set_privacy(True, "mira")
    async with opened(tmp_path / "s") as store:
        assert store.consent.state() == frozenset()
        assert store.config.privacy


async def test_what_is_consented_is_on_the_disk_before_the_call_returns(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        await store.consent.give(MIRA, Sense.FACE, "mira")
        assert rows(tmp_path / "s", "SELECT person, given FROM consent", File.CONFIG) == [
            ("mira", 1)
        ]
        assert await store.config.writer.run(
            lambda conn: conn.execute("PRAGMA synchronous").fetchone()
        ) == (2,)


@pytest.mark.parametrize(
    "sql", ["DELETE FROM consent", "UPDATE consent SET given = 1", "DELETE FROM audit"]
)
async def test_the_logs_can_only_be_appended_to(tmp_path: Path, sql: str) -> None:
    async with opened(tmp_path / "s") as store:
        await store.consent.give(MIRA, Sense.FACE, "mira")
        await store.config.audit("mira", Phrase("audit.said"))
    conn = sqlite3.connect(tmp_path / "s" / File.CONFIG)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        conn.execute(sql)
    conn.close()


async def test_a_sense_that_this_version_does_not_know_is_not_on(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        await store.config.write(
            lambda conn: conn.execute("INSERT INTO consent VALUES (9, 0, 'mira', 'smell', 1, 'x')")
        )
    async with opened(tmp_path / "s") as store:
        assert store.consent.state() == frozenset()
        assert (await store.consent.log())[0].sense == "smell"


async def test_settings_outlive_the_hub_and_are_audited(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        assert (store.config.privacy, store.config.guests) == (False, False)
        await store.config.set_privacy(True, "mira")
        await store.config.set_guests(True, "jon")
        await store.config.set("theme", {"dark": [1, 2.5, None]}, "mira")
        await store.config.set("learned.mira", [0.1, 0.2], "hub")  # no audit: nobody did it
        with pytest.raises(StoreError, match="longer than"):
            await store.config.set("theme", "x" * 70_000, "mira")
    async with opened(tmp_path / "s") as store:
        assert (store.config.privacy, store.config.guests) == (True, True)
        assert store.config.get("theme") == {"dark": [1, 2.5, None]}
        assert store.config.get("nothing", 5) == 5
        await store.config.set_privacy(False, "mira")
        assert (store.config.privacy, store.config.guests) == (False, True)
        log = await store.config.audit_log()
    assert [(one.actor, one.action, one.detail) for one in log] == [
        ("mira", "privacy mode off", ""),
        ("mira", "changed: theme", ""),
        ("jon", "guest mode on", ""),
        ("mira", "privacy mode on", ""),
    ]


async def test_people_are_remembered_and_renamed_but_never_dropped(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        await store.remember_people({"mira": Person(name="Mira"), "jon": Person(name="Jon")})
        await store.remember_people({"mira": Person(name="Mira B.", lives_in=("bedroom",))})
        await store.remember_people({"mira": Person(name="Mira B.", lives_in=("bedroom",))})
    async with opened(tmp_path / "s") as store:
        assert [(one.id, one.name, one.lives_in) for one in store.config.people()] == [
            ("jon", "Jon", ()),
            ("mira", "Mira B.", ("bedroom",)),
        ]


async def test_the_queue_gives_back_what_is_not_acknowledged(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        ids = [await store.outbox.put("summary", bytes([n]) * n) for n in range(1, 6)]
        assert await store.outbox.size() == (5, 15)
        assert await store.outbox.ack((ids[0], ids[1], 99)) == 2
    async with opened(tmp_path / "s") as store:
        waiting = await store.outbox.peek(2)
        assert [(one.id, one.body) for one in waiting] == [
            (ids[2], b"\x03" * 3),
            (ids[3], b"\x04" * 4),
        ]
        assert await store.outbox.size() == (3, 12)
