"""Check that senses together know more than the best of them, on real readings.

The folder has a folder for each sense (`face` with ready crops, `voice`, `text`; at least two), as
`models.evaluate` reads it. The moments are synthetic pairs: see `models.fusion_pairs`.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models import metrics
from models.affect import affect
from models.calibration import Sample
from models.catalog import Catalog, load_catalog
from models.errors import DataError
from models.evaluate_data import read_samples
from models.evaluate_senses import SENSES, Answer
from models.fusion import CALIBRATION, Calibration, Evidence, fuse
from models.fusion_pairs import (
    AT_REST,
    HALF_LIFE_S,
    Labelled,
    as_sample,
    common_labels,
    moments,
    noise,
)
from models.text_emotion import MODEL_ID as TEXT_MODEL
from models.text_emotion import TextCalibration
from models.trust import Trust, trust
from models.types import EMOTIONS, Affect, Emotion, Reading, Sense

EACH: Final = 200
"""Moments of each label."""

NOISES: Final = ("guess", "stranger")
SEED: Final = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """Macro-F1 over the common labels, accuracy, calibration error and mean of the confidence."""

    macro_f1: float
    accuracy: float
    ece: float
    confidence: float


@dataclass(frozen=True, slots=True)
class FusionReport:
    """What each set of senses reached, by their names joined with `+`.

    `noise` is all senses with one replaced, by kind of noise and by the sense replaced;
    `gain` is all senses' macro-F1 over the best single one's, `loss` of each noise how far all
    senses fall at worst below the best one left (0 when nowhere).
    """

    kind: str
    model: str
    models: Mapping[str, str]
    labels: tuple[str, ...]
    n: int
    samples: Mapping[str, int]
    calibration: Mapping[str, float]
    senses: Mapping[str, Figures]
    noise: Mapping[str, Mapping[str, Figures]]
    gain: float
    loss: Mapping[str, float]
    trust: Trust
    data: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it as a few lines for a terminal."""
        rows = [*self.senses.items()]
        for kind, by_sense in self.noise.items():
            rows += [(f"{sense} replaced by {kind}", found) for sense, found in by_sense.items()]
        return [
            f"fusion: {self.n} synthetic moments of {', '.join(self.labels)}",
            *(
                f"{name}: macro-F1 {found.macro_f1:.3f}, ECE {found.ece:.3f}, "
                f"confidence {found.confidence:.3f}"
                for name, found in rows
            ),
            f"gain over the best sense {self.gain:+.3f}",
            *(f"loss with {kind}, at worst {value:.3f}" for kind, value in self.loss.items()),
        ]


def evaluate_fusion(
    data: Path, catalog: Catalog | None = None, calibration: Calibration = CALIBRATION
) -> FusionReport:
    """Read every sample with the models as installed, pair them, fuse, and replace each sense.

    Raises DataError for a folder that cannot be read, WeightsError for weights that are not the
    catalog's.
    """
    catalog = catalog or load_catalog()
    pool = read_pool(data, catalog)
    labels = common_labels(pool)
    if len(labels) < 2:  # noqa: PLR2004 - one label alone is no choice
        raise DataError(f"{data}: the senses have fewer than two labels with 20 samples in common")
    senses = tuple(pool)
    drawn = moments(pool, labels, EACH, SEED)
    truth = [label for label in labels for _ in range(EACH)]
    judge = _Judge(labels, calibration)
    sets = [c for size in range(1, len(senses) + 1) for c in itertools.combinations(senses, size)]
    samples = {
        chosen: [as_sample(m, t, chosen) for m, t in zip(drawn, truth, strict=True)]
        for chosen in sets
    }
    reached = {"+".join(chosen): judge(samples[chosen])[0] for chosen in sets}
    noisy: dict[str, dict[str, Figures]] = {}
    for kind in NOISES:
        draw = noise(kind, pool, SEED)
        noisy[kind] = {
            sense: judge(_spoilt(drawn, truth, senses, sense, draw))[0] for sense in senses
        }
    return FusionReport(
        kind="fusion",
        model="fusion",
        models={sense: catalog.verify(SENSES[sense].models[0]) for sense in senses},
        labels=tuple(labels),
        n=len(drawn),
        samples={sense: len(pool[sense]) for sense in senses},
        calibration=asdict(calibration),
        senses=reached,
        noise=noisy,
        gain=reached["+".join(senses)].macro_f1 - max(reached[s].macro_f1 for s in senses),
        loss={kind: _loss(reached, found) for kind, found in noisy.items()},
        trust=judge(samples[senses])[1],
        data=data.resolve().name,
    )


