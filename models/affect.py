"""From emotion labels to the valence-arousal plane, for senses that answer in labels.

Each label is a cloud on the plane. Centres: pleasure and arousal of the state of that name
(Russell & Mehrabian 1977, doi:10.1016/0092-6566(77)90037-X). A distribution over labels is the
mixture of the clouds, so its variance holds both how wide a label is and how far apart the labels
in question lie. Pure Python: the hub process may use it too.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from models.types import EMOTIONS, Affect, Emotion

CENTRES: Mapping[Emotion, tuple[float, float]] = MappingProxyType(
    {
        Emotion.ANGER: (-0.51, 0.59),
        # Not in the study's table: placed midway between its neighbours anger and disgust.
        Emotion.CONTEMPT: (-0.55, 0.47),
        Emotion.DISGUST: (-0.60, 0.35),
        Emotion.FEAR: (-0.64, 0.60),
        Emotion.HAPPINESS: (0.81, 0.51),
        Emotion.NEUTRAL: (0.0, 0.0),  # the origin by definition
        Emotion.SADNESS: (-0.63, -0.27),
        Emotion.SURPRISE: (0.40, 0.67),
    }
)
"""Valence and arousal of each label."""

SPREAD = (0.25, 0.33)
"""Deviation of valence and arousal within one label: our choice, about a third of the plane's
radius, since people who agree on a word still differ in how strongly they mean it."""


def affect(probabilities: Sequence[float]) -> Affect:
    """Place a distribution over EMOTIONS on the plane, with the variance of each axis.

    Raises ValueError unless there is one finite, non-negative number per emotion and they do not
    all vanish; they are scaled to sum to 1.
    """
    if len(probabilities) != len(EMOTIONS):
        raise ValueError(f"{len(EMOTIONS)} probabilities are needed, got {len(probabilities)}")
    total = math.fsum(probabilities)
    if not (math.isfinite(total) and total > 0 and min(probabilities) >= 0):
        raise ValueError("probabilities must be finite, not negative and not all zero")
    shares = [chance / total for chance in probabilities]
    centres = [CENTRES[emotion] for emotion in EMOTIONS]
    valence, valence_var = _mixture(shares, [centre[0] for centre in centres], SPREAD[0])
    arousal, arousal_var = _mixture(shares, [centre[1] for centre in centres], SPREAD[1])
    return Affect(valence, arousal, valence_var, arousal_var)


def _mixture(
    shares: Sequence[float], centres: Sequence[float], spread: float
) -> tuple[float, float]:
    """Mean and variance of a mixture: variance within its parts plus variance between them."""
    mean = math.fsum(share * centre for share, centre in zip(shares, centres, strict=True))
    between = math.fsum(
        share * (centre - mean) ** 2 for share, centre in zip(shares, centres, strict=True)
    )
    return mean, spread**2 + between
