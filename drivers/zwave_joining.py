"""Devices join a Z-Wave network and leave it: somebody presses a button at the device meanwhile.

A device may have a PIN (Security 2): five digits, the beginning of its public key, that keep others
from answering in its place. The server asks for it in the middle of the exchange of keys.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, SecretStr, field_validator
from zwave_js_server.const import SecurityBootstrapFailure, SecurityClass
from zwave_js_server.model.node import Node

from drivers.operations import Answer, Operation, Progress
from drivers.settings import Strict
from drivers.types import BadCredentials, Refused
from drivers.zwave_events import INTERVIEW_LIMIT_S, Events, Watch
from drivers.zwave_link import There, ZwaveLink
from drivers.zwave_opened import Opened, Way, decline
from drivers.zwave_parts import security_of

SHORTEST_JOIN_S, LONGEST_JOIN_S = 5, 254
HIGHEST_PIN: Final = 65_535

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
        given = pin.get_secret_value() if pin is not None else "00000"
        if not re.fullmatch(r"[0-9]{5}", given) or int(given) > HIGHEST_PIN:
            raise ValueError(f"a PIN has five digits, at most {HIGHEST_PIN}")
        return pin


class Leave(Strict):
    """How long to wait for a device that shall leave."""

    seconds: Seconds = 60


class Joining:
    """The two operations of one driver."""

    def __init__(self, there: There, watch: Watch, opened: Opened) -> None:
        self._there = there
        self._watch = watch
        self._opened = opened

    def all(self) -> tuple[Operation, ...]:
        """See Operable."""
        return (
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
        )

    async def _permit_join(self, arguments: PermitJoin, progress: Progress) -> Answer:
        link, _ = self._there()
        async with self._watch.watching() as events:
            await self._opened.open(link, Way.INCLUSION)
            progress(f"the network is open for {arguments.seconds} s")
            try:
                async with asyncio.timeout(arguments.seconds) as until_joined:
                    node = await self._joined(link, events, arguments, progress, until_joined)
            except TimeoutError:
                await decline(link)
                return {"joined": None}
            except asyncio.CancelledError:
                await decline(link)
                raise
            finally:
                await self._opened.close(link, Way.INCLUSION)
            await events.interviewed(node, progress)
        return {"joined": node.node_id, "ready": bool(node.ready), "security": security_of(node)}

    async def _joined(
        self,
        link: ZwaveLink,
        events: Events,
        arguments: PermitJoin,
        progress: Progress,
        limit: asyncio.Timeout,
    ) -> Node:
        while True:
            event = await events.next()
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
                    progress("the device is given no keys")
                case "inclusion failed":
                    raise Refused("the device could not join; bring it nearer and try again")
                case "node added":
                    node: Node = event["node"]
                    progress(f"device {node.node_id} has joined")
                    _authenticated(node, event.get("result"), with_pin=arguments.pin is not None)
                    return node

    async def _exclude(self, arguments: Leave, progress: Progress) -> Answer:
        link, _ = self._there()
        async with self._watch.watching() as events:
            await self._opened.open(link, Way.EXCLUSION)
            progress(f"waiting {arguments.seconds} s for a device")
            try:
                async with asyncio.timeout(arguments.seconds):
                    while True:
                        event = await events.next()
                        if event["event"] == "exclusion failed":
                            raise Refused("the device could not leave; bring it nearer")
                        if event["event"] == "node removed":
                            return {"left": event["node"].node_id}
            except TimeoutError:
                return {"left": None}
            finally:
                await self._opened.close(link, Way.EXCLUSION)


_WITHOUT_PIN: Final = frozenset({SecurityClass.S2_UNAUTHENTICATED, SecurityClass.S0_LEGACY})


def _grant(requested: Mapping[str, Any], *, with_pin: bool) -> dict[str, Any]:
    """Grant what a device asks for; without its PIN only what needs none."""
    classes = [c for c in requested["securityClasses"] if with_pin or c in _WITHOUT_PIN]
    return {"securityClasses": classes, "clientSideAuth": False}


def _authenticated(node: Node, result: object, *, with_pin: bool) -> None:
    """Check that a device was given its keys.

    Raises BadCredentials (another device's PIN, or none), Refused (the exchange failed otherwise).
    Without keys it is in the network all the same, but the server does not even ask what it is;
    only a hand at the device can make it leave.
    """
    failure = result.get("lowSecurityReason") if isinstance(result, Mapping) else None
    if failure is None:
        return
    again = f"it joined as node {node.node_id} without keys and cannot be used: let it leave"
    if failure == SecurityBootstrapFailure.S2_INCORRECT_PIN:
        raise BadCredentials(
            f"this PIN is not the device's; {again} (exclude), then join with the PIN printed on it"
        )
    if failure == SecurityBootstrapFailure.USER_CANCELED and not with_pin:
        raise BadCredentials(
            f"the device wants its PIN; {again} (exclude), then join with the PIN printed on it"
        )
    raise Refused(f"the keys' exchange failed; {again} (exclude), bring it nearer, try again")
