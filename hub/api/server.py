"""The server: listens, and says where it answers; `application` has what it answers."""

import asyncio
import errno
import json
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from hub.api.admin import Admin
from hub.api.application import application
from hub.api.auth import Auth
from hub.api.challenges import Challenges
from hub.api.context import Context
from hub.api.doors import Doors
from hub.api.events import Events
from hub.api.hosts import Hosts
from hub.api.idempotency import Idempotency
from hub.api.limits import RateLimit
from hub.api.names import bind_addresses, is_lan, names, own_addresses
from hub.api.tls import Tls
from hub.log_ring import LogRing
from hub.phrase import Phrase
from hub.push.news import PushNews
from hub.push.sender import Sender
from hub.state_dir import state_dir
from hub.store.accounts import Accounts
from hub.supervisor import NeedsAttention, Service

if TYPE_CHECKING:
    from hub.app import Hub

log = structlog.get_logger(__name__)

RENEW_EVERY_S = 6 * 3600.0
HANDSHAKE_S = 5.0
KEEPALIVE_S = 30.0
LINGER_S = 2.0
"""How long a body that was refused is still read, so that its sender gets to read why."""
SHUTDOWN_S = 0.3
BACKLOG = 128
ADDRESS_FILE = "api.json"
STRANGERS = (60.0, 10.0)
COMMANDS = (100.0, 20.0)
"""Requests at once, and a second."""


class ApiServer:
    """Serves one hub. Everything it needs is read from the hub when it starts."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._settings = hub.settings.api
        self._folder = state_dir(hub.settings.store)
        self._tls = Tls(self._settings, self._folder / "tls", hub.clock)
        self._address: dict[str, Any] | None = None
        self._admin: Admin | None = None
        self._log_ring = LogRing()
        self._context_made: Context | None = None

    def address(self) -> dict[str, Any] | None:
        """Return where the API answers."""
        return self._address

    async def ask(self, what: str, data: dict[str, Any]) -> dict[str, Any]:
        """Do one of the command line's operations."""
        assert self._admin is not None
        return await self._admin.ask(what, data)

    async def run(self, service: Service, up: Callable[[], None]) -> None:
        """Serve until cancelled; calls `up` once it does.

        Raises NeedsAttention where a person has to help.
        """
        await self._tls.load()
        accounts = self._hub.store.accounts
        await accounts.load()
        context = self._context_made = self._context(accounts)
        app = application(context, self)
        self._hub.permission.on_change(context.events.changed)
        logging.getLogger().addHandler(self._log_ring)
        runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=KEEPALIVE_S,
            lingering_time=LINGER_S,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        servers: list[asyncio.Server] = []
        try:
            assert runner.server is not None
            context.doors = Doors(runner.server)
            servers = await self._listen(runner.server)
            self._address = self._describe(servers)
            self._write_address()
            self._admin = Admin(context, self._tls, self._address)
            context.admin = self._admin
            log.info("api_up", **self._address)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._renew(), name="api renewal")
                if self._address["lan"] and self._settings.announce:
                    # zeroconf costs 5 MB: only homes that are on a network pay for it.
                    from hub.api.announce import announce  # noqa: PLC0415

                    home = self._hub.settings.home.name
                    group.create_task(announce(home, self._address), name="api mdns")
                for name, run in context.background():
                    group.create_task(run(), name=f"api {name}")
                service.healthy()
                up()
        finally:
            self._address = None
            logging.getLogger().removeHandler(self._log_ring)
            (self._folder / ADDRESS_FILE).unlink(missing_ok=True)
            for server in servers:
                server.close()
            try:
                async with asyncio.timeout(SHUTDOWN_S):
                    await context.close()
            except TimeoutError:
                log.info("api_clients_did_not_close")
            await runner.cleanup()

    def link(self, path: str = "/") -> str:
        """Return the app's address as people open it: https by the best name."""
        best = names(self._settings)[0]
        return f"https://{best}:{self._address['port'] if self._address else ''}{path}"

    @property
    def authority_file(self) -> Path | None:
        """The file that devices are to trust, if any."""
        return self._tls.files.authority if self._tls.files else None

    @property
    def authority(self) -> bytes | None:
        """Its SHA-256."""
        return self._tls.authority

    def _context(self, accounts: Accounts) -> Context:
        now, hub = self._hub.clock.monotonic, self._hub
        sender = Sender(accounts, hub.store.config, hub.clock, self._settings.push_contact)
        return Context(
            hub=self._hub,
            accounts=accounts,
            auth=Auth(accounts, self._hub.clock),
            hosts=Hosts(names(self._settings)),
            idempotency=Idempotency(self._hub.clock),
            strangers=RateLimit(*STRANGERS, now),
            commands=RateLimit(*COMMANDS, now),
            challenges=Challenges(now),
            tls=self._tls,
            link=self.link,
            events=Events(self._hub, self._log_ring),
            sender=sender,
            push=PushNews(hub, sender),
            log_ring=self._log_ring,
        )

    async def _listen(self, server: web.Server) -> list[asyncio.Server]:
        """Listen for https, and for plain http if wanted. Raises NeedsAttention."""
        loop = asyncio.get_running_loop()
        servers: list[asyncio.Server] = []
        wanted: list[tuple[int, Any]] = [(self._settings.port, self._tls.context)]
        if self._settings.http_port is not None:
            wanted.append((self._settings.http_port, None))
        try:
            for port, context in wanted:
                handshake = HANDSHAKE_S if context else None
                servers.append(
                    await loop.create_server(
                        server,
                        sock=None,
                        host=_usable(bind_addresses(self._settings)),
                        port=port or _free_port(),
                        ssl=context,
                        ssl_handshake_timeout=handshake,
                        backlog=BACKLOG,
                        reuse_address=True,
                    )
                )
        except OSError as err:
            for opened in servers:
                opened.close()
            if err.errno == errno.EADDRINUSE:
                raise NeedsAttention(Phrase("service.port_taken", port=port)) from err
            raise
        return servers

    def _describe(self, servers: list[asyncio.Server]) -> dict[str, Any]:
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        shown = names(self._settings)[0]
        found = own_addresses(self._settings)
        return {
            "url": f"https://{shown}:{ports[0]}",
            "port": ports[0],
            "http_port": ports[1] if len(ports) > 1 else None,
            "names": list(names(self._settings)),
            "addresses": [str(address) for address in found],
            "lan": is_lan(self._settings),
        }

    def _write_address(self) -> None:
        """Let other programs of this user find a port that was chosen freely."""
        path = self._folder / ADDRESS_FILE
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self._address, file)
        new.replace(path)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            await self._tls.load()
            await self._hub.store.accounts.save_seen()


def _usable(addresses: tuple[str, ...]) -> list[str]:
    """Leave IPv6 out on machines that have none."""
    if socket.has_ipv6:
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
                probe.bind(("::1", 0))
        except OSError:
            return [a for a in addresses if ":" not in a] or list(addresses)
        return list(addresses)
    return [a for a in addresses if ":" not in a]


def _free_port() -> int:
    """Return one free port for all addresses: each would otherwise get its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
