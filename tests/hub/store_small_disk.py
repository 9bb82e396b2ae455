"""A store on a disk that gets full, or is read-only: runs where it may mount one.

    unshare -rm python -m tests.hub.store_small_disk full|read-only MOUNT_POINT

Prints what happened as JSON.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.store.schema import File
from hub.store.store import Store
from hub.types import PersonId
from models.types import Sense
from tests.hub.store_support import decision, mood, new_directory, sensed, settings

RESERVE = 1 << 20
PEOPLE = [PersonId(f"p{number}") for number in range(20)]


async def full(disk: Path) -> dict[str, object]:
    clock = ManualClock()
    store = Store(settings(new_directory(disk / "s"), reserve_bytes=RESERVE), clock)
    await store.open()
    said: dict[str, object] = {"reserve_at_start": (disk / "s" / "reserve").stat().st_size}
    await _live(store, clock, range(1, 51))
    with _filled(disk):
        await _live(store, clock, range(51, 1001))
        for person in PEOPLE:
            await store.consent.give(person, Sense.FACE, "test")
        said["full"] = store.health()["disk_full"]
        said["reserve_when_full"] = (disk / "s" / "reserve").exists()
        said["dropped"] = store.drops()
        said["waiting"] = store.health()["waiting"]
        said["decisions_when_full"] = (await store.counts())["decision"]
        said["named_moods"] = sum(one.senses != {} for one in await store.decisions())
        readings = (await store.counts())["reading"]
    clock.advance(61)
    await store.tick()
    said["full_afterwards"] = store.health()["disk_full"]
    said["reserve_afterwards"] = (disk / "s" / "reserve").stat().st_size
    await _live(store, clock, range(1001, 1021))
    said["readings_afterwards"] = (await store.counts())["reading"] - readings
    said["lost_afterwards"] = store.drops() != said["dropped"]
    await store.close()
    again = Store(settings(disk / "s", reserve_bytes=RESERVE), clock)
    await again.open()
    said["decisions_after_restart"] = (await again.counts())["decision"]
    said["consents_after_restart"] = len(again.consent.state())
    said["problems_after_restart"] = again.health()["problems"]
    await again.close()
    return said


async def read_only(disk: Path) -> dict[str, object]:
    new_directory(disk / "s")
    mount = ("mount", "-o", "remount,ro", str(disk))
    await asyncio.to_thread(subprocess.run, mount, check=True)
    try:
        await Store(settings(disk / "s"), ManualClock()).open()
    except StoreError as err:
        return {"error": str(err), "kind": type(err).__name__}
    return {}


async def _live(store: Store, clock: ManualClock, numbers: range) -> None:
    for number in numbers:
        for camera in range(3):
            store.record(sensed(clock, source=f"camera:{camera}"))
        store.record(mood(clock, number, valence=number % 7 / 10))
        store.record(decision(clock, number, mood_id=number))
        clock.advance(10)
        await store.tick()
    clock.advance(60)
    await store.tick()


@contextmanager
def _filled(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


def main(what: str, mount_point: str) -> None:
    disk = Path(mount_point)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=True)
    said = asyncio.run(full(disk) if what == "full" else read_only(disk))
    said["files"] = {file.value: (disk / "s" / file).stat().st_size for file in File}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
