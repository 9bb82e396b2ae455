"""`moodsync run`: the hub in the foreground, until a signal or the given time."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from hub import notify
from hub.app import Hub
from hub.cli.hardware import with_real_hardware
from hub.cli.started import STARTED
from hub.cli.welcome import welcome
from hub.clock import SystemClock
from hub.config import DEMO, find_config, load
from hub.errors import ConfigError, HubError
from hub.log import set_up
from hub.settings import Settings
from hub.state_dir import state_dir
from hub.store import staged
from hub.summary import summary, usage

log = structlog.get_logger(__name__)

SAY_LIMIT_S = 30.0


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM, SIGINT or the time is over; SIGHUP reads the configuration again."""
    file = args.config or find_config()

    def read() -> Settings:
        settings = load(file)
        return with_real_hardware(settings, args) if file.resolve() == DEMO else settings

    settings = read()
    if staged.apply(state_dir(settings.store)):  # a restore that waits, or was broken off
        settings = read()
    set_up(settings.log.level, settings.log.format)
    return asyncio.run(_Run(args, file, read, settings).until_stopped())


class _Run:
    """One run of the command: a hub, and after some changes of the configuration another one."""

    def __init__(
        self,
        args: argparse.Namespace,
        file: Path,
        read: Callable[[], Settings],
        settings: Settings,
    ) -> None:
        self._args = args
        self._file = file
        self._read = read
        self._clock = SystemClock(settings.home.timezone)
        self._started = STARTED
        self._settings = settings
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()
        self._anew = False
        """Whether the next reload is a new start on what is on the disk."""

    async def until_stopped(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        self._hub = await self._build(self._settings, self._started)
        try:
            await self._hub.start()
            notify.notify("READY=1")
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._reloads(), name="reload")]
                if not self._args.json:
                    greeting = welcome(self._hub, terminal=sys.stderr.isatty())
                    beside.append(group.create_task(greeting, name="welcome"))
                if self._args.say:
                    beside.append(group.create_task(_say(self._hub, self._args.say), name="say"))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._args.seconds):
                        await self._stop.wait()
                for task in beside:
                    task.cancel()
            used = usage(self._hub)
        finally:
            await self._hub.stop()
        result = summary(self._hub) | used
        if self._args.summary is not None:
            self._args.summary.write_text(json.dumps(result, indent=2) + "\n")
        if self._args.json:
            print(json.dumps(result))
        return 0

    async def _reloads(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            notify.notify("RELOADING=1")
            try:
                if self._anew:
                    await self._start_anew()
                else:
                    await self._take_over(self._read())
            except ConfigError as err:
                problems = [str(problem) for problem in err.problems]
                log.error("config_refused", problems=problems)  # noqa: TRY400 - no trace is wanted
            notify.notify("READY=1")

    async def _take_over(self, settings: Settings) -> None:
        if not self._hub.reload(settings):
            # Parts that are built once changed: build all anew. Devices keep their state.
            await self._hub.stop()
            self._hub = await self._build(settings, self._clock.monotonic())
            await self._hub.start()
        log.info("config_reloaded")

    async def _build(self, settings: Settings, started: float) -> Hub:
        hub = await Hub.create(settings, self._clock, started)
        hub.read_settings, hub.config_file, hub.restart = self._read, self._file, self._restart
        return hub

    def _restart(self) -> None:
        self._anew = True
        self._reload.set()

    async def _start_anew(self) -> None:
        """Stop, put a restored state in place if one waits, and start on it."""
        self._anew = False
        settings = self._hub.settings
        await self._hub.stop()
        try:
            await asyncio.to_thread(staged.apply, state_dir(settings.store))
            settings = self._read()
        finally:  # whatever is wrong with what was restored: the house goes on
            self._hub = await self._build(settings, self._clock.monotonic())
            await self._hub.start()
        log.info("hub_started_anew")


async def _say(hub: Hub, text: str) -> None:
    """Say the text of the command line; typing it there is the consent to read it."""
    try:
        async with asyncio.timeout(SAY_LIMIT_S):
            answer: dict[str, Any] = await hub.operations.say_once(text)
    except (HubError, TimeoutError) as err:
        print(f"the text was not read: {err or 'the text model did not come up'}", file=sys.stderr)
        return
    print(f"you said it; it reads as: {answer['label']}", file=sys.stderr)
