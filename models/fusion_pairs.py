"""Moments with several senses, put together from real readings of single senses.

No corpus with face, voice and text of the same person may be shipped or used here, so samples of
different people that have the same label are taken for one moment. The pairing is synthetic: in
life the senses of one person err together more often than these do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.affect import affect
from models.calibration import Sample
from models.fusion import Evidence
from models.types import EMOTIONS, Affect, Emotion, Reading, Sense

AT_REST = Affect(0.0, 0.0, 0.5, 0.5)
HALF_LIFE_S = 10.0
LEAST = 20
"""A label with fewer samples in a sense is left out: half of them calibrate, half are judged."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a sense read, whose sample it was, and what was true."""

    reading: Reading
    group: str
    truth: Emotion


Pool = Mapping[Sense, Sequence[Labelled]]


def common_labels(pool: Pool) -> tuple[Emotion, ...]:
    """Return the labels of which every sense has enough samples."""
    counts = [
        {label: sum(one.truth is label for one in samples) for label in EMOTIONS}
        for samples in pool.values()
    ]
    return tuple(label for label in EMOTIONS if all(count[label] >= LEAST for count in counts))


def halves(pool: Pool) -> tuple[dict[Sense, list[Labelled]], dict[Sense, list[Labelled]]]:
    """Split every sense's people (or, where nobody is named, samples) in two."""
    first: dict[Sense, list[Labelled]] = {}
    second: dict[Sense, list[Labelled]] = {}
    for sense, samples in pool.items():
        groups = sorted({one.group for one in samples})
        chosen = set(np.random.default_rng(1).permutation(groups)[: len(groups) // 2])
        first[sense] = [one for one in samples if one.group in chosen]
        second[sense] = [one for one in samples if one.group not in chosen]
    return first, second


def moments(
    pool: Pool, labels: Sequence[Emotion], each: int, seed: int
) -> list[dict[Sense, Labelled]]:
    """Draw so many moments of each label; every sense's sample has that label."""
    rng = np.random.default_rng(seed)
    by_label = {
        (sense, label): [one for one in samples if one.truth is label]
        for sense, samples in pool.items()
        for label in labels
    }
    return [
        {
            sense: by_label[sense, label][int(rng.integers(len(by_label[sense, label])))]
            for sense in pool
        }
        for label in labels
        for _ in range(each)
    ]


def as_sample(moment: Mapping[Sense, Labelled], truth: Emotion, senses: Sequence[Sense]) -> Sample:
    """Return the moment as fusion sees it when only some of the senses speak."""
    evidence = tuple(Evidence(moment[sense].reading, 0.0, HALF_LIFE_S) for sense in senses)
    return Sample(evidence, AT_REST, truth)


def noise(kind: str, pool: Pool, seed: int) -> Callable[[Sense], Reading]:
    """Return what gives noise in place of a sense's reading.

    `stranger`: a real reading of some other moment, whatever its label; as sure as any. `guess`:
    a random distribution over the sense's labels, drawn evenly from all of them.
    """
    rng = np.random.default_rng(seed)

    def stranger(sense: Sense) -> Reading:
        return pool[sense][int(rng.integers(len(pool[sense])))].reading

    def guess(sense: Sense) -> Reading:
        known = np.array(stranger(sense).probabilities) > 0.0
        shares = np.zeros(len(EMOTIONS))
        shares[known] = rng.dirichlet(np.ones(int(known.sum())))
        probabilities = tuple(float(share) for share in shares)
        return Reading(sense, affect(probabilities), probabilities, 1.0, "noise")

    return {"stranger": stranger, "guess": guess}[kind]
