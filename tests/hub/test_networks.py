"""Operations of drivers: found by name, checked, limited in time, told of while they run."""

import asyncio
from typing import Any

import pytest
from pydantic import Field

from drivers.operations import Answer, NoArguments, Operation, Progress
from drivers.settings import Strict
from drivers.types import Refused
from hub.errors import Refusal
from hub.networks import Networks
from tests.hub.act_rig import HandDriver


class Join(Strict):
    """Arguments."""

    seconds: int = Field(default=60, ge=1, le=254, description="for how long")


class Radio(HandDriver):
    """A network that devices can join."""

    def __init__(self, name: str = "radio") -> None:
        super().__init__(name)
        self.done: list[Any] = []

    def operations(self) -> tuple[Operation, ...]:
        return (
            Operation("permit_join", "Let devices join", Join, self._join),
            Operation("reset", "Forget the network", NoArguments, self._reset, destroys=True),
            Operation("wait", "Wait", NoArguments, self._wait, limit_s=0.02),
        )

    async def _join(self, arguments: Join, tell: Progress) -> Answer:
        tell(f"open for {arguments.seconds} s")
        return {"joined": 0}

    async def _reset(self, _arguments: NoArguments, _tell: Progress) -> Answer:
        raise Refused("the stick is locked")

    async def _wait(self, _arguments: NoArguments, _tell: Progress) -> Answer:
        await asyncio.sleep(10)
        return {}


async def test_an_operation_runs_and_tells() -> None:
    told: list[str] = []
    networks = Networks({"radio": Radio(), "plain": HandDriver()})
    answer = await networks.run(None, "permit_join", {"seconds": 30}, told.append)
    assert answer == {"joined": 0}
    assert told == ["open for 30 s"]
    described = {o["name"]: o for o in networks.list()}
    assert set(described) == {"permit_join", "reset", "wait"}
    assert described["reset"]["destroys"] is True
    assert described["permit_join"]["arguments"]["properties"]["seconds"]["maximum"] == 254


@pytest.mark.parametrize(
    ("driver", "name", "arguments", "says"),
    [
        ("radio", "permit_join", {"seconds": 999}, "seconds: Input should be less than"),
        ("radio", "permit_join", {"minutes": 1}, "minutes: Extra inputs"),
        ("radio", "fly", {}, "has no operation 'fly'"),
        ("plain", "permit_join", {}, "the driver plain has no operation"),
        (None, "permit_join", {}, "radio, twin can all permit_join"),
        ("nobody", "permit_join", {}, "no driver 'nobody' runs here"),
        ("radio", "reset", {}, "the stick is locked"),
        ("radio", "wait", {}, "took longer than 0.02 s"),
    ],
)
async def test_what_cannot_be_done_says_why(
    driver: str | None, name: str, arguments: dict[str, Any], says: str
) -> None:
    networks = Networks({"radio": Radio(), "twin": Radio("twin"), "plain": HandDriver()})
    with pytest.raises(Refusal, match=says):
        await networks.run(driver, name, arguments, lambda _: None)
