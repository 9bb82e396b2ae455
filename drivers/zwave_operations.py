"""What people do with a Z-Wave network: let devices join or leave, look after those that ail."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, SecretStr, field_validator
from zwave_js_server.const import SecurityClass
from zwave_js_server.model.node import Node

from drivers.operations import Answer, NoArguments, Operation, Progress
from drivers.settings import Strict
from drivers.types import DeviceId, Refused, Unreachable
from drivers.zwave_link import ZwaveLink

There = Callable[[], tuple[ZwaveLink, Mapping[DeviceId, Node]]]
"""Gives the connection and the devices' nodes; raises Unreachable."""

EVENTS = 256
"""Events waiting for an operation; more than any inclusion brings."""
INTERVIEW_LIMIT_S = 240.0
SHORTEST_JOIN_S, LONGEST_JOIN_S = 5, 254


Seconds = Annotated[
    int, Field(ge=SHORTEST_JOIN_S, le=LONGEST_JOIN_S, description="how long, in seconds")
]


class PermitJoin(Strict):
    """How a device may join."""

    model_config = ConfigDict(hide_input_in_errors=True)

    seconds: Seconds = 60
    pin: Annotated[
        SecretStr | None,
        Field(description="the five digits on the device; without them it is not authenticated"),
    ] = None

    @field_validator("pin")
    @classmethod
    def _five_digits(cls, pin: SecretStr | None) -> SecretStr | None:
        if pin is not None and not re.fullmatch(r"[0-9]{5}", pin.get_secret_value()):
            raise ValueError("a PIN has five digits")
        return pin


class Leave(Strict):
    """How long to wait for a device that shall leave."""

    seconds: Seconds = 60


class OneDevice(Strict):
    """Which device."""

    device: Annotated[str, Field(description="its id, as `moodsync devices list` shows it")]


class Health(OneDevice):
    """Which device to check, and how thoroughly."""

    rounds: Annotated[
        int, Field(ge=1, le=10, description="how often; a round sends about ten pings")
    ] = 3