def read_pool(data: Path, catalog: Catalog) -> dict[Sense, list[Labelled]]:
    """Return what the installed models read of every labelled sample."""
    pool: dict[Sense, list[Labelled]] = {}
    for sense in (Sense.FACE, Sense.VOICE, Sense.TEXT):
        if not (data / sense).is_dir():
            continue
        for model in SENSES[sense].models:
            catalog.verify(model)
        reader = SENSES[sense].reader(catalog, True, SENSES[sense].models[0])
        pool[sense] = []
        for row in read_samples(data / sense, sense, EMOTIONS).rows:
            answer = reader.answer(reader.prepare(row.source))
            if answer is not None and row.label is not None:
                at = _place(answer, sense, catalog)
                reading = Reading(sense, at, answer.probabilities, 1.0, SENSES[sense].models[0])
                pool[sense].append(Labelled(reading, row.group, row.label))
    if len(pool) < 2:  # noqa: PLR2004 - fusion needs two
        raise DataError(f"{data} has not two of the folders face, voice, text")
    return pool


class _Judge:
    """Fuses samples and compares the labels; answers outside the common labels are wrong."""

    def __init__(self, labels: Sequence[Emotion], calibration: Calibration) -> None:
        self._labels, self._calibration = labels, calibration

    def __call__(self, samples: Sequence[Sample]) -> tuple[Figures, Trust]:
        moods = [fuse(s.evidence, s.baseline, self._calibration) for s in samples]
        truth = np.array([EMOTIONS.index(s.truth) for s in samples], np.intp)
        chosen = np.array([EMOTIONS.index(mood.label) for mood in moods], np.intp)
        sure = np.array([mood.confidence for mood in moods])
        classes = [EMOTIONS.index(label) for label in self._labels]
        judged = trust(truth, chosen, sure)
        gaps = [one.n * abs(one.confidence - one.right) for one in judged.reliability]
        found = Figures(
            macro_f1=float(np.mean([metrics.f1(truth == k, chosen == k) for k in classes])),
            accuracy=metrics.accuracy(truth, chosen),
            ece=sum(gaps) / len(truth),
            confidence=float(sure.mean()),
        )
        return found, judged


def _spoilt(
    drawn: Sequence[Mapping[Sense, Labelled]],
    truth: Sequence[Emotion],
    senses: Sequence[Sense],
    spoilt: Sense,
    draw: Callable[[Sense], Reading],
) -> list[Sample]:
    return [
        Sample(
            tuple(
                Evidence(draw(s) if s is spoilt else moment[s].reading, 0.0, HALF_LIFE_S)
                for s in senses
            ),
            AT_REST,
            label,
        )
        for moment, label in zip(drawn, truth, strict=True)
    ]


def _loss(reached: Mapping[str, Figures], noisy: Mapping[str, Figures]) -> float:
    """Return how far the fusion falls at worst below the best sense that is not noise."""
    return max(
        0.0,
        *(
            max(reached[other].macro_f1 for other in noisy if other != spoilt) - found.macro_f1
            for spoilt, found in noisy.items()
        ),
    )


def _place(answer: Answer, sense: Sense, catalog: Catalog) -> Affect:
    if sense is Sense.TEXT:
        return TextCalibration.of(catalog.entry(TEXT_MODEL)).affect(np.array(answer.ratings))
    return affect(answer.probabilities)
