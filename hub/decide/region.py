"""Whether a mood lies in a rule's region of the valence-arousal plane."""

from enum import IntEnum

from hub.setting_types import MoodRegion
from models.types import MoodEstimate


class Truth(IntEnum):
    """Whether something holds: UNSURE is a mood in the right place with too little confidence."""

    NO = 0
    UNSURE = 1
    YES = 2


def inside(region: MoodRegion, mood: MoodEstimate, margin: float) -> Truth:
    """Say whether a mood satisfies everything that a region gives; its edges belong to it.

    `margin` widens the spans and lowers the confidence asked for. It is 0 for entering and the
    guards' hysteresis for staying, so that a mood at the edge does not flicker in and out. A mood
    that rests on no evidence is in no region.
    """
    if not mood.weights:
        return Truth.NO
    if region.labels and mood.label not in region.labels:
        return Truth.NO
    for span, value in ((region.valence, mood.valence), (region.arousal, mood.arousal)):
        if span is not None and not span[0] - margin <= value <= span[1] + margin:
            return Truth.NO
    return Truth.YES if mood.confidence >= region.confidence - margin else Truth.UNSURE
