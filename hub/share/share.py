"""Starts what is shared, and takes over changed settings; nothing of it is loaded before."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from drivers.imports import load
from hub.settings import Settings
from hub.share.hooks import Hooks
from hub.state_dir import state_dir
from hub.supervisor import NeedsAttention, Service, Stage, State

if TYPE_CHECKING:
    from hub.app import Hub


class Sharing(Protocol):
    """One way out."""

    def reload(self) -> None:
        """Take over changed settings; one that is switched off ends by itself."""
        ...

    async def run(self, service: Service) -> None:
        """Share until it is switched off."""
        ...

    def drops(self) -> dict[str, int]:
        """Return what was lost, by queue."""
        ...

    def view(self) -> dict[str, object]:
        """Return what there is to show; no mood and no secret."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """A way out: the service's name, when it is needed, and where it is."""

    name: str
    wanted: Callable[["Hub"], bool]
    target: str
    extra: str = ""
    """The optional dependencies of pyproject.toml that it needs."""


def _home_assistant(hub: "Hub") -> bool:
    if hub.settings.share.home_assistant.enabled:
        return True
    # Something may have to be withdrawn; whether it has, the service knows.
    ledger = state_dir(hub.settings.store) / "share" / "home_assistant.json"
    return hub.settings.drivers.mqtt is not None and ledger.is_file()


WAYS: tuple[Way, ...] = (
    Way("share home_assistant", _home_assistant, "hub.share.home_assistant:HomeAssistantShare"),
    Way(
        "share webhooks",
        lambda hub: bool(hub.settings.share.webhooks),
        "hub.share.webhooks:Webhooks",
    ),
    Way(
        "share apple_home",
        lambda hub: hub.settings.share.apple_home.enabled,
        "hub.share.homekit:AppleHome",
        "homekit",
    ),
)


class Share:
    """Every way out of one hub."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self.hooks = Hooks(hub)
        self._ways: dict[str, Sharing] = {}
        self._services: dict[str, Service] = {}

    def start(self) -> None:
        """Start the services that are wanted and do not run."""
        for way in WAYS:
            service = self._services.get(way.name)
            running = service is not None and service.state is not State.STOPPED
            if not running and way.wanted(self._hub):
                run = partial(self._run, way)
                self._services[way.name] = self._hub.supervisor.add(way.name, run, Stage.SENSE)

    async def _run(self, way: Way, service: Service) -> None:
        """Run a way out; its libraries are loaded in a thread, the house does not wait."""
        if way.name not in self._ways:
            module, _, name = way.target.partition(":")
            try:
                loaded = await asyncio.to_thread(load, module)
            except ModuleNotFoundError as err:
                if not way.extra:
                    raise
                mend = (
                    f"the package {err.name} is not installed; run: scripts/setup hub {way.extra}"
                )
                raise NeedsAttention(mend) from err
            self._ways[way.name] = cast("Sharing", getattr(loaded, name)(self._hub))
        await self._ways[way.name].run(service)

    def reload(self, _settings: Settings) -> None:
        """Take over changed settings; call it when the hub has them."""
        for way in self._ways.values():
            way.reload()
        self.start()

    def drops(self) -> dict[str, int]:
        """Return what was lost, by queue."""
        return {name: n for way in self._ways.values() for name, n in way.drops().items()}

    def view(self) -> dict[str, dict[str, object]]:
        """Return how each way out is."""
        return {name.removeprefix("share "): way.view() for name, way in self._ways.items()}

    def leaves(self) -> list[str]:
        """Return in plain words what is sent to others; empty means nothing."""
        share = self._hub.settings.share
        what = "moods of rooms, " if share.moods else ""
        told = []
        if share.home_assistant.enabled:
            told.append(f"Home Assistant, at home: {what}privacy mode, names of rooms and scenes")
        if share.apple_home.enabled:
            told.append("Apple Home: occupancy, privacy mode, names of rooms and scenes")
        for name, webhook in share.webhooks.items():
            told.append(f"webhook {name}: {', '.join(webhook.on)}")
        return told

    def way(self, name: str) -> Any:
        """Return one way out if it was ever started."""
        return self._ways.get(name)
