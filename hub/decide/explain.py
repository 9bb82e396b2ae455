"""One plain sentence for every decision: what, why, how sure, by which rule.

Words as people use them at home: a mood "seems", it never "is"; no diagnosis, no judgement.
"""

from hub.decide.policy import Value
from hub.mood.context import Facts
from hub.settings import Rule, Settings, When
from hub.types import Goal, MusicGoal, RestoreGoal, SceneGoal
from hub.words import how_sure, seems
from models.types import MoodEstimate, Sense

SENSES = {
    Sense.FACE: "the face",
    Sense.VOICE: "the voice",
    Sense.TEXT: "what was written",
    Sense.BODY: "the body",
    Sense.CONTEXT: "the time of day",
}

WRITTEN_OR_SAID = "what was written or said"
"""The text sense, where it is told spoken words too."""

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
) -> str:
    """Return the sentence for a rule that fires.

    `device` is the name of the rule's sensor or button, and `value` what it reports, if it has one.
    """
    room = settings.rooms[rule.room].name if rule.room in settings.rooms else ""
    parts = []
    if rule.when.mood is not None and mood is not None:
        parts.append(_mood(rule, mood, settings))
    if rule.when.sensor is not None and value is not None:
        parts.append(f"{_clean(device)} reports {_clean(rule.when.sensor.kind)} {_value(value)}")
    if rule.when.button is not None:
        which = f" of {_clean(device)}" if device and rule.when.sensor is None else ""
        parts.append(f"somebody pressed a button{which}")
    if facts is not None:
        parts += _facts(rule.when, facts)
    what = f"{_goal(goal, settings)} in {_clean(room or rule.room)}"
    return f"{what} because {_joined(parts)} (rule {name})."


def _goal(goal: Goal, settings: Settings) -> str:
    match goal:
        case SceneGoal(scene):
            named = settings.scenes[scene].name if scene in settings.scenes else ""
            return f"Scene “{_clean(named or scene)}”"
        case MusicGoal(valence, energy, _):
            lively = "lively" if energy > 0 else "calm"
            return f"{lively.capitalize()}, {'bright' if valence > 0 else 'muted'} music"
        case RestoreGoal():
            return "Back to how it was"


def _mood(rule: Rule, mood: MoodEstimate, settings: Settings) -> str:
    person, seeming = rule.when.person, seems(mood.label.value)
    if person is None:
        seeming = f"it {seeming} there"
    else:
        named = settings.people[person].name if person in settings.people else ""
        seeming = f"{_clean(named or person)} {seeming}"
    lasting = f" for {_lasting(rule.for_s)}" if rule.for_s >= 1.0 else ""
    ranked = sorted(mood.weights.items(), key=lambda item: (-item[1], item[0]))
    names = SENSES | ({Sense.TEXT: WRITTEN_OR_SAID} if settings.senses.voice.words else {})
    named_senses = [names[sense] for sense, weight in ranked if weight >= LEAST_WEIGHT]
    verb = "suggests" if len(named_senses) == 1 else "suggest"
    sure = f"{how_sure(mood.confidence)}, {mood.confidence:.0%}"
    return f"{_joined(named_senses)} {verb} that {seeming}{lasting} ({sure})"


def _facts(when: When, facts: Facts) -> list[str]:
    parts = []
    if when.between is not None:
        clock = f"{facts.minutes // 60:02d}:{facts.minutes % 60:02d}"
        parts.append(f"it is {clock}, between {when.between[0]} and {when.between[1]}")
    if when.sun is not None:
        parts.append("it is after sunset" if when.sun == "down" else "the sun is up")
    if when.presence is not None:
        parts.append("somebody is there" if when.presence else "nobody is there")
    return parts


def _joined(parts: list[str]) -> str:
    if len(parts) < 2:  # noqa: PLR2004 - one needs no "and"
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _lasting(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"  # noqa: PLR2004


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _clean(value) if isinstance(value, str) else f"{value:g}"


def _clean(text: str) -> str:
    """Return a name that fits into a sentence whatever a network calls its devices."""
    printable = text if text.isprintable() else "".join(c for c in text if c.isprintable())
    return printable if len(printable) <= _LONGEST_NAME else f"{printable[: _LONGEST_NAME - 1]}…"
