"""What people wish of rules: more of what one did acts sooner, "not now" leaves a room alone."""

import asyncio
from pathlib import Path

from drivers.types import DeviceId
from hub.clock import ManualClock
from hub.decide.wishes import NOT_NOW_LEAST_S, Wishes
from hub.settings import StoreSettings
from hub.store.store import Store
from hub.types import LeftAlone, ManualChange
from tests.hub.decide_rig import LOW, MOVED, House, Rules, settings
from tests.hub.mood_helpers import HALL, ROOM

CALM = {"soften": {"when": LOW, "for_s": 60, "cooldown_s": 600}}


class Wished(House):
    """A house in which the test says of which rules more is wished."""

    def __init__(self, clock: ManualClock, rules: Rules, **guards: float) -> None:
        self.more: set[str] = set()
        super().__init__(clock, settings(rules, **guards), more=lambda name: name in self.more)

    def want(self, rule: str, *, more: bool) -> None:
        (self.more.add if more else self.more.discard)(rule)
        self.decider.wish(rule)


def test_more_of_a_rule_comes_sooner_and_says_so(clock: ManualClock) -> None:
    home = Wished(clock, CALM)
    home.want("soften", more=True)
    home.feel(-0.5)
    home.wait(29.0, feeling=-0.5)
    assert home.decided == []
    home.wait(1.0, feeling=-0.5)
    (decision,) = home.take()
    assert "more of this was wished (so it acts sooner)" in decision.because


def test_it_is_taken_back_and_then_the_rule_waits_as_it_is_written(clock: ManualClock) -> None:
    home = Wished(clock, CALM)
    home.want("soften", more=True)
    home.want("soften", more=False)
    home.feel(-0.5)
    home.wait(59.0, feeling=-0.5)
    assert home.decided == []
    home.wait(1.0, feeling=-0.5)
    (decision,) = home.take()
    assert "wished" not in decision.because


def test_a_wish_for_what_was_just_done_does_not_do_it_again(clock: ManualClock) -> None:
    home = Wished(clock, CALM)
    home.feel(-0.5)
    home.wait(60.0, feeling=-0.5)
    assert home.decided == ["soften"]
    home.want("soften", more=True)
    home.wait(3600.0, step=5.0, feeling=-0.5)
    assert home.decided == []


def test_more_asks_for_less_confidence_but_never_less_than_the_floor(clock: ManualClock) -> None:
    home = Wished(clock, {"soften": {"when": LOW}}, confidence_floor=0.45)
    home.want("soften", more=True)
    home.feel(-0.5, confidence=0.42)
    assert home.decided == []
    home.feel(-0.5, confidence=0.46)
    assert home.decided == ["soften"]


def test_more_stays_over_a_reload(clock: ManualClock) -> None:
    home = Wished(clock, CALM)
    home.want("soften", more=True)
    home.decider.reload(settings(CALM))
    home.feel(-0.5)
    home.wait(30.0, feeling=-0.5)
    assert home.decided == ["soften"]


def test_not_now_leaves_a_room_alone_though_nobody_touched_it(clock: ManualClock) -> None:
    home = Wished(
        clock,
        {"soften": {"when": LOW}, "there": {"when": LOW, "room": "hall"}},
        manual_override_s=0,
    )
    home.decider.not_now(ROOM)
    home.feel(-0.5)
    home.feel(-0.5, room=HALL)
    assert home.decided == ["there"]
    assert home.held == [("soften", "not_now", NOT_NOW_LEAST_S)]
    home.wait(NOT_NOW_LEAST_S, step=5.0, feeling=-0.5)
    assert home.decided == ["soften"]


def test_not_now_lasts_as_long_as_a_hand_where_that_is_longer(clock: ManualClock) -> None:
    home = Wished(clock, {"enter": {"when": MOVED}}, manual_override_s=7200)
    home.sense(value=False)
    home.decider.not_now(ROOM)
    home.sense(value=True)
    assert home.held == [("enter", "not_now", 7200.0)]


async def test_wishes_are_kept_over_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    configured = StoreSettings(directory=tmp_path)
    for more in (True, False):
        store = Store(configured, clock)
        await store.open()
        assert Wishes(store.config).more("soften") is not more
        await Wishes(store.config).want("soften", "ada", more=more)
        await store.close()


async def test_two_who_wish_at_once_are_both_heard(tmp_path: Path, clock: ManualClock) -> None:
    store = Store(StoreSettings(directory=tmp_path), clock)
    await store.open()
    wishes = Wishes(store.config)
    await asyncio.gather(
        wishes.want("soften", "ada", more=True), wishes.want("cheer", "bob", more=True)
    )
    assert wishes.more("soften")
    assert wishes.more("cheer")
    await store.close()


def test_what_was_not_to_be_now_may_be_again_though_it_was_put_back(clock: ManualClock) -> None:
    home = Wished(clock, {"soften": {"when": LOW}}, manual_override_s=1200)
    told: list[LeftAlone] = []
    home.recorder.bus.on(LeftAlone, told.append)
    home.decider.not_now(ROOM)
    clock.advance(10.0)
    home.recorder.bus.publish(ManualChange(ROOM, DeviceId("mqtt:lamp"), clock.monotonic()))
    until = clock.monotonic() + 1200.0
    assert home.decider.left_alone_until(ROOM) == until
    home.feel(-0.5)
    assert home.decided == []
    home.decider.now_again(ROOM)
    assert home.decider.left_alone_until(ROOM) is None
    home.feel(-0.5)
    assert home.decided == ["soften"]
    assert [one.until for one in told] == [until - 10.0, until, None]
