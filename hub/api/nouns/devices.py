"""devices: control, names, rooms, and what their networks let people do."""

from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.route import Body, Call, Route, Shape


class StateShape(Shape):
    """What a device last reported; None where it has not said."""

    on: bool | None
    level: float | None
    kelvin: int | None
    xy: tuple[float, float] | None
    target_c: float | None
    playing: str | None
    volume: float | None
    values: dict[str, float | bool | str]


class DeviceShape(Shape):
    """A device. `capabilities` have a `kind` (dimmable, tunable, colorful...) and its limits."""

    id: str
    name: str
    driver: str
    room: str | None
    available: bool
    simulated: bool
    capabilities: list[dict[str, Any]]
    state: StateShape
    info: dict[str, str]
    given: dict[str, str | None]
    hidden: bool
    disabled: bool
    first_seen_ms: int | None
    last_seen_ms: int | None


class Devices(Shape):
    """Every device."""

    devices: list[DeviceShape]


class OneDevice(Shape):
    """A device after a change."""

    device: DeviceShape


class Wish(Body):
    """What a device is to do; what is left out stays."""

    on: bool | None = None
    level: float | None = Field(default=None, ge=0, le=1)
    kelvin: int | None = Field(default=None, ge=1000, le=10_000)
    xy: tuple[float, float] | None = None
    target: float | None = Field(default=None, ge=5, le=30)
    volume: float | None = Field(default=None, ge=0, le=1)
    speed: float | None = Field(default=None, ge=0, le=1)
    position: float | None = Field(default=None, ge=0, le=1)
    option: str | None = Field(default=None, max_length=200)
    number: float | None = None
    press: bool = False


class OutcomeShape(Shape):
    """What came of one command."""

    device: str
    command: str
    status: str
    reason: str
    took_ms: float


class Outcomes(Shape):
    """What came of each command."""

    outcomes: list[OutcomeShape]


class Change(Body):
    """What people give a device; what is left out stays. An empty name gives its own back."""

    name: str | None = Field(default=None, max_length=60)
    room: str | None = Field(default=None, max_length=40)
    nowhere: bool = False
    hidden: bool | None = None
    disabled: bool | None = None


class NetworkOperation(Shape):
    """Something a network lets people do; `arguments` is a JSON schema."""

    driver: str
    name: str
    summary: str
    arguments: dict[str, Any]
    limit_s: float
    destroys: bool


class NetworkOperations(Shape):
    """All of them."""

    operations: list[NetworkOperation]


class Run(Body):
    """One operation of a network, with its arguments."""

    arguments: dict[str, Any] = Field(default_factory=dict)


class Ran(Shape):
    """How an operation went: its answer, and the lines it told meanwhile."""

    answer: dict[str, Any]
    told: list[str]


async def list_devices(call: Call) -> dict[str, Any]:
    """Every device, also those that are away, hidden or disabled."""
    return await call.context.operations(call.identity.by).ask("devices")


async def get_device(call: Call) -> dict[str, Any]:
    """One device with its last commands and its driver's health; holds no secret."""
    return await call.context.operations(call.identity.by).ask(
        "diagnose", device=call.path["device"]
    )


async def command_device(call: Call) -> dict[str, Any]:
    """Do it now; the answer says what came of it. A hand on a device always wins over rules."""
    wish = call.sent(Wish).model_dump(exclude_unset=True)
    return await call.context.operations(call.identity.by).ask(
        "set", device=call.path["device"], **wish
    )


async def change_device(call: Call) -> dict[str, Any]:
    """Name, place, hide or disable a device."""
    change, device = call.sent(Change), call.path["device"]
    operations = call.context.operations(call.identity.by)
    given = change.model_fields_set
    answer: dict[str, Any] = {}
    if "name" in given:
        answer = await operations.ask("rename", device=device, name=change.name)
    if "room" in given or change.nowhere:
        answer = await operations.ask(
            "place", device=device, room=change.room, nowhere=change.nowhere
        )
    if change.hidden is not None:
        answer = await operations.ask("hide", device=device, value=change.hidden)
    if change.disabled is not None:
        answer = await operations.ask("disable", device=device, value=change.disabled)
    if not answer:
        found = await operations.ask("diagnose", device=device)
        answer = {"device": found["device"]}
    return answer


async def forget_device(call: Call) -> None:
    """Forget a device that is away for good."""
    await call.context.operations(call.identity.by).ask("forget", device=call.path["device"])


async def list_network_operations(call: Call) -> dict[str, Any]:
    """What the networks let people do: join, pair, back up."""
    return await call.context.operations(call.identity.by).ask("networks")


async def run_network_operation(call: Call) -> dict[str, Any]:
    """Do one of them; its limit is its own."""
    told: list[str] = []
    operations = call.context.operations(call.identity.by)
    answer = await operations.devices.networks.run(
        call.path["driver"], call.path["operation"], call.sent(Run).arguments, told.append
    )
    return {"answer": answer, "told": told[-100:]}


_DEVICE = "/devices/{device}"
ROUTES = (
    Route("GET", "/devices", "Every device", Access.SEE, list_devices, answer=Devices),
    Route(
        *("GET", _DEVICE, "One device and its health", Access.SEE, get_device),
        answer=dict[str, Any],
    ),
    Route(
        *("POST", f"{_DEVICE}/commands", "Do something", Access.CONTROL, command_device),
        body=Wish,
        answer=Outcomes,
        command=True,
    ),
    Route(
        *("PATCH", _DEVICE, "Name, place, hide, disable", Access.ARRANGE, change_device),
        body=Change,
        answer=OneDevice,
    ),
    Route("DELETE", _DEVICE, "Forget a device", Access.ARRANGE, forget_device, status=204),
    Route(
        *("GET", "/networks", "What networks let people do", Access.SEE, list_network_operations),
        answer=NetworkOperations,
    ),
    Route(
        *("POST", "/networks/{driver}/operations/{operation}", "Do such a thing"),
        *(Access.ARRANGE, run_network_operation),
        body=Run,
        answer=Ran,
        command=True,
        limit_s=0,
    ),
)
