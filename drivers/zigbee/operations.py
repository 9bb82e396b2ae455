"""What people do with the Zigbee network besides commanding its devices."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from zigpy.application import ControllerApplication
from zigpy.backups import NetworkBackup
from zigpy.exceptions import ZigbeeException
from zigpy.types import EUI64
from zigpy.util import convert_install_code

from drivers.operations import Answer, NoArguments, Operation, Progress
from drivers.types import DeviceId, Refused, Unreachable
from drivers.zigbee.arguments import Channel, OneDevice, PermitJoin, PermitWithCode, Restore
from drivers.zigbee.chatter import Chatter
from drivers.zigbee.household import Household
from drivers.zigbee.member import Counts, Member
from drivers.zigbee.parts import is_battery

BACKUPS: Final = "backups"
SETTLE_S: Final = 40.0
"""How long a device that joined in the last moment has to be interviewed."""
CLOSE_LIMIT_S: Final = 1.0
IDENTIFY: Final = 0x0003


class Owner(Protocol):
    """The driver."""

    counts: Counts
    chatter: Chatter

    @property
    def running(self) -> tuple[ControllerApplication, Household]:
        """Return the network; raises Unreachable while there is none."""
        ...


class Operations:
    """All of them, bound to their driver."""

    def __init__(self, owner: Owner, folder: Path) -> None:
        self._owner = owner
        self._folder = folder / BACKUPS
        self.all = (
            Operation(
                "permit_join",
                "Let new devices join for a while",
                PermitJoin,
                self._permit_join,
                limit_s=300,
            ),
            Operation(
                "permit_join_with_code",
                "Let one device join by its install code",
                PermitWithCode,
                self._permit_with_code,
                limit_s=300,
            ),
            Operation(
                "remove",
                "Take a device off the network",
                OneDevice,
                self._remove,
                destroys=True,
            ),
            Operation(
                "interview",
                "Ask a device again what it can do",
                OneDevice,
                self._interview,
                limit_s=120,
            ),
            Operation("identify", "Let a device blink", OneDevice, self._identify),
            Operation(
                "network", "Tell about the stick and its network", NoArguments, self._network
            ),
            Operation(
                "backup", "Back the network up to a file", NoArguments, self._backup, limit_s=120
            ),
            Operation(
                "restore",
                "Write a backed-up network to the stick",
                Restore,
                self._restore,
                limit_s=180,
                destroys=True,
            ),
            Operation(
                "change_channel",
                "Move the network to another radio channel",
                Channel,
                self._change_channel,
                limit_s=120,
            ),
            Operation(
                "diagnose", "Tell what is known, without secrets", NoArguments, self._diagnose
            ),
        )

    async def _permit_join(self, given: PermitJoin, progress: Progress) -> Answer:
        application, household = self._owner.running
        through = None
        if given.through:
            through = self._member(household, given.through).node.ieee
        progress(f"the network is open for {given.seconds} s")
        return await self._joining(
            application.permit(given.seconds, through), given.seconds, progress
        )

    async def _permit_with_code(self, given: PermitWithCode, progress: Progress) -> Answer:
        application, _ = self._owner.running
        text = given.code.get_secret_value().replace("-", "").replace(" ", "")
        try:
            node = EUI64.convert(_colons(given.address))
            key = convert_install_code(bytes.fromhex(text))
        except ValueError:
            key = None
        if key is None:
            raise Refused("that is no install code, or no address")
        progress(f"this device may join for {given.seconds} s")
        return await self._joining(
            application.permit_with_link_key(node, key, given.seconds), given.seconds, progress
        )

    async def _joining(self, permit: Any, seconds: int, progress: Progress) -> Answer:
        application, household = self._owner.running
        watcher = _Joins(progress, household.settled)
        application.add_listener(watcher)
        before = set(household.parts)
        until = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds + SETTLE_S):
                await _asked(permit)
                await asyncio.sleep(max(0.0, until - time.monotonic()))
                await _settled(household, watcher)
        except TimeoutError:
            progress("some devices did not answer all questions; they are asked again later")
        finally:
            application.remove_listener(watcher)
            if not household.lost.done():
                await _closed(application)
        new = [part.device for key, part in household.parts.items() if key not in before]
        return {
            "joined": [{"device": device.id, "name": device.name} for device in new],
            "failed": sorted(watcher.failed),
        }

    async def _remove(self, given: OneDevice, progress: Progress) -> Answer:
        application, household = self._owner.running
        member = self._member(household, given.device)
        await application.remove(member.node.ieee)
        progress("asked to leave; a device that is away now has to be reset by hand")
        return {"removed": given.device}

    async def _interview(self, given: OneDevice, progress: Progress) -> Answer:
        application, household = self._owner.running
        member = self._member(household, given.device)
        if is_battery(member.node):
            progress("press a button on the device so that it is awake")
        await _asked(application.reinterview_device(member.node.ieee))
        now = household.members.get(member.node.ieee)
        if now is None or now is member:
            raise Unreachable("the device did not answer; what was known of it is kept")
        return {"devices": [part.device.id for part in now.parts]}

    async def _identify(self, given: OneDevice, progress: Progress) -> Answer:
        _, household = self._owner.running
        member = self._member(household, given.device)
        for endpoint in member.node.non_zdo_endpoints:
            cluster = endpoint.in_clusters.get(IDENTIFY)
            if cluster is not None:
                await _asked(cluster.identify(10))
                progress("it blinks for 10 s")
                return {"identified": given.device}
        raise Refused("this device cannot blink")

    async def _network(self, _: NoArguments, __: Progress) -> Answer:
        application, household = self._owner.running
        info, stick = application.state.network_info, application.state.node_info
        return {
            "channel": int(info.channel),
            "pan_id": f"0x{int(info.pan_id):04x}",
            "stick": {
                "address": str(stick.ieee),
                "maker": stick.manufacturer,
                "model": stick.model,
                "version": stick.version,
            },
            "devices": len(household.members),
            "backups": self._files(),
        }

    async def _backup(self, _: NoArguments, __: Progress) -> Answer:
        application, _household = self._owner.running
        backup = await _asked(application.backups.create_backup(load_devices=True))
        now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._folder / f"zigbee-{now}.json"
        # The file holds the network's key: whoever has it can listen and join.
        content = json.dumps(backup.as_open_coordinator_json(), indent=1).encode()
        with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
        return {"file": file.name, "devices": len(backup.network_info.nwk_addresses)}

    async def _restore(self, given: Restore, progress: Progress) -> Answer:
        application, household = self._owner.running
        try:
            content = json.loads((self._folder / given.file).read_bytes())
            backup = NetworkBackup.from_open_coordinator_json(content)
        except FileNotFoundError:
            raise Refused(f"there is no backup {given.file}") from None
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise Refused(f"{given.file} is no backup of a Zigbee network") from err
        progress("writing to the stick")
        await _asked(application.backups.restore_backup(backup))
        progress("the network starts again")
        household.end("the restored network has to be started")
        return {"restored": given.file, "channel": int(backup.network_info.channel)}

    async def _change_channel(self, given: Channel, progress: Progress) -> Answer:
        application, _household = self._owner.running
        progress("devices follow within a minute; some sleeping ones only when they wake up")
        await _asked(application.move_network_to_channel(given.channel))
        return {"channel": given.channel}

    async def _diagnose(self, _: NoArguments, __: Progress) -> Answer:
        application, household = self._owner.running
        chatter = self._owner.chatter
        return {
            "radio": type(application).__module__.partition(".")[0],
            "stick": application.state.node_info.version,
            "channel": int(application.state.network_info.channel),
            "counts": {name: getattr(self._owner.counts, name) for name in Counts.__slots__},
            "library": {"warnings": chatter.warnings, "errors": chatter.errors},
            "nodes": [_describe(member) for member in household.members.values()],
        }

    def _member(self, household: Household, device: str) -> Member:
        member = household.member_of(DeviceId(device))
        if member is None:
            raise Refused(f"there is no device {device} on the Zigbee network")
        return member

    def _files(self) -> list[str]:
        return sorted(file.name for file in self._folder.glob("*.json"))


class _Joins:
    """Hears of devices that join, and says so."""

    def __init__(self, progress: Progress, settled: asyncio.Event) -> None:
        self.joined: set[Any] = set()
        self.unfinished: set[str] = set()
        self.failed: set[str] = set()
        self._progress = progress
        self._settled = settled

    def device_joined(self, node: Any) -> None:
        """Be called by zigpy."""
        self.joined.add(node.ieee)
        self.unfinished.add(str(node.ieee))
        self._progress(f"{node.ieee} joined; asking what it is")

    def device_initialized(self, node: Any) -> None:
        """Be called by zigpy."""
        self.unfinished.discard(str(node.ieee))
        self.failed.discard(str(node.ieee))
        self._progress(f"{node.ieee} is a {node.manufacturer} {node.model}")
        self._settled.set()

    def device_init_failure(self, node: Any) -> None:
        """Be called by zigpy."""
        self.unfinished.discard(str(node.ieee))
        self.failed.add(str(node.ieee))
        self._progress(f"{node.ieee} did not say what it is; reset it and try again")
        self._settled.set()


async def _settled(household: Household, watcher: _Joins) -> None:
    """Wait until all that joined were interviewed and set up."""
    while watcher.unfinished or any(
        member.setting_up for ieee, member in household.members.items() if ieee in watcher.joined
    ):
        household.settled.clear()
        await household.settled.wait()


async def _asked(what: Any) -> Any:
    try:
        return await what
    except TimeoutError:
        raise Unreachable("no answer") from None
    except (ZigbeeException, RuntimeError, OSError) as err:
        raise Unreachable(f"that failed: {type(err).__name__}") from err


async def _closed(application: ControllerApplication) -> None:
    """Close the network again, also when nobody waits for the rest any more."""
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await application.permit(0)
    except (TimeoutError, ZigbeeException, RuntimeError, OSError):
        return  # the time that was given ends by itself


def _colons(address: str) -> str:
    digits = address.removeprefix("0x").replace(":", "")
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def _describe(member: Member) -> dict[str, Any]:
    node = member.node
    return {
        "devices": [part.device.id for part in member.parts],
        "maker": node.manufacturer,
        "model": node.model,
        "battery": is_battery(node),
        "available": member.available,
        "link_quality": node.lqi,
        "endpoints": {
            str(e.endpoint_id): {
                "in": [f"0x{number:04x}" for number in e.in_clusters],
                "out": [f"0x{number:04x}" for number in e.out_clusters],
            }
            for e in node.non_zdo_endpoints
        },
    }
