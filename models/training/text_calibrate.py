"""Fit what turns the int8 network's outputs into probabilities, choices and affect.

Everything here is fitted on the rows put aside from the train parts, never on the dev parts.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.affect import CENTRES
from models.text_emotion import TextCalibration
from models.text_types import FAMILIES, SENTIMENTS
from models.types import Emotion

Floats = NDArray[np.float64]

SURE_POSITIVES = 15.0
"""With so many positives in a class, what was seen counts as much as what is expected."""

ANCHORS = {
    "anger": Emotion.ANGER,
    "disgust": Emotion.DISGUST,
    "fear": Emotion.FEAR,
    "joy": Emotion.HAPPINESS,
    "neutral": Emotion.NEUTRAL,
    "sadness": Emotion.SADNESS,
}
"""Emotions that mean the same to GoEmotions' annotators as in the circumplex study."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Outputs of the network for the rows put aside, and their labels."""

    logits: Floats  # (n, 28)
    emotions: NDArray[np.bool_]  # (n, 28)
    emotions_vad: Floats  # (n, 3), what it says of the same rows
    vad: Floats  # (m, 3), what it says of EmoBank's rows
    vad_truth: Floats  # (m, 3)


def calibrate(aside: Aside, labels: Sequence[str]) -> TextCalibration:
    """Fit everything, in the order in which each part builds on the one before."""
    temperature, bias = _temperature_and_bias(aside.logits, aside.emotions.astype(float))
    gain, offset, var = _affect_scale(aside, labels)
    later = np.zeros(0)
    fitted = TextCalibration(
        tuple(labels), temperature, bias, later, later, later, 1.0, later, gain, offset, var
    )
    probabilities = fitted.probabilities(aside.logits)
    families = fitted.families(probabilities)
    truth = any_of(aside.emotions, labels, FAMILIES.values())
    sentiments = fitted.any_of(probabilities, SENTIMENTS.values())
    family_temperature, family_bias = _one_of(families, truth)
    return replace(
        fitted,
        thresholds=_thresholds(probabilities, aside.emotions),
        family_thresholds=_thresholds(families, truth),
        sentiment_thresholds=_thresholds(
            sentiments, any_of(aside.emotions, labels, SENTIMENTS.values())
        ),
        family_temperature=family_temperature,
        family_bias=family_bias,
    )


def any_of(
    emotions: NDArray[np.bool_], labels: Sequence[str], groups: Iterable[Collection[str]]
) -> NDArray[np.bool_]:
    """Return which groups of emotions hold, (n, groups)."""
    columns = [[labels.index(name) for name in group] for group in groups]
    return np.stack([emotions[:, column].any(1) for column in columns], axis=1)


def _temperature_and_bias(logits: Floats, truth: Floats) -> tuple[float, Floats]:
    """One temperature for all classes and a bias for each, drawn to their common value.

    Training saw emotions more often than they occur; the common value takes that back, and a
    class with ten positives may leave it by little.
    """
    z, y = torch.from_numpy(logits), torch.from_numpy(truth)
    log_t, common = torch.zeros(1, dtype=z.dtype), torch.zeros(1, dtype=z.dtype)
    own = torch.zeros(z.shape[1], dtype=z.dtype)

    def cost() -> Tensor:
        scaled = (z + common + own) / log_t.exp()
        loss = functional.binary_cross_entropy_with_logits(scaled, y, reduction="sum")
        return loss + (own**2).sum() / (2 * 0.5**2)

    _minimise(cost, [log_t, common, own])
    return float(log_t.detach().exp()), (common + own).detach().numpy()


def _thresholds(probabilities: Floats, truth: NDArray[np.bool_]) -> Floats:
    """Return for each column the threshold with the best F1.

    Hits are counted partly as seen and partly as the calibrated probabilities expect them: a
    threshold chosen on ten positives alone would follow their luck.
    """
    grid = np.linspace(0.03, 0.9, 175)
    chosen = []
    for p, y in zip(probabilities.T, truth.T, strict=True):
        trust = y.sum() / (y.sum() + SURE_POSITIVES)
        belief = trust * y + (1 - trust) * p
        passed = p[:, None] >= grid
        scores = 2 * (belief[:, None] * passed).sum(0) / (passed.sum(0) + belief.sum())
        chosen.append(grid[_smooth(scores).argmax()])
    return np.array(chosen)


def _smooth(scores: Floats) -> Floats:
    padded = np.pad(scores, 4, mode="edge")
    return np.convolve(padded, np.full(9, 1 / 9), mode="valid")


def _one_of(families: Floats, truth: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Fit the softmax over the families' odds, on rows in which exactly one family holds."""
    rows = truth.sum(1) == 1
    p = np.clip(families[rows], 1e-6, 1 - 1e-6)
    odds, y = torch.from_numpy(np.log(p / (1 - p))), torch.from_numpy(truth[rows].argmax(1))
    log_t, bias = torch.zeros(1, dtype=odds.dtype), torch.zeros(odds.shape[1], dtype=odds.dtype)

    def cost() -> Tensor:
        loss = functional.cross_entropy(odds / log_t.exp() + bias, y, reduction="sum")
        return loss + (bias**2).sum() / 2

    _minimise(cost, [log_t, bias])
    return float(log_t.detach().exp()), bias.detach().numpy()


def _affect_scale(aside: Aside, labels: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Return gain, offset and variance of valence and arousal on the circumplex's scale.

    EmoBank's raters rarely leave the middle of their scale. The gain is the slope from the mean
    that the network gives to each anchor emotion to that emotion's place on the circumplex; the
    variance is the squared error on EmoBank on that scale.
    """
    alone = aside.emotions.sum(1) == 1
    means, places = [], []
    for name, emotion in ANCHORS.items():
        rows = alone & aside.emotions[:, labels.index(name)]
        if rows.any():
            means.append(aside.emotions_vad[rows, :2].mean(0))
            places.append(CENTRES[emotion])
    mean, place = np.array(means), np.array(places)
    slope = [np.polyfit(mean[:, axis], place[:, axis], 1) for axis in (0, 1)]
    gain = np.array([line[0] for line in slope])
    offset = np.array([-line[1] / line[0] for line in slope])
    error = ((aside.vad - aside.vad_truth)[:, :2] ** 2).mean(0)
    return gain, offset, error * gain**2


def _minimise(cost: Callable[[], Tensor], parameters: Sequence[Tensor]) -> None:
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimizer = torch.optim.LBFGS(parameters, max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = cost()
        value.backward()
        return value

    optimizer.step(closure)
