"""The fake Matter server answers what the real one answered in the recorded session."""

from typing import Any

from drivers.matter_commands import Invoke, actions_for
from drivers.matter_parts import NodeData, parts_of, state_of
from drivers.types import Device, DeviceId, DeviceState, SetLight
from tests.fakes.matter_server import CODE, ApiError, MatterHouse, recorded

NOT_FAKED = {"node_event"}
"""A sensor's own events; the driver does not use them, the attribute says the same."""


def exchanges() -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return each command of the hub or deed of the house with what the server said after it."""
    found: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    for entry in recorded():
        if entry["from"] != "server":
            found.append((entry, []))
        elif found and entry["message"].get("event") not in NOT_FAKED:
            found[-1][1].append(entry["message"])
    return found


def said_by(house: MatterHouse, asked: dict[str, Any]) -> list[dict[str, Any]]:
    args = dict(asked["args"])
    if "code" in args:
        args["code"] = CODE  # the recording does not hold it
    number = {"message_id": asked["message_id"]}
    try:
        before, result, after = house.answer(asked["command"], args)
    except ApiError as err:
        return [number | {"error_code": err.code, "details": str(err)}]
    return [
        *({"event": name, "data": data} for name, data in before),
        number | {"result": result},
        *({"event": name, "data": data} for name, data in after),
    ]


def test_the_fake_says_what_the_real_server_said() -> None:
    house = MatterHouse(commissioned=False)
    compared = 0
    for asked, said in exchanges():
        if asked["from"] == "house":
            changes = [message["data"][1:] for message in said]
            house.change(dict(changes))
            continue
        assert said_by(house, asked["message"]) == said, asked
        compared += 1
    assert compared == 16


def test_the_driver_s_own_commands_are_those_of_the_recording() -> None:
    node = NodeData.model_validate(MatterHouse().nodes[1])
    part = parts_of(node.attributes)[0]
    state = state_of(part, node.attributes, DeviceState())
    lamp = Device(DeviceId("matter:x"), "Lamp", "matter", part.capabilities, state)
    wanted = [
        SetLight(lamp.id, on=True),
        SetLight(lamp.id, level=0.5),
        SetLight(lamp.id, xy=(20_000 / 65_536, 20_000 / 65_536)),
        SetLight(lamp.id, kelvin=3003),
        SetLight(lamp.id, level=20 / 254, transition_s=2),
        SetLight(lamp.id, on=False),
    ]
    made = [actions_for(lamp, part, command)[0] for command in wanted]
    asked = [
        entry["message"]["args"]
        for entry in recorded()
        if entry["from"] == "hub" and entry["message"]["command"] == "device_command"
    ]
    assert made == [
        Invoke(args["cluster_id"], args["command_name"], args["payload"]) for args in asked[:6]
    ]
