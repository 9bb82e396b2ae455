"""What people wish of rules: more of what one did, or nothing for now.

"More like this" makes a rule act sooner, by one step that is the same for every rule and that is
taken back in one tap; its text stays as somebody wrote it. Every guard stands over it. "Not now"
is a guard of its own, for a time; see hub.decide.guards.
"""

import asyncio

from hub.settings import Rule
from hub.store.config_db import ConfigDb

KEY = "wishes.more"

SOONER = 0.5
"""A rule more of which is wished waits so much of its `for_s` and `cooldown_s`."""

LESS_SURE = 0.1
"""And asks for so much less confidence in a mood; the floor of the guards still counts."""

NOT_NOW_LEAST_S = 900.0
"""For so long a room is left alone after "not now", or as long as after a hand if that is more."""


def eased(rule: Rule) -> Rule:
    """Return a rule that acts sooner; the same one where there is nothing to shorten.

    >>> from hub.settings import Then
    >>> from hub.setting_types import MoodRegion
    >>> from hub.settings import When
    >>> tense = When(mood=MoodRegion(arousal=(0.2, 1.0), confidence=0.6))
    >>> sooner = eased(Rule(room="den", when=tense, then=Then(scene="soft"), for_s=120))
    >>> sooner.for_s, sooner.cooldown_s, sooner.when.mood.confidence
    (60.0, 150.0, 0.5)
    """
    if rule.when.button is not None:
        return rule  # it answers to a finger: at once, and past every guard
    when, mood = rule.when, rule.when.mood
    if mood is not None:
        least = max(0.0, round(mood.confidence - LESS_SURE, 3))
        when = when.model_copy(update={"mood": mood.model_copy(update={"confidence": least})})
    shorter = {"for_s": rule.for_s * SOONER, "cooldown_s": rule.cooldown_s * SOONER}
    return rule.model_copy(update={"when": when, **shorter})


class Wishes:
    """The rules of which people want more; kept over restarts, an entry of config.db."""

    def __init__(self, config: ConfigDb) -> None:
        self._config = config
        self._wishing = asyncio.Lock()
        """Two who wish at once must both be heard."""

    def more(self, rule: str) -> bool:
        """Say whether more of a rule is wished."""
        kept = self._config.get(KEY)
        return isinstance(kept, list) and rule in kept

    async def want(self, rule: str, by: str, *, more: bool) -> None:
        """Note a wish or take it back, as done by `by`. Raises StoreError."""
        async with self._wishing:
            kept = self._config.get(KEY)
            names = {str(name) for name in kept} if isinstance(kept, list) else set()
            wished = names | {rule} if more else names - {rule}
            if wished != names:
                await self._config.set(KEY, [*sorted(wished)], by)
