"""One plain sentence for every decision: what, why, how sure, by which rule.

Words as people use them at home: a mood "seems", it never "is"; no diagnosis, no judgement.
"""

from hub.decide.policy import Value
from hub.mood.context import Facts
from hub.phrase import Part, Phrase, phrase_or
from hub.settings import Rule, Settings, When
from hub.types import Goal, MusicGoal, RestoreGoal, SceneGoal
from hub.words import adjective, how_sure
from models.types import MoodEstimate, Sense

LEAST_WEIGHT = 0.15
"""A sense that counted less is not named."""

_LONGEST_NAME = 60


def because(
    name: str,
    rule: Rule,
    goal: Goal,
    settings: Settings,
    mood: MoodEstimate | None,
    facts: Facts | None,
    device: str,
    value: Value | None,
    *,
    more: bool = False,
) -> Phrase:
    """Return the sentence for a rule that fires; `more` when it acts sooner because of a wish.

    `device` is the name of the rule's sensor or button, and `value` what it reports, if it has one.
    """
    room = settings.rooms[rule.room].name if rule.room in settings.rooms else ""
    parts: list[Part] = []
    if rule.when.mood is not None and mood is not None:
        parts.append(_mood(rule, mood, settings))
    if rule.when.sensor is not None and value is not None:
        kind = phrase_or("kind", _clean(rule.when.sensor.kind))
        parts.append(
            Phrase("because.sensor", device=_clean(device), kind=kind, value=_value(value))
        )
    if rule.when.button is not None:
        if device and rule.when.sensor is None:
            parts.append(Phrase("because.button_of", device=_clean(device)))
        else:
            parts.append(Phrase("because.button"))
    if facts is not None:
        parts += _facts(rule.when, facts)
    if more:
        parts.append(Phrase("because.more"))
    return Phrase(
        "because.decision",
        what=_goal(goal, settings),
        room=_clean(room or rule.room),
        why=tuple(parts),
        rule=name,
    )


def _goal(goal: Goal, settings: Settings) -> Phrase:
    match goal:
        case SceneGoal(scene):
            named = settings.scenes[scene].name if scene in settings.scenes else ""
            return Phrase("because.scene", scene=_clean(named or scene))
        case MusicGoal(valence, energy, _):
            lively, bright = (
                "lively" if energy > 0 else "calm",
                "bright" if valence > 0 else "muted",
            )
            return Phrase(f"because.music_{lively}_{bright}")
        case RestoreGoal():
            return Phrase("because.restore")


def _mood(rule: Rule, mood: MoodEstimate, settings: Settings) -> Phrase:
    ranked = sorted(mood.weights.items(), key=lambda item: (-item[1], item[0]))
    counted = [sense for sense, weight in ranked if weight >= LEAST_WEIGHT]
    return Phrase(
        "because.sense" if len(counted) == 1 else "because.senses",
        senses=tuple(_sense(sense, settings) for sense in counted),
        seems=_seeming(rule, mood, settings),
        sure=how_sure(mood.confidence),
        percent=round(mood.confidence * 100),
    )


def _sense(sense: Sense, settings: Settings) -> Phrase:
    said_too = sense is Sense.TEXT and settings.senses.voice.words
    return Phrase("sense.words" if said_too else f"sense.{sense.value}")


def _seeming(rule: Rule, mood: MoodEstimate, settings: Settings) -> Phrase:
    key, person = "because.room_seems", rule.when.person
    parts: dict[str, Part] = {"mood": adjective(mood.label.value)}
    if person is not None:
        key = "because.person_seems"
        named = settings.people[person].name if person in settings.people else ""
        parts["person"] = _clean(named or person)
    if rule.for_s >= 1.0:
        key += "_for"
        parts["time"] = _lasting(rule.for_s)
    return Phrase(key, **parts)


def _facts(when: When, facts: Facts) -> list[Phrase]:
    parts = []
    if when.between is not None:
        now = f"{facts.minutes // 60:02d}:{facts.minutes % 60:02d}"
        start, end = when.between
        parts.append(Phrase("because.clock", now=now, start=start, end=end))
    if when.sun is not None:
        parts.append(Phrase("because.sun_down" if when.sun == "down" else "because.sun_up"))
    if when.presence is not None:
        parts.append(Phrase("because.somebody" if when.presence else "because.nobody"))
    return parts


def _lasting(seconds: float) -> Phrase:
    if seconds < 120.0:  # noqa: PLR2004 - two minutes
        return Phrase("because.seconds", n=round(seconds))
    return Phrase("because.minutes", n=round(seconds / 60.0))


def _value(value: Value) -> Part:
    if isinstance(value, bool):
        return Phrase("because.yes" if value else "because.no")
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    """Return a name that fits into a sentence whatever a network calls its devices."""
    printable = text if text.isprintable() else "".join(c for c in text if c.isprintable())
    return printable if len(printable) <= _LONGEST_NAME else f"{printable[: _LONGEST_NAME - 1]}…"
