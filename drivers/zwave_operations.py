"""What people do with a Z-Wave network: let devices join or leave, look after those that ail."""

from typing import Annotated

from pydantic import Field
from zwave_js_server.model.node import Node

from drivers.operations import Answer, NoArguments, Operation, Progress
from drivers.settings import Strict
from drivers.types import DeviceId, Refused
from drivers.zwave_events import INTERVIEW_LIMIT_S, Watch
from drivers.zwave_joining import Joining
from drivers.zwave_link import There, ZwaveLink
from drivers.zwave_opened import Opened
from drivers.zwave_parts import security_of


class OneDevice(Strict):
    """Which device."""

    device: Annotated[str, Field(description="its id, as `moodsync devices list` shows it")]


class Health(OneDevice):
    """Which device to check, and how thoroughly."""

    rounds: Annotated[
        int, Field(ge=1, le=10, description="how often; a round sends about ten pings")
    ] = 3


class ZwaveOperations:
    """The operations of one driver; `watch` shows them what happens on the network."""

    def __init__(self, there: There, watch: Watch, opened: Opened) -> None:
        self._there = there
        self._watch = watch
        self._all = (
            *Joining(there, watch, opened).all(),
            Operation(
                "remove_failed",
                "Remove a device that is broken or lost and cannot leave by itself",
                OneDevice,
                self._remove_failed,
                limit_s=60.0,
                destroys=True,
            ),
            Operation(
                "interview",
                "Ask a device again what it is",
                OneDevice,
                self._interview,
                limit_s=INTERVIEW_LIMIT_S,
            ),
            Operation(
                "health", "Check how well a device is reached", Health, self._health, limit_s=300.0
            ),
            Operation("ping", "Ask a device whether it is there", OneDevice, self._ping),
            Operation(
                "rebuild_routes",
                "Let a device find its routes anew",
                OneDevice,
                self._rebuild_routes,
                limit_s=120.0,
            ),
            Operation("status", "Show the network and its devices", NoArguments, self._status),
        )

    def all(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._all

    # The operations -----------------------------------------------------------------------------

    async def _remove_failed(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        await link.ask("controller.remove_failed_node", nodeId=node.node_id, limit_s=50.0)
        return {"removed": node.node_id}

    async def _interview(self, arguments: OneDevice, progress: Progress) -> Answer:
        link, node = self._node(arguments.device)
        async with self._watch.watching() as events:
            await link.tell("node.refresh_info", nodeId=node.node_id)
            while True:  # until it starts, the node is as ready as it was
                event = await events.next()
                if (event["event"], event.get("nodeId")) == ("interview started", node.node_id):
                    break
            await events.interviewed(node, progress)
        return {"ready": bool(node.ready)}

    async def _health(self, arguments: Health, progress: Progress) -> Answer:
        link, node = self._node(arguments.device)
        progress("this takes up to a minute a round")
        summary = await link.ask(
            "node.check_lifeline_health",
            nodeId=node.node_id,
            rounds=arguments.rounds,
            limit_s=290.0,
        )
        results = summary["summary"]["results"]
        return {"rating": summary["summary"]["rating"], "of": 10, "rounds": results}

    async def _ping(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        answer = await link.ask("node.ping", nodeId=node.node_id, limit_s=30.0)
        return {"answers": bool(answer.get("responded"))}

    async def _rebuild_routes(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        done = await link.ask("controller.rebuild_node_routes", nodeId=node.node_id, limit_s=110.0)
        return {"rebuilt": bool(done.get("success"))}

    async def _status(self, _arguments: NoArguments, _progress: Progress) -> Answer:
        link, devices = self._there()
        assert link.driver is not None
        assert link.version is not None
        controller = link.driver.controller
        return {
            "server": link.version.server_version,
            "driver": link.version.driver_version,
            "stick": {"firmware": controller.firmware_version, "sdk": controller.sdk_version},
            "nodes": [
                {
                    "device": device,
                    "node": node.node_id,
                    "status": node.status.name.lower(),
                    "ready": bool(node.ready),
                    "interview": str(node.interview_stage),
                    "security": security_of(node),
                    "last_seen": node.last_seen.isoformat() if node.last_seen else None,
                }
                for device, node in devices.items()
            ],
        }

    # Inside -------------------------------------------------------------------------------------

    def _node(self, device: str) -> tuple[ZwaveLink, Node]:
        link, devices = self._there()
        node = devices.get(DeviceId(device))
        if node is None:
            raise Refused(f"there is no device {device} on the Z-Wave network")
        return link, node
