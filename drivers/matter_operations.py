"""What people do with a Matter fabric: bring devices in, remove them, lend them to others."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, SecretStr

from drivers.matter_link import MatterLink
from drivers.matter_parts import NodeData
from drivers.operations import Answer, NoArguments, Operation, Progress
from drivers.settings import Strict
from drivers.types import DeviceId, Refused

There = Callable[[], tuple[MatterLink, Mapping[DeviceId, NodeData]]]
"""Gives the connection and the devices' nodes; raises Unreachable."""

COMMISSION_LIMIT_S = 180.0
SLOW_LIMIT_S = 60.0


class Commission(Strict):
    """How to bring a device in."""

    model_config = ConfigDict(hide_input_in_errors=True)

    code: Annotated[
        SecretStr,
        Field(
            min_length=11,
            max_length=200,
            description="the code on the device: 11 or 21 digits, or its QR code's text (MT:...)",
        ),
    ]
    on_network: Annotated[
        bool, Field(description="on the network already; if not, the server needs Bluetooth")
    ] = True


class OneDevice(Strict):
    """Which device."""

    device: Annotated[str, Field(description="its id, as `moodsync devices list` shows it")]


class Wifi(Strict):
    """What devices that join by Bluetooth are told, so that they find the Wi-Fi."""

    model_config = ConfigDict(hide_input_in_errors=True)

    ssid: Annotated[str, Field(min_length=1, max_length=32, description="the network's name")]
    password: Annotated[SecretStr, Field(description="its password")]


class MatterOperations:
    """The operations of one driver."""

    def __init__(self, there: There) -> None:
        self._there = there
        self._all = (
            Operation(
                "commission",
                "Bring a device in by the code on it",
                Commission,
                self._commission,
                limit_s=COMMISSION_LIMIT_S + 10,
            ),
            Operation(
                "remove",
                "Remove a device from the fabric, with all of its parts",
                OneDevice,
                self._remove,
                limit_s=SLOW_LIMIT_S + 10,
                destroys=True,
            ),
            Operation(
                "share",
                "Open a device for another controller for three minutes; gives the code",
                OneDevice,
                self._share,
                limit_s=SLOW_LIMIT_S + 10,
            ),
            Operation(
                "interview",
                "Ask a device again what it is",
                OneDevice,
                self._interview,
                limit_s=SLOW_LIMIT_S + 10,
            ),
            Operation("ping", "Ask a device whether it is there", OneDevice, self._ping),
            Operation(
                "set_wifi", "Tell the server the Wi-Fi for new devices", Wifi, self._set_wifi
            ),
            Operation("status", "Show the server and its devices", NoArguments, self._status),
        )

    def all(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._all

    async def _commission(self, arguments: Commission, progress: Progress) -> Answer:
        link, _ = self._there()
        progress("looking for the device; this may take a minute")
        node = await link.ask(
            "commission_with_code",
            code=arguments.code.get_secret_value(),
            network_only=arguments.on_network,
            limit_s=COMMISSION_LIMIT_S,
        )
        return {"commissioned": node["node_id"]}

    async def _remove(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        await link.ask("remove_node", node_id=node.node_id, limit_s=SLOW_LIMIT_S)
        return {"removed": node.node_id}

    async def _share(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        opened = await link.ask(
            "open_commissioning_window", node_id=node.node_id, limit_s=SLOW_LIMIT_S
        )
        return {"code": opened["setup_manual_code"], "qr": opened["setup_qr_code"]}

    async def _interview(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        await link.ask("interview_node", node_id=node.node_id, limit_s=SLOW_LIMIT_S)
        return {"interviewed": node.node_id}

    async def _ping(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        answers = await link.ask("ping_node", node_id=node.node_id, limit_s=30.0)
        return {"answers": any(answers.values()) if isinstance(answers, dict) else False}

    async def _set_wifi(self, arguments: Wifi, _: Progress) -> Answer:
        link, _devices = self._there()
        await link.ask(
            "set_wifi_credentials",
            ssid=arguments.ssid,
            credentials=arguments.password.get_secret_value(),
        )
        return {"set": True}

    async def _status(self, _arguments: NoArguments, _progress: Progress) -> Answer:
        link, devices = self._there()
        shown = ("sdk_version", "schema_version", "bluetooth_enabled", "wifi_credentials_set")
        nodes: list[dict[str, Any]] = [
            {"device": device, "node": node.node_id, "available": node.available}
            for device, node in devices.items()
        ]
        return {"server": {key: link.info.get(key) for key in shown}, "nodes": nodes}

    def _node(self, device: str) -> tuple[MatterLink, NodeData]:
        link, devices = self._there()
        node = devices.get(DeviceId(device))
        if node is None:
            raise Refused(f"there is no device {device} on the Matter fabric")
        return link, node
