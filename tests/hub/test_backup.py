"""Backups: made of a running hub, opened whole or not at all, restored and undone."""

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from hub.backup import snapshot
from hub.backup.archive import is_kept, pack, unpack
from hub.backup.backups import Backups
from hub.backup.errors import BackupBroken, BackupNewer, WrongPassphrase
from hub.backup.sealed import CHUNK, TAG, OpeningFile, SealingFile
from hub.clock import SystemClock
from hub.errors import Refusal
from hub.settings import StoreSettings
from hub.store import staged
from hub.store.config_db import HUB
from hub.store.store import Store
from hub.types import PersonId
from models.types import Sense
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.slow

PASSPHRASE = "a horse that reads the news"
HEADER = 8 + 1 + 4 + 4 + 1 + 16 + 7 + 16


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file says which parameters made it; here small ones do, in this process."""
    monkeypatch.setattr("hub.backup.sealed.MEMORY_KIB", 64)


def sealed(text: bytes, passphrase: str = PASSPHRASE) -> bytes:
    out = io.BytesIO()
    file = SealingFile(out, passphrase)
    for at in range(0, len(text), 10_000):
        file.write(text[at : at + 10_000])
    file.close()
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_opens_whole(size: int) -> None:
    text = os.urandom(size)
    data = sealed(text)
    assert text == OpeningFile(io.BytesIO(data), PASSPHRASE).read()
    assert text[:50] not in data or size < 50
    assert len(data) == HEADER + size + TAG * max(1, -(-size // CHUNK))


def test_nothing_can_be_changed_cut_off_added_or_moved_unseen() -> None:
    data = sealed(os.urandom(3 * CHUNK))
    one = CHUNK + TAG
    chunks = [data[HEADER + i * one : HEADER + (i + 1) * one] for i in range(3)]
    head = data[:HEADER]
    for broken in (
        head + chunks[0] + chunks[1],
        head + chunks[1] + chunks[0] + chunks[2],
        head + chunks[0] + chunks[2],
        head + b"".join(chunks) + chunks[2],
        data + b"\0",
        data[:-1],
        data[:HEADER],
        *(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (HEADER, len(data) - 1)),
        b"",
        b"MOODSYNC",
        b"x" * 500,
    ):
        with pytest.raises(BackupBroken):
            OpeningFile(io.BytesIO(broken), PASSPHRASE).read()
    for at in range(9, HEADER):  # every byte of the beginning counts
        changed = bytearray(data)
        changed[at] ^= 0x01
        if 9 <= at < 17:
            continue  # what the function is to cost: bounded below
        with pytest.raises((BackupBroken, WrongPassphrase)):
            OpeningFile(io.BytesIO(bytes(changed)), PASSPHRASE).read()


def test_a_wrong_passphrase_a_newer_format_and_greedy_parameters_are_told_apart() -> None:
    data = sealed(b"text", "Ünïcode, composed")
    assert OpeningFile(io.BytesIO(data), "U\u0308nïcode, composed").read() == b"text"
    with pytest.raises(WrongPassphrase):
        OpeningFile(io.BytesIO(data), PASSPHRASE)
    with pytest.raises(BackupNewer):
        OpeningFile(io.BytesIO(data[:8] + b"\x02" + data[9:]), PASSPHRASE)
    greedy = data[:9] + (1 << 30).to_bytes(4, "big") + data[13:]
    with pytest.raises(BackupBroken):
        OpeningFile(io.BytesIO(greedy), PASSPHRASE)


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "tls/../../x", "control.sock", "lock", "drivers/a/../b", "tls/..", ""],
)
def test_only_what_belongs_to_a_backup_is_taken_out_of_one(name: str) -> None:
    assert not is_kept(name)


def test_a_file_that_does_not_belong_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    (source / "config.db").write_bytes(b"x")
    (source / "evil").write_bytes(b"x")
    monkeypatch.setattr("hub.backup.archive.is_kept", lambda _: True)
    out = io.BytesIO()
    pack(source, out, PASSPHRASE, {}, lambda *_: None)
    monkeypatch.undo()
    with pytest.raises(BackupBroken, match="does not belong"):
        unpack(io.BytesIO(out.getvalue()), target, PASSPHRASE, lambda *_: None, 1)
    assert not (target / "evil").exists()


async def opened(state: Path) -> Store:
    store = Store(StoreSettings(directory=state), SystemClock("UTC"))
    await store.open()
    return store


def nothing(_: str) -> None:
    pass


@pytest.mark.slow
async def test_a_running_hub_is_backed_up_restored_and_put_back(
    state: Path, tmp_path: Path
) -> None:
    store = await opened(state)
    await store.config.set("name of it", "first", HUB)
    await store.consent.give(PersonId("ada"), Sense.FACE, "ada")
    (state / "tls").mkdir()
    (state / "tls" / "ca.key").write_text("key")
    (state / "drivers" / "zigbee").mkdir(parents=True)
    with closing(sqlite3.connect(state / "drivers" / "zigbee" / "net.db")) as net:
        net.execute("PRAGMA journal_mode = WAL")
        net.execute("CREATE TABLE node (id)")
        net.execute("INSERT INTO node VALUES (7)")
        net.commit()  # it is in the WAL alone, as while its driver runs
        out, backups = tmp_path / "home.backup", Backups(state)
        told: list[str] = []
        made = await backups.make(out, PASSPHRASE, None, 0.0, told.append)
    assert told[-1] == "100 %"
    assert made["bytes"] == out.stat().st_size
    assert oct(out.stat().st_mode)[-3:] == "600"
    with pytest.raises(Refusal):
        await backups.make(out, PASSPHRASE, None, 0.0, nothing)
    await store.config.set("name of it", "second", HUB)
    with pytest.raises(WrongPassphrase):
        await backups.stage(out, "not the passphrase", nothing)
    cut = tmp_path / "cut.backup"
    cut.write_bytes(out.read_bytes()[:-100])
    with pytest.raises(BackupBroken):
        await backups.stage(cut, PASSPHRASE, nothing)
    assert not staged.waits(state)
    found = await backups.stage(out, PASSPHRASE, nothing)
    assert set(found["files"]) == {
        *("config.db", "history.db", "queue.db", "tls/ca.key", "drivers/zigbee/net.db")
    }
    assert store.config.get("name of it") == "second"  # nothing is replaced while it runs
    await store.close()
    assert staged.apply(state)

    store = await opened(state)
    assert store.config.get("name of it") == "first"
    assert not store.consent.state()  # somebody may have withdrawn theirs since
    await store.close()
    with closing(sqlite3.connect(state / "drivers" / "zigbee" / "net.db")) as net:
        assert net.execute("SELECT id FROM node").fetchall() == [(7,)]
    await backups.undo()
    assert staged.apply(state)
    store = await opened(state)
    assert store.config.get("name of it") == "second"
    erased = await store.erase(PersonId("ada"))
    assert erased.proved
    assert not (state / "restore").exists()  # what was kept to undo held them too
    await store.close()
    with pytest.raises(Refusal):
        await backups.undo()


async def test_a_newer_or_broken_database_is_found_before_anything_is_replaced(
    state: Path, tmp_path: Path
) -> None:
    store = await opened(state)
    await store.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    snapshot.take(state, copy, None)
    snapshot.check(copy)
    with closing(sqlite3.connect(copy / "config.db")) as conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('moodsync', '9999_later', '')"
        )
        conn.commit()
    with pytest.raises(BackupNewer, match="newer version"):
        snapshot.check(copy)
    (copy / "config.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(BackupBroken):
        snapshot.check(copy)


class _Cut(Exception):  # noqa: N818
    """The power has gone."""


def test_a_restore_that_is_broken_off_anywhere_is_finished_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, steps = run_cut_at(tmp_path / "whole", 10**6, monkeypatch)
    assert whole == {"config.db": "new", "edits.yaml": "new", "tls/ca.key": "new"}
    assert steps > 6
    for cut in range(steps):
        assert run_cut_at(tmp_path / str(cut), cut, monkeypatch)[0] == whole, cut


def run_cut_at(
    state: Path, cut: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, str], int]:
    """Restore with the power going after that many renames, then start again."""
    checked = state / "restore" / "x"
    for folder, text in ((state, "old"), (checked, "new")):
        (folder / "tls").mkdir(parents=True)
        for name in ("config.db", "edits.yaml", "tls/ca.key"):
            (folder / name).write_text(text)
    (state / "history.db").write_text("old")
    (state / "config.db-wal").write_text("old")
    staged.make_ready(state, checked)
    rename: Callable[[Path, Path], Path] = Path.rename
    done = 0

    def failing(path: Path, target: Path) -> Path:
        nonlocal done
        if done >= cut:
            raise _Cut
        done += 1
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing)
        with suppress(_Cut):
            staged.apply(state)
    staged.apply(state)
    assert not staged.waits(state)
    before = state / "restore" / "before"
    assert (before / "config.db-wal").read_text() == (before / "history.db").read_text() == "old"
    assert (before / "tls" / "ca.key").read_text() == "old"
    kept = ("config.db", "edits.yaml", "tls/ca.key", "history.db", "config.db-wal")
    return {n: (state / n).read_text() for n in kept if (state / n).exists()}, done


@pytest.mark.slow
async def test_the_command_line_backs_up_and_restores_a_stopped_and_a_running_hub(
    state: Path, tmp_path: Path
) -> None:
    config, out = tmp_path / "hub.yaml", tmp_path / "home.backup"
    config.write_text(
        json.dumps(
            {
                "rooms": {"den": {}},
                "people": {"ada": {"name": "Ada"}},
                "store": {"directory": str(state)},
                "api": {"enabled": False},
                "senses": {"text": {"enabled": False}},
            }
        )
    )
    store = await opened(state)
    await store.config.set("name of it", "first", HUB)
    await store.close()
    assert (await moodsync(config, "backup", str(out)))[0] == 0
    code, said = await moodsync(config, "backup", str(tmp_path / "x"), passphrase="short")
    assert (code, "12 characters" in said) == (1, True)
    hub = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", "run", "--config", str(config), "--no-input"),
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            while not (state / "control.sock").exists():
                await asyncio.sleep(0.05)
        code, said = await moodsync(config, "restore", str(out), "--yes", passphrase="wrong" * 3)
        assert (code, "passphrase is wrong" in said) == (1, True)
        code, said = await moodsync(config, "restore", str(out), "--yes", "--json")
        assert code == 0, said
        assert json.loads(said)["restarts"] is True
        async with asyncio.timeout(30):
            while not (state / "restore" / "before").exists():
                await asyncio.sleep(0.05)
            while not (state / "control.sock").exists():
                await asyncio.sleep(0.05)
        code, said = await moodsync(config, "status")
        assert code == 0, said
        code, said = await moodsync(config, "restore", "--undo", "--yes")
        assert code == 0, said
    finally:
        hub.terminate()
        async with asyncio.timeout(20):
            assert await hub.wait() == 0


async def moodsync(
    config: Path, *arguments: str, passphrase: str = PASSPHRASE
) -> tuple[int | None, str]:
    """Run a command; return its code and all that it said."""
    command, *rest = arguments
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", command, "--config", str(config), *rest),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await child.communicate(f"{passphrase}\n".encode())
    return child.returncode, said.decode()


@pytest.mark.slow
async def test_owners_back_up_and_restore_over_the_api(state: Path) -> None:
    from hub.api.access import Role  # noqa: PLC0415
    from tests.hub.api_rig import API, running, settings_for  # noqa: PLC0415

    async with running(settings_for(state)) as rig:
        owner, adult = await rig.as_(Role.OWNER), await rig.as_(Role.ADULT)
        body: dict[str, Any] = {"passphrase": PASSPHRASE}
        async with adult.post(f"{API}/system/backup", json=body) as answer:
            assert answer.status == 403
        async with owner.post(f"{API}/system/backup", json={"passphrase": "short"}) as answer:
            assert answer.status == 422
        async with owner.post(f"{API}/system/backup", json=body) as answer:
            assert answer.status == 200
            assert answer.content_type == "application/octet-stream"
            data = await answer.read()
        # Nothing of it stays; the hub clears up once it has sent the end.
        await eventually(lambda: not [*(state / "restore").iterdir()])
        async with owner.post(f"{API}/system/restore", json=body) as answer:
            assert answer.status == 409
        octets = {"Content-Type": "application/octet-stream"}
        path = f"{API}/system/restore/file"
        async with owner.put(path, data=data, headers=octets) as answer:
            assert (await answer.json())["bytes"] == len(data)
        wrong = {"passphrase": "wrong wrong wrong"}
        async with owner.post(f"{API}/system/restore", json=wrong) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "wrong_passphrase")
        async with owner.put(path, data=data[:-50], headers=octets) as answer:
            assert answer.status == 200
        async with owner.post(f"{API}/system/restore", json=body) as answer:
            assert (answer.status, (await answer.json())["code"]) == (422, "backup_broken")
        async with owner.put(path, data=data, headers=octets) as answer:
            assert answer.status == 200
        asked = asyncio.Event()
        rig.hub.restart = asked.set
        async with owner.post(f"{API}/system/restore", json=body) as answer:
            assert answer.status == 202, await answer.text()
            told = await answer.json()
        assert told["restarts"]
        assert "config.db" in told["files"]
        async with asyncio.timeout(10):
            await asked.wait()
        async with owner.get(f"{API}/system/restore") as answer:
            assert (await answer.json())["waits"]
        token = await rig.token(Role.OWNER)
    assert staged.apply(state)
    async with running(settings_for(state)) as rig:
        again = rig.client({"Authorization": f"Bearer {token}"})
        async with again.get(f"{API}/status") as answer:
            assert answer.status == 401  # sessions of then do not come back
        assert [m.role for m in rig.hub.store.accounts.members.values()]