class ZwaveOperations:
    """The operations of one driver; `heard` hands them what happens on the network."""

    def __init__(self, there: There) -> None:
        self._there = there
        self._events: asyncio.Queue[Mapping[str, Any] | None] | None = None
        self._all = (
            Operation(
                "permit_join",
                "Let one new device join; press its button meanwhile",
                PermitJoin,
                self._permit_join,
                limit_s=LONGEST_JOIN_S + INTERVIEW_LIMIT_S + 10,
            ),
            Operation(
                "exclude",
                "Let one device leave, also one of a foreign network; press its button meanwhile",
                Leave,
                self._exclude,
                limit_s=LONGEST_JOIN_S + 10.0,
                destroys=True,
            ),
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

    def heard(self, event: Mapping[str, Any]) -> None:
        """Hand an event to the operation that waits for some; never blocks."""
        if self._events is not None and event.get("event") != "value updated":
            with contextlib.suppress(asyncio.QueueFull):
                self._events.put_nowait(event)

    def stop(self) -> None:
        """Tell an operation that waits that the connection is gone."""
        if self._events is not None:
            while self._events.full():
                self._events.get_nowait()
            self._events.put_nowait(None)

    # The operations -----------------------------------------------------------------------------

    async def _permit_join(self, arguments: PermitJoin, progress: Progress) -> Answer:
        link, _ = self._there()
        async with self._watching() as events:
            await link.ask("controller.begin_inclusion", options={"strategy": 0})
            progress(f"the network is open for {arguments.seconds} s")
            try:
                async with asyncio.timeout(arguments.seconds) as until_joined:
                    node = await self._joined(link, events, arguments, progress, until_joined)
            except TimeoutError:
                return {"joined": None}
            finally:
                with contextlib.suppress(Refused, Unreachable):
                    await link.ask("controller.stop_inclusion")
            await self._interviewed(events, node, progress)
        return {"joined": node.node_id, "ready": bool(node.ready), "security": _security(node)}

    async def _joined(
        self,
        link: ZwaveLink,
        events: asyncio.Queue[Mapping[str, Any] | None],
        arguments: PermitJoin,
        progress: Progress,
        limit: asyncio.Timeout,
    ) -> Node:
        while True:
            event = await _next(events)
            match event["event"]:
                case "node found":
                    # Joining has begun; it takes what it takes, within the operation's own limit.
                    limit.reschedule(asyncio.get_running_loop().time() + INTERVIEW_LIMIT_S)
                    progress("a device was found")
                case "grant security classes":
                    grant = _grant(event["requested"], with_pin=arguments.pin is not None)
                    await link.ask("controller.grant_security_classes", inclusionGrant=grant)
                case "validate dsk and enter pin":
                    pin = arguments.pin.get_secret_value() if arguments.pin else False
                    progress("the device is being authenticated")
                    await link.ask("controller.validate_dsk_and_enter_pin", pin=pin)
                case "inclusion aborted":  # of the keys' exchange; it goes on without them
                    progress("the device cannot be authenticated: it joins without encryption")
                case "inclusion failed":
                    raise Refused("the device could not join; bring it nearer and try again")
                case "node added":
                    node: Node = event["node"]
                    progress(f"device {node.node_id} has joined")
                    return node

    async def _interviewed(
        self,
        events: asyncio.Queue[Mapping[str, Any] | None],
        node: Node,
        progress: Progress,
    ) -> None:
        """Wait until a node has said what it is; a sleeping one may take until it wakes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INTERVIEW_LIMIT_S):
                while not node.ready:
                    event = await _next(events)
                    if event.get("nodeId") != node.node_id:
                        continue
                    if event["event"] == "interview stage completed":
                        progress(f"interview: {event.get('stageName', 'a stage')}")
                    elif event["event"] == "interview failed":
                        raise Refused("the device joined but did not say what it is")
                progress("the device is ready")

    async def _exclude(self, arguments: Leave, progress: Progress) -> Answer:
        link, _ = self._there()
        async with self._watching() as events:
            await link.ask("controller.begin_exclusion", options={"strategy": 0})
            progress(f"waiting {arguments.seconds} s for a device")
            try:
                async with asyncio.timeout(arguments.seconds):
                    while True:
                        event = await _next(events)
                        if event["event"] == "exclusion failed":
                            raise Refused("the device could not leave; bring it nearer")
                        if event["event"] == "node removed":
                            return {"left": event["node"].node_id}
            except TimeoutError:
                return {"left": None}
            finally:
                with contextlib.suppress(Refused, Unreachable):
                    await link.ask("controller.stop_exclusion")

    async def _remove_failed(self, arguments: OneDevice, _: Progress) -> Answer:
        link, node = self._node(arguments.device)
        await link.ask("controller.remove_failed_node", nodeId=node.node_id, limit_s=50.0)
        return {"removed": node.node_id}

    async def _interview(self, arguments: OneDevice, progress: Progress) -> Answer:
        link, node = self._node(arguments.device)
        async with self._watching() as events:
            await link.tell("node.refresh_info", nodeId=node.node_id)
            while True:  # until it starts, the node is as ready as it was
                event = await _next(events)
                if (event["event"], event.get("nodeId")) == ("interview started", node.node_id):
                    break
            await self._interviewed(events, node, progress)
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
                    "security": _security(node),
                    "last_seen": node.last_seen.isoformat() if node.last_seen else None,
                }
                for device, node in devices.items()
            ],
        }

    # Inside -------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[asyncio.Queue[Mapping[str, Any] | None]]:
        if self._events is not None:
            raise Refused("the Z-Wave network is busy with another operation; wait for its end")
        self._events = asyncio.Queue(EVENTS)
        try:
            yield self._events
        finally:
            self._events = None

    def _node(self, device: str) -> tuple[ZwaveLink, Node]:
        link, devices = self._there()
        node = devices.get(DeviceId(device))
        if node is None:
            raise Refused(f"there is no device {device} on the Z-Wave network")
        return link, node


_WITHOUT_PIN: Final = frozenset({SecurityClass.S2_UNAUTHENTICATED, SecurityClass.S0_LEGACY})


def _grant(requested: Mapping[str, Any], *, with_pin: bool) -> dict[str, Any]:
    """Grant what a device asks for; without its PIN only what needs none."""
    classes = [c for c in requested["securityClasses"] if with_pin or c in _WITHOUT_PIN]
    return {"securityClasses": classes, "clientSideAuth": False}


def _security(node: Node) -> str:
    highest = node.highest_security_class
    return highest.name.lower() if highest is not None else "unknown"


async def _next(events: asyncio.Queue[Mapping[str, Any] | None]) -> Mapping[str, Any]:
    event = await events.get()
    if event is None:
        raise Unreachable("the connection to the Z-Wave JS server is lost")
    return event
