"""How far an answer's confidence can be believed: reliability, and what silence would buy.

An answer of -1 is none at all; it counts as wrong and has no confidence.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.metrics import ECE_BINS, Floats, Labels

COVERAGES = 20


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence: their mean confidence, and how many were right."""

    n: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Trust:
    """What confidence was worth.

    `reliability` leaves out empty bins. `risk` is the share of wrong answers among the surest
    1/20, 2/20 ... of all samples; `aurc` the area under that curve at every sample (0 is best).
    """

    reliability: tuple[Bin, ...]
    risk: tuple[float, ...]
    aurc: float


def trust(truth: Labels, chosen: Labels, sure: Floats) -> Trust:
    """Judge answers by their confidences in [0, 1]; raises ValueError without samples."""
    if len(truth) == 0:
        raise ValueError("no samples, no figure")
    right = truth == chosen
    order = np.argsort(-np.where(chosen >= 0, sure, -1.0), kind="stable")
    risks = np.cumsum(~right[order]) / np.arange(1, len(right) + 1)
    ends = np.ceil(len(right) * np.arange(1, COVERAGES + 1) / COVERAGES).astype(int) - 1
    return Trust(_bins(right, chosen, sure), tuple(map(float, risks[ends])), float(risks.mean()))


def confusion(truth: Labels, chosen: Labels, classes: int) -> tuple[tuple[int, ...], ...]:
    """Count answers by truth: a row for each class, its last column is "no answer"."""
    counts: NDArray[np.int64] = np.zeros((classes, classes + 1), np.int64)
    np.add.at(counts, (truth, np.where(chosen >= 0, chosen, classes)), 1)
    return tuple(tuple(map(int, row)) for row in counts)


def _bins(right: NDArray[np.bool_], chosen: Labels, sure: Floats) -> tuple[Bin, ...]:
    """Return the bins of the expected calibration error."""
    answered = chosen >= 0
    place = np.minimum((sure * ECE_BINS).astype(int), ECE_BINS - 1)
    found = []
    for one in range(ECE_BINS):
        rows = answered & (place == one)
        if rows.any():
            mean = float(sure[rows].mean())
            found.append(Bin(int(rows.sum()), mean, float(right[rows].mean())))
    return tuple(found)
