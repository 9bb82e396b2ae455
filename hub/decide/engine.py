"""Turns moods, sensor values, the hour and hands on switches into decisions.

Everything runs in the bus handlers, synchronously: a sensor value becomes a Decision in the same
turn of the loop. `run` only watches time: dwell, ends of guards, sunset, moods that stopped.
docs/rules.md says what a rule means; policy, state, guards, rule_index and known are the parts.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

from drivers.types import Device, DeviceId
from hub.bus import Bus
from hub.clock import Clock
from hub.decide.explain import because
from hub.decide.guards import Guard, Moment, RoomState, why_not
from hub.decide.known import Known
from hub.decide.policy import goal_of, trigger_of, truth
from hub.decide.region import Truth
from hub.decide.rule_index import RuleIndex
from hub.decide.state import RuleState
from hub.decide.wishes import NOT_NOW_LEAST_S, eased
from hub.mood.context import PRESENCE_KINDS, Facts
from hub.mood.pause import pause
from hub.settings import Rule, Settings
from hub.supervisor import Service
from hub.types import (
    ButtonPressed,
    Decision,
    DeviceChanged,
    DeviceGone,
    Held,
    LeftAlone,
    ManualChange,
    Mood,
    RoomId,
    Trigger,
)

EXPIRES_S = {
    Trigger.MOOD: 30.0, Trigger.SENSOR: 10.0, Trigger.TIME: 60.0, Trigger.PERSON: 10.0,
}  # fmt: skip
"""How long a decision is still worth carrying out."""

UNSURE_S = 5.0
"""A mood that fits but is not sure enough is worth a word after this long (or the rule's dwell)."""

IDLE_BEAT_S = 5.0
_SHORTEST_WAIT_S = 0.005


class Decider:
    """Listens to moods, devices, hands and buttons; publishes Decision and Held.

    `facts` tells what is known of a room, `devices` the newest state of a device, which it must
    know before DeviceChanged is published. Decisions are numbered from `first_id` upwards.
    `more` says of which rules people want more.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        clock: Clock,
        facts: Callable[[RoomId], Facts],
        devices: Callable[[DeviceId], Device | None],
        first_id: int = 1,
        more: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._more = more
        self._ids = count(first_id)
        self._known = Known(facts, devices)
        self._rules = RuleIndex()
        self._wake = asyncio.Event()
        self._asleep_until = 0.0
        self._settings = settings
        self.reload(settings)
        bus.on(Mood, self._on_mood)
        bus.on(DeviceChanged, self._on_device)
        bus.on(DeviceGone, self._on_gone)
        bus.on(ManualChange, self._on_manual)
        bus.on(ButtonPressed, self._on_press)

    def reload(self, settings: Settings) -> None:
        """Take over changed settings; rules that did not change keep dwell and cool-down."""
        self._settings = settings
        self._rules.fill(
            {
                name: self._as_wished(name, rule)
                for name, rule in settings.rules.items()
                if rule.enabled
            }
        )
        self._wake.set()

    def wish(self, name: str) -> None:
        """Take over what is wished of a rule now; its episode and its cool-down go on."""
        state, rule = self._rules.states.get(name), self._settings.rules.get(name)
        if state is not None and rule is not None:
            state.rule = self._as_wished(name, rule)
            self._wake.set()

    def not_now(self, room_id: RoomId) -> None:
        """Leave a room alone for a while."""
        now = self._clock.monotonic()
        until = now + max(NOT_NOW_LEAST_S, self._settings.guards.manual_override_s)
        self._rules.room(room_id).not_now_until = until
        self._bus.publish(LeftAlone(room_id, until, now))

    def now_again(self, room_id: RoomId) -> None:
        """Let rules act in a room again before the time is up, after "not now" or a hand.

        Both end: "not now" puts back what was done, and that is a hand.
        """
        room = self._rules.room(room_id)
        room.not_now_until = room.hands_off_until = 0.0
        self._bus.publish(LeftAlone(room_id, None, self._clock.monotonic()))
        self._wake.set()

    def left_alone_until(self, room_id: RoomId) -> float | None:
        """Return until when (monotonic) people keep rules from a room; None where nobody does."""
        room = self._rules.room(room_id)
        until = max(room.not_now_until, room.hands_off_until)
        return until if self._clock.monotonic() < until else None

    async def run(self, service: Service) -> None:
        """Watch time until cancelled."""
        service.healthy()
        while True:
            self._wake.clear()
            self.tick()
            self._asleep_until = self.next_look()
            await pause(
                self._wake, max(_SHORTEST_WAIT_S, self._asleep_until - self._clock.monotonic())
            )
            self._asleep_until = 0.0
            service.beat()

    def tick(self) -> None:
        """Look at every rule as of now.

        What already holds when a rule is looked at for the first time is no change: it counts as
        having been answered. A mood is always news.
        """
        states = self._rules.states.values()
        new = [s for s in states if not s.looked and s.rule.when.mood is None]
        self._look(new, as_found=True)
        self._look(states)

    def _on_mood(self, mood: Mood) -> None:
        self._known.note(mood)
        room = self._rules.rooms.get(mood.room)
        if room is not None:
            self._look([s for s in room.rules if _is_about(s, mood)])

    def _on_device(self, changed: DeviceChanged) -> None:
        device = changed.device
        if not device.available:
            return  # its last value stands until it is back
        states = self._rules.by_device.get(device.id)
        if states is not None:
            affected = [s for s in states if not s.looked or _is_news(s, changed)]
            self._look(affected, as_found=changed.before is None)
        by_presence = self._rules.by_presence
        if by_presence and any(kind in device.state.values for kind in PRESENCE_KINDS):
            self._look(by_presence)

    def _on_gone(self, gone: DeviceGone) -> None:
        self._look(self._rules.by_device.get(gone.device, ()))

    def _on_press(self, press: ButtonPressed) -> None:
        """Fire at once: a person asks for it, so that no guard of automation holds it."""
        now = self._clock.monotonic()
        for state in self._rules.by_button.get(press.device, ()):
            situation = replace(self._known.situation(state, now), pressed=press.action)
            if truth(state.rule.when, situation, 0.0) is Truth.YES:
                self._fire(state, self._rules.rooms[state.room], now)

    def _on_manual(self, changed: ManualChange) -> None:
        room = self._rules.room(changed.room)
        until = changed.at + self._settings.guards.manual_override_s
        room.hands_off_until = max(room.hands_off_until, until)
        self._bus.publish(LeftAlone(changed.room, room.hands_off_until, changed.at))

    def _as_wished(self, name: str, rule: Rule) -> Rule:
        return eased(rule) if self._more(name) else rule

    def _look(self, states: Iterable[RuleState], *, as_found: bool = False) -> None:
        """See what holds now, then let the rooms where that matters settle who fires."""
        now = self._clock.monotonic()
        restless: dict[RoomId, None] = {}
        for state in states:
            margin = self._settings.guards.hysteresis if state.holds else 0.0
            found = truth(state.rule.when, self._known.situation(state, now), margin)
            changed = state.see(found, now, as_found=as_found)
            if changed or state.due_at() is not None or state.truth is Truth.UNSURE:
                restless[state.room] = None
        for room in restless:
            self._settle(self._rules.rooms[room], now)

    def _settle(self, room: RoomState, now: float) -> None:
        """Let the highest-ranking due rule of a room fire; tell what holds the others."""
        due = [s for s in room.rules if (at := s.due_at()) is not None and at <= now]
        if due:
            local = self._clock.local()
            moment = Moment(now, local.hour * 60 + local.minute, local.second)
            for state in sorted(due, key=lambda s: s.rank, reverse=True):
                mood = self._known.estimate(state, now)
                hold = why_not(state, room, mood, self._settings.guards, moment)
                if hold is not None:
                    self._tell_held(state, hold.guard, hold.until, now)
                # A decision is answered in the same turn: this one may be settled by now.
                elif state.due_at() is not None:
                    self._fire(state, room, now)
        for state in room.rules:
            if state.truth is Truth.UNSURE and now - state.since >= max(state.rule.for_s, UNSURE_S):
                self._tell_held(state, Guard.CONFIDENCE, None, now)
        # Of the other rooms nothing is due earlier than it was when the sleep began.
        if self._next_look(room.rules) < self._asleep_until:
            self._wake.set()

    def _fire(self, state: RuleState, room: RoomState, now: float) -> None:
        rule, mood = state.rule, self._known.mood(state, now)
        state.fire(now)
        if mood is not None:
            room.mood_changed_at = now
        goal, trigger = goal_of(rule.then), trigger_of(rule)
        decision = Decision(
            id=next(self._ids),
            room=state.room,
            rule=state.name,
            goal=goal,
            trigger=trigger,
            because=because(
                state.name,
                rule,
                goal,
                self._settings,
                None if mood is None else mood.estimate,
                self._known.facts(state),
                self._known.source_name(state),
                self._known.value(state),
                more=self._more(state.name),
            ),
            confidence=1.0 if mood is None else mood.estimate.confidence,
            mood_id=None if mood is None else mood.id,
            at=now,
            expires_at=now + EXPIRES_S[trigger],
        )
        self._bus.publish(decision)

    def _tell_held(self, state: RuleState, guard: Guard, until: float | None, now: float) -> None:
        if state.hold(guard, until, now):
            self._bus.publish(Held(state.room, state.name, guard, until, now))

    def next_look(self) -> float:
        """Return the monotonic time when some rule may change its mind without an event."""
        return self._next_look(self._rules.states.values())

    def _next_look(self, states: Iterable[RuleState]) -> float:
        now = self._clock.monotonic()
        return min([now + IDLE_BEAT_S, *(state.next_look(now) for state in states)])


def _is_about(state: RuleState, mood: Mood) -> bool:
    when = state.rule.when
    return when.mood is not None and when.person == mood.person


def _is_news(state: RuleState, changed: DeviceChanged) -> bool:
    """Say whether the value that a rule looks at is another one than before."""
    sensor = state.rule.when.sensor
    if changed.before is None or sensor is None:
        return True
    before = changed.before.state.values.get(sensor.kind)
    return before != changed.device.state.values.get(sensor.kind)
