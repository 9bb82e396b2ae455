"""A real hub with its API on real TLS, and real HTTP clients for it."""

import asyncio
import contextlib
import datetime as dt
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from hub.api.access import Role
from hub.api.certificates import own_files
from hub.api.names import names, own_addresses
from hub.app import Hub
from hub.clock import SystemClock
from hub.settings import ApiSettings, Settings
from hub.store.migrate import apply_in_child
from hub.supervisor import State

API = "/api/v1"
_new_home: dict[str, bytes] = {}
"""The files of a home that has just been set up, by their paths."""


def settings_for(state: Path, **changes: Any) -> Settings:
    """Return a small simulated home."""
    lamp = {"kind": "lamp", "name": "Lamp"}
    return Settings.model_validate(
        {
            "home": {"name": "Test home"},
            "rooms": {
                "living_room": {"name": "Living room", "devices": ["simulated:lamp"]},
                "study": {"name": "Study"},
            },
            "people": {"ada": {"name": "Ada"}, "bob": {"name": "Bob"}},
            "drivers": {"simulated": {"devices": {"lamp": lamp}}},
            "scenes": {"soft": {"name": "Soft", "lights": {"level": 0.3, "transition_s": 0}}},
            "rules": {
                "soften": {
                    "room": "living_room",
                    "when": {"mood": {"valence": [-1, -0.2]}},
                    "then": {"scene": "soft"},
                }
            },
            "senses": {"text": {"enabled": False}},
            "store": {"directory": str(state)},
            "api": {"port": 0, "http_port": 0},
        }
        | changes
    )


@dataclass(slots=True)
class Rig:
    """A running hub. `as_(role)` gives a client with a token of that role."""

    hub: Hub
    url: str
    plain: str
    context: ssl.SSLContext
    tokens: dict[str, str] = field(default_factory=dict)
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    async def token(self, role: Role, person: str | None = None, *scopes: str) -> str:
        """Return a token of a member of this role."""
        key = f"{role} {person} {scopes}"
        if key not in self.tokens:
            answer = await self.hub.api.ask(
                "token", {"role": role, "person": person, "scopes": list(scopes)}
            )
            self.tokens[key] = answer["token"]
        return self.tokens[key]

    async def as_(
        self, role: Role, person: str | None = None, *scopes: str
    ) -> aiohttp.ClientSession:
        """Return a client that is let in."""
        token = await self.token(role, person, *scopes)
        return self.client({"Authorization": f"Bearer {token}"})

    def client(self, headers: dict[str, str] | None = None) -> aiohttp.ClientSession:
        """Return a client that trusts the hub's authority and keeps cookies."""
        session = aiohttp.ClientSession(
            self.url,
            headers=headers,
            connector=aiohttp.TCPConnector(ssl=self.context),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=45),
        )
        self.sessions.append(session)
        return session


async def set_up(settings: Settings) -> None:
    """Put the files of a new home into an empty state directory.

    The hub itself makes them (migrations and certificates, each in a process of its own: a second
    and a half of processor time); here they are made once a test process. Homes with files of
    their own, or with another certificate, are left to the hub.
    """
    folder = settings.store.directory
    if any(folder.iterdir()) or settings.api.tls.mode != "own":
        return
    if not _new_home:
        with tempfile.TemporaryDirectory() as made:
            place = Path(made)
            await apply_in_child(place)
            given = names(ApiSettings()), own_addresses(ApiSettings())
            await own_files(place / "tls", *given, dt.datetime.now(dt.UTC))
            for file in place.rglob("*"):
                if file.is_file():
                    _new_home[str(file.relative_to(place))] = file.read_bytes()
    (folder / "tls").mkdir(mode=0o700)
    for name, data in _new_home.items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(data)


@contextlib.asynccontextmanager
async def running(settings: Settings, cafile: Path | None = None) -> AsyncIterator[Rig]:
    """Run a hub with its API until the block ends; `cafile` is what to trust but its own."""
    clock = SystemClock()
    await set_up(settings)
    hub = await Hub.create(settings, clock, clock.monotonic())
    hub.counters.acted.set()  # do not wait for a first action: this home has none
    try:
        await hub.start()
        async with asyncio.timeout(60):
            while (where := hub.api.address()) is None:
                state = {health.name: health for health in hub.supervisor.health()}["api"]
                assert state.state is not State.NEEDS_ATTENTION, state.reason
                assert not state.restarts, state.reason
                await asyncio.sleep(0.02)
        context = ssl.create_default_context(
            cafile=str(cafile or settings.store.directory / "tls" / "ca.crt")
        )
        url = f"https://localhost:{where['port']}"
        rig = Rig(hub, url, f"http://localhost:{where['http_port']}", context)
        try:
            yield rig
        finally:
            for session in rig.sessions:
                await session.close()
    finally:
        await hub.stop()
