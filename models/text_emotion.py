"""The text network and what its outputs mean."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog, Entry
from models.errors import WeightsError
from models.runtime import Net
from models.text_tokens import TextTokens
from models.text_types import FAMILIES
from models.types import EMOTIONS, Affect, Emotion

Floats = NDArray[np.float64]

MODEL_ID = "text_emotion"
MAX_WINDOWS = 16
"""About 700 words; what follows in a longer text is not read."""

FAMILY_ORDER: tuple[Emotion, ...] = tuple(FAMILIES)
FAMILY_COLUMNS = [EMOTIONS.index(emotion) for emotion in FAMILY_ORDER]


@dataclass(frozen=True, slots=True)
class TextScores:
    """What the network says of one text, before calibration; means over its windows by length."""

    logits: Floats  # (28,)
    vad: Floats  # (3,) valence, arousal, dominance, as the annotators rated: [-1, 1]
    pieces: int
    read: float  # share of the pieces that the network read
    unknown: float  # share of the pieces read that are outside the vocabulary


@dataclass(frozen=True, slots=True)
class TextCalibration:
    """From scores to probabilities and affect; fitted by `models.training.text`."""

    labels: tuple[str, ...]
    temperature: float
    bias: Floats  # (28,) added to the logits
    thresholds: Floats  # (28,) of probabilities
    family_thresholds: Floats  # (7,)
    sentiment_thresholds: Floats  # (4,)
    family_temperature: float
    family_bias: Floats  # (7,)
    affect_gain: Floats  # (2,) valence, arousal
    affect_offset: Floats  # (2,)
    affect_var: Floats  # (2,)

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Read it from the catalog; raises WeightsError when something is missing."""
        return cls(
            labels=entry.classes,
            temperature=entry.number("temperature"),
            bias=np.array(entry.numbers("bias")),
            thresholds=np.array(entry.numbers("thresholds")),
            family_thresholds=np.array(entry.numbers("family_thresholds")),
            sentiment_thresholds=np.array(entry.numbers("sentiment_thresholds")),
            family_temperature=entry.number("family_temperature"),
            family_bias=np.array(entry.numbers("family_bias")),
            affect_gain=np.array(entry.numbers("affect_gain")),
            affect_offset=np.array(entry.numbers("affect_offset")),
            affect_var=np.array(entry.numbers("affect_var")),
        )

    def probabilities(self, logits: Floats) -> Floats:
        """Return for each of the 28 emotions how likely it holds; several may. (..., 28)."""
        return _sigmoid((logits + self.bias) / self.temperature)

    def any_of(self, probabilities: Floats, groups: Iterable[Collection[str]]) -> Floats:
        """Return for each group of emotions how likely any of them holds. (..., groups)."""
        columns = [[self.labels.index(name) for name in group] for group in groups]
        none = [np.prod(1.0 - probabilities[..., column], axis=-1) for column in columns]
        return 1.0 - np.stack(none, axis=-1)

    def families(self, probabilities: Floats) -> Floats:
        """Return for each family how likely any of its emotions holds. (..., 7), FAMILY_ORDER."""
        return self.any_of(probabilities, FAMILIES.values())

    def emotions(self, families: Floats) -> Floats:
        """Return which one emotion it most likely is. (..., 8) in EMOTIONS order, sums to 1."""
        odds = np.log(np.clip(families, 1e-6, 1 - 1e-6) / np.clip(1 - families, 1e-6, 1.0))
        shares = np.exp(odds / self.family_temperature + self.family_bias)
        result = np.zeros((*families.shape[:-1], len(EMOTIONS)))
        result[..., FAMILY_COLUMNS] = shares / shares.sum(axis=-1, keepdims=True)
        return result

    def affect(self, vad: Floats) -> Affect:
        """Return the point on the circumplex plane, on the scale that the other senses use."""
        scaled = (vad[:2] - self.affect_offset) * self.affect_gain
        valence, arousal = np.clip(scaled, -1.0, 1.0)
        valence_var, arousal_var = self.affect_var
        return Affect(float(valence), float(arousal), float(valence_var), float(arousal_var))


class TextEmotion:
    """The network with its vocabulary; belongs to the thread that scores first."""

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        entry = catalog.entry(MODEL_ID)
        self._net = Net.load(catalog.path(MODEL_ID), threads)
        if self._net.metadata.get("labels", "").split("\n") != list(entry.classes):
            raise WeightsError(
                f"{entry.file} has other classes than the catalog", "restore both from the project"
            )
        self.tokens = TextTokens(self._net.metadata["vocabulary"].split("\n"))
        self.calibration = TextCalibration.of(entry)

    def scores(self, text: str) -> TextScores | None:
        """Return the scores of a text, None when it has nothing to read."""
        windows = self.tokens.windows(text)
        if not windows:
            return None
        sizes = np.array([len(window) - 2 for window in windows])
        read = windows[:MAX_WINDOWS]
        results = [self._net(np.array([window], np.int64)) for window in read]
        weights = sizes[:MAX_WINDOWS] / sizes[:MAX_WINDOWS].sum()
        logits, vad = (weights @ np.concatenate([r[i] for r in results]) for i in (0, 1))
        return TextScores(
            logits,
            vad,
            int(sizes.sum()),
            float(sizes[:MAX_WINDOWS].sum() / sizes.sum()),
            float(weights @ [self.tokens.unknown_share(window) for window in read]),
        )


def _sigmoid(x: Floats) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -50, 50)))
    return result
