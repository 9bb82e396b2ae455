"""Figures of merit, as numpy functions of labels and probabilities.

Labels are class numbers, an answer of -1 is none at all; probabilities have one row a sample. No
figure is defined on nothing: empty input raises ValueError.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.intp]
Floats = NDArray[np.float64]

ECE_BINS = 15

_FINE = 1e-4  # of log T


def accuracy(truth: Labels, chosen: Labels) -> float:
    """Return the share of right answers."""
    _need(truth)
    return float(np.mean(truth == chosen))


def recalls(truth: Labels, chosen: Labels) -> dict[int, float]:
    """Return for each class that occurs which share of it was found."""
    _need(truth)
    return {int(k): float(np.mean(chosen[truth == k] == k)) for k in np.unique(truth)}


def uar(truth: Labels, chosen: Labels) -> float:
    """Return the unweighted average recall over the classes that occur."""
    return float(np.mean(list(recalls(truth, chosen).values())))


def macro_f1(truth: Labels, chosen: Labels) -> float:
    """Return the mean F1 over the classes that occur or were answered."""
    _need(truth)
    classes = np.union1d(truth, chosen[chosen >= 0])
    return float(np.mean([f1(truth == k, chosen == k) for k in classes]))


def f1(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
    """Return the F1 of one yes-or-no question; 0 when there is nothing to find and none found."""
    hits = int(np.sum(truth & chosen))
    asked = int(truth.sum() + chosen.sum())
    return 2.0 * hits / asked if asked else 0.0


def multilabel_macro_f1(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
    """Return the mean F1 over the columns."""
    _need(truth)
    return float(np.mean([f1(t, c) for t, c in zip(truth.T, chosen.T, strict=True)]))


def auc(positive: NDArray[np.bool_], scores: Floats) -> float:
    """Give the chance that a positive scores above a negative (by ranks; ties count half)."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    hits = int(positive.sum())
    misses = len(positive) - hits
    if not hits or not misses:
        return float("nan")
    return float((ranks[positive].sum() - hits * (hits + 1) / 2.0) / (hits * misses))


def ece(truth: Labels, probabilities: Floats, bins: int = ECE_BINS) -> float:
    """Return the expected calibration error of the top answer (Guo et al. 2017, equal widths)."""
    _need(truth)
    sure = probabilities.max(1)
    right = probabilities.argmax(1) == truth
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = (abs(np.sum(sure[place == b]) - np.sum(right[place == b])) for b in range(bins))
    return float(sum(gaps) / len(truth))


def nll(truth: Labels, probabilities: Floats) -> float:
    """Return the mean negative log-likelihood."""
    _need(truth)
    return float(-np.mean(np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-12))))


def softmax(logits: Floats) -> Floats:
    """Return probabilities by row."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    rows: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return rows


def fit_temperature(truth: Labels, logits: Floats) -> float:
    """Return the T in [0.05, 20] for which softmax(logits / T) has the least NLL.

    The NLL has one minimum in 1/T, so a golden-section search over log T finds it.
    """
    _need(truth)
    low, high = np.log(0.05), np.log(20.0)
    golden = (5**0.5 - 1) / 2
    while high - low > _FINE:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if nll(truth, softmax(logits / np.exp(left))) < nll(truth, softmax(logits / np.exp(right))):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def pearson(first: Floats, second: Floats) -> float:
    """Return the correlation of two series; nan when one of them is constant."""
    _need(first)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def bootstrap_interval(
    figure: Callable[[Labels], float],
    groups: Sequence[str],
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile interval of a figure when whole groups (people) are drawn anew.

    `figure` takes the numbers of the rows drawn. Draws in which it is undefined are left out.
    """
    names = np.asarray(groups)
    _need(names)
    members = [np.flatnonzero(names == name) for name in np.unique(names)]
    if len(members) == len(names):
        members = []  # every row is its own group: draw rows, which needs no joining
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        if members:
            drawn = rng.integers(len(members), size=len(members))
            rows = np.concatenate([members[i] for i in drawn])
        else:
            rows = rng.integers(len(names), size=len(names))
        values.append(figure(rows))
    edge = (1 - level) / 2
    low, high = np.nanquantile(values, [edge, 1 - edge])
    return float(low), float(high)


def _need(values: NDArray[np.generic]) -> None:
    if len(values) == 0:
        raise ValueError("no samples, no figure")
