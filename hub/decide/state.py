"""What the hub remembers of one rule: since when it holds, when it fired, what it was told."""

import math
from dataclasses import dataclass, field

from hub.decide.policy import asks_facts
from hub.decide.region import Truth
from hub.settings import Rule
from hub.types import RoomId

TELL_AGAIN_S = 300.0
"""A guard without an end is reported again only after this long."""

POLL_S = 1.0
"""How often a rule is looked at whose answer may change without an event."""


@dataclass(slots=True)
class RuleState:
    """A rule and its episode: the time from when it became true until it is no longer.

    A rule is `due` once in each episode, after it has held for `for_s`; then it fires, at once or
    when the guards let it, or its episode ends. `spent` means that this episode is used up:
    `fired`, or already true when the hub first looked.
    """

    name: str
    rule: Rule
    room: RoomId
    truth: Truth = Truth.NO
    since: float = 0.0
    spent: bool = False
    fired: bool = False
    fired_at: float | None = None
    looked: bool = False
    held_guard: str = ""
    held_at: float = 0.0
    held_until: float | None = None
    asks_facts: bool = field(init=False)
    """Whether the rule needs to know the hour, the sun or who is there."""

    def __post_init__(self) -> None:
        """Note what is asked for at every event."""
        self.asks_facts = asks_facts(self.rule.when)

    @property
    def holds(self) -> bool:
        """True while everything that the rule asks for holds."""
        return self.truth is Truth.YES

    @property
    def rank(self) -> tuple[int, float]:
        """Among rules of a room: the higher priority, then the one that became true later."""
        return self.rule.priority, self.since

    def see(self, found: Truth, now: float, *, as_found: bool) -> bool:
        """Take in what holds now; True when that differs from before.

        `as_found` means that this is not a change but how things were found: an episode that
        starts with it is spent at once.
        """
        before, self.truth, self.looked = self.truth, found, True
        if found is before:
            return False
        self.since = now
        self.fired = False
        self.spent = as_found
        return True

    def due_at(self) -> float | None:
        """Return when the rule may fire in this episode, None if it may not."""
        return self.since + self.rule.for_s if self.holds and not self.spent else None

    def next_look(self, now: float) -> float:
        """Return when the rule may change its mind without an event; infinity if it never will."""
        soonest = math.inf
        due_at = self.due_at()
        if due_at is not None and due_at > now:
            soonest = due_at
        elif due_at is not None and self.held_until is not None and self.held_until > now:
            soonest = self.held_until
        mood_may_end = self.rule.when.mood is not None and self.truth is not Truth.NO
        if self.asks_facts or mood_may_end or due_at is not None:
            soonest = min(soonest, now + POLL_S)
        return soonest

    def fire(self, now: float) -> None:
        """Use this episode up."""
        self.spent = self.fired = True
        self.fired_at = now
        self.held_guard = ""

    def hold(self, guard: str, until: float | None, now: float) -> bool:
        """Note that a guard said no; True when that is news worth telling."""
        ends = self.held_until if self.held_until is not None else self.held_at + TELL_AGAIN_S
        if guard == self.held_guard and now < ends:
            return False
        self.held_guard, self.held_at, self.held_until = guard, now, until
        return True
