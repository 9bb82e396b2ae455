"""Opening and closing a stick, whatever its maker, and which network it may hold.

zigpy does not reconnect: every opening makes a new application over the same database. The
database and the network's backups, which hold its keys, lie in the driver's own folder.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import structlog
from zigpy.application import ControllerApplication
from zigpy.backups import NetworkBackup
from zigpy.exceptions import NetworkNotFormed

from drivers.imports import without
from drivers.types import BadCredentials, DriverError, Unreachable
from drivers.zigbee.chatter import LIBRARIES
from drivers.zigbee.quirks import Resolver
from drivers.zigbee_settings import ZigbeeRadio, ZigbeeSettings, ZigbeeStick

log = structlog.get_logger(__name__)

_MODULES: Final = {
    ZigbeeRadio.ZNP: "zigpy_znp.zigbee.application",
    ZigbeeRadio.EZSP: "bellows.zigbee.application",
    ZigbeeRadio.DECONZ: "zigpy_deconz.zigbee.application",
    ZigbeeRadio.XBEE: "zigpy_xbee.zigbee.application",
    ZigbeeRadio.ZIGATE: "zigpy_zigate.zigbee.application",
}
_PROXY: Final = "serialx.platforms.serial_esphome"
"""Serial ports behind an ESPHome node: takes ESPHome's library along, 8 MB."""
CONNECT_LIMIT_S = 15.0
START_LIMIT_S = 120.0
"""Forming a network scans all channels; restoring writes tables at serial speed."""
CLOSE_LIMIT_S = 5.0
"""Some hundredths of a second, unless the database has much to write: that is not thrown away."""
STRAYS_LIMIT_S = 0.2
DATABASE = "zigbee.db"


def application_class(settings: ZigbeeSettings) -> type[ControllerApplication]:
    """Import a maker's library; takes seconds, so call it in a thread."""
    with nullcontext() if settings.path.startswith("esphome://") else without(_PROXY):
        module = import_module(_MODULES[settings.radio])
    found: type[ControllerApplication] = module.ControllerApplication
    return found


@asynccontextmanager
async def opened(
    kind: type[ControllerApplication],
    settings: ZigbeeSettings,
    folder: Path,
    quirks: Resolver | None = None,
) -> AsyncIterator[ControllerApplication]:
    """Yield a running network. Raises Unreachable, BadCredentials (a person has to decide)."""
    _private(folder)
    config = _config(settings, folder)
    try:
        application = await _loaded(kind, config, quirks)
    except sqlite3.DatabaseError:
        # The network is in the stick; its devices are found again when they speak.
        log.warning("zigbee_database_broken", put_aside=f"{DATABASE}.broken")
        _put_aside(folder)
        _private(folder)
        application = await _loaded(kind, config, quirks)
    try:
        try:
            await _start(application, settings)
        except DriverError:
            raise
        except TimeoutError as err:
            raise Unreachable(f"the stick at {settings.path} does not answer") from err
        except OSError as err:
            why = os.strerror(err.errno) if err.errno else type(err).__name__
            raise Unreachable(f"the stick at {settings.path} cannot be opened: {why}") from err
        except Exception as err:  # five makers' libraries, each with errors of its own
            # Their texts may hold what was read from the stick, keys among it.
            what = f"the stick at {settings.path} cannot be started: {type(err).__name__}"
            raise Unreachable(what) from err
        yield application
    finally:
        await _close(application)


async def _loaded(
    kind: type[ControllerApplication], config: dict[str, Any], quirks: Resolver | None
) -> ControllerApplication:
    """Open the database. Its thread is there once that began, so it is never left half done."""
    loading = asyncio.ensure_future(kind.new(config, start_radio=False, device_resolver=quirks))
    try:
        return await asyncio.shield(loading)
    except asyncio.CancelledError:
        await _close(await loading)
        raise


