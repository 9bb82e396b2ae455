"""One command for many lights on a broker: by groups where the network keeps them, else at once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from drivers.mqtt_finding import Ask, Group
from drivers.mqtt_talk import Message
from drivers.types import Command, DeviceId, DriverError, SetLight

Written = Callable[[Command], tuple[Message, ...]]


async def together(
    commands: Sequence[SetLight], groups: Sequence[Group], written: Written, say: Ask
) -> list[DriverError | None]:
    """See drivers.types.Together. `groups` come with the greatest first."""
    problems: dict[DeviceId, DriverError | None] = {}
    wanted: dict[DeviceId, tuple[SetLight, tuple[Message, ...]]] = {}
    for command in commands:
        try:
            wanted[command.device] = command, written(command)
        except DriverError as err:
            problems[command.device] = err
    said: list[tuple[frozenset[DeviceId], tuple[Message, ...]]] = []
    for group in groups:
        if len(group.members) > 1 and group.members <= wanted.keys():
            command, _ = wanted[next(iter(group.members))]
            said.append((group.members, group.write(replace(command, device=DeviceId("")))))
            for device in group.members:
                del wanted[device]
    said += [(frozenset({device}), messages) for device, (_, messages) in wanted.items()]

    async def send(devices: frozenset[DeviceId], messages: tuple[Message, ...]) -> None:
        try:
            for message in messages:
                await say(message)
        except DriverError as err:
            problems.update(dict.fromkeys(devices, err))

    async with asyncio.TaskGroup() as sending:
        for devices, messages in said:
            sending.create_task(send(devices, messages), name="mqtt together")
    return [problems.get(command.device) for command in commands]
