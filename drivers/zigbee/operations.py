"""What people do with the Zigbee network besides commanding its devices."""

from pathlib import Path
from typing import Any, Final

from zigpy.types import EUI64
from zigpy.util import convert_install_code

from drivers.operations import Answer, NoArguments, Operation, Progress
from drivers.types import DeviceId, Refused, Unreachable
from drivers.zigbee.arguments import Channel, OneDevice, PermitJoin, PermitWithCode
from drivers.zigbee.backups import Backups
from drivers.zigbee.household import Household
from drivers.zigbee.joining import Joining
from drivers.zigbee.member import Counts, Member
from drivers.zigbee.owner import Owner, asked
from drivers.zigbee.parts import is_battery

IDENTIFY: Final = 0x0003


class Operations:
    """All of them, bound to their driver."""

    def __init__(self, owner: Owner, folder: Path) -> None:
        self._owner = owner
        self._joining = Joining(owner)
        self._backups = Backups(owner, folder)
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
            *self._backups.all,
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
        return await self._joining.wait(
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
        return await self._joining.wait(
            application.permit_with_link_key(node, key, given.seconds), given.seconds, progress
        )

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
        await asked(application.reinterview_device(member.node.ieee))
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
                await asked(cluster.identify(10))
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
            "backups": self._backups.files(),
        }

    async def _change_channel(self, given: Channel, progress: Progress) -> Answer:
        application, _household = self._owner.running
        progress("devices follow within a minute; some sleeping ones only when they wake up")
        await asked(application.move_network_to_channel(given.channel))
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