async def _start(application: ControllerApplication, settings: ZigbeeSettings) -> None:
    async with asyncio.timeout(CONNECT_LIMIT_S):
        await application.connect()
    async with asyncio.timeout(START_LIMIT_S):
        ours = application.backups.most_recent_backup()
        if ours is not None:
            await _settle_network(application, ours, settings)
        await application.initialize(auto_form=True)


async def _settle_network(
    application: ControllerApplication, ours: NetworkBackup, settings: ZigbeeSettings
) -> None:
    """Make sure that the stick holds the network that the hub knows, or that it need not."""
    try:
        await application.load_network_info()
    except NetworkNotFormed:
        log.info("zigbee_network_written_to_a_new_stick")
        return  # initialize() restores the newest backup
    if _same(application, ours):
        return
    match settings.stick:
        case ZigbeeStick.RESTORE:
            log.info("zigbee_network_restored", channel=ours.network_info.channel)
            await application.backups.restore_backup(ours)
        case ZigbeeStick.ADOPT:
            log.info("zigbee_network_adopted")
        case ZigbeeStick.ASK:
            raise BadCredentials(
                "the stick holds another network than the hub knows; set zigbee: stick: to "
                "`restore` (write the hub's network to it) or `adopt` (take the stick's)"
            )


def _same(application: ControllerApplication, ours: NetworkBackup) -> bool:
    """Channel and counters may have changed; whom the devices belong to may not."""
    theirs = application.state.network_info
    return bool(
        theirs.extended_pan_id == ours.network_info.extended_pan_id
        and theirs.network_key.key == ours.network_info.network_key.key
    )


async def _close(application: ControllerApplication) -> None:
    """Close everything, to the end: a database that is left half closed keeps its thread."""
    closing = asyncio.ensure_future(_shut_down(application))
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await asyncio.wait({closing})
        raise


async def _shut_down(application: ControllerApplication) -> None:
    # TI's library announces joins by timers that would outlive the connection.
    for timer in getattr(application, "_join_announce_tasks", {}).values():
        timer.cancel()
    strays = {task for task in asyncio.all_tasks() if _of_a_library(task)}
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await application.shutdown()
    except TimeoutError:
        log.warning("zigbee_closing_took_too_long")
    await _end(strays | {task for task in asyncio.all_tasks() if _of_a_library(task)})


async def _end(strays: set[asyncio.Task[Any]]) -> None:
    """End what the libraries leave running: they shield requests and own few of their tasks."""
    for task in strays:
        task.cancel()
    if strays:
        # Their errors are those of a closed connection.
        await asyncio.wait(strays, timeout=STRAYS_LIMIT_S)
        for task in strays:
            if task.done() and not task.cancelled():
                task.exception()


def _of_a_library(task: asyncio.Task[Any]) -> bool:
    frame = getattr(task.get_coro(), "cr_frame", None)
    module = str(frame.f_globals.get("__name__", "")) if frame is not None else ""
    return module.partition(".")[0] in LIBRARIES


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = folder / DATABASE
    # SQLite gives its journal files the mode of the database.
    os.close(os.open(database, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _put_aside(folder: Path) -> None:
    for file in folder.glob(f"{DATABASE}*"):
        if not file.name.endswith(".broken"):
            file.replace(file.with_name(f"{file.name}.broken"))


def _config(settings: ZigbeeSettings, folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = {
        "database_path": str(folder / DATABASE),
        "device": {
            "path": settings.path,
            "baudrate": settings.baudrate,
            "flow_control": settings.flow_control,
        },
        "network": {"channel": settings.channel},
        "ota": {"enabled": False},  # would ask the makers' servers for firmware
        "topology_scan_enabled": False,
        "watchdog_enabled": False,  # the driver asks by itself, and sooner
    }
    if settings.radio is ZigbeeRadio.ZNP and "://" in settings.path:
        # Only a serial port has the lines that keep the chip out of its boot loader; the attempt
        # leaves a task behind when it is cancelled.
        config["znp_config"] = {"skip_bootloader": False}
    return config
