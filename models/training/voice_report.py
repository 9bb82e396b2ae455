"""Figures of the int8 file on speakers whom nothing was fitted on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.runtime import Net
from models.training.voice_data import CLASSES, NOISY_CORPUS, Clip, labels_of, read_sound
from models.training.voice_embed import disturb
from models.voice_emotion import AROUSED, window_logits

NOISES: Final = (
    "white20", "white10", "white5", "white0", "pink10", "pink0", "music10", "music0", "room"
)  # fmt: skip
"""Disturbances of the shipped file's figures."""

_AROUSED: Final = tuple(CLASSES.index(name) for name in AROUSED)


def report(
    model: Path, clips: Sequence[Clip], temperature: float, classes: Sequence[str]
) -> dict[str, Any]:
    """Run the file over the clips of people whom it never heard; figures by corpus."""
    net = Net.load(model)
    result: dict[str, Any] = {}
    for corpus in sorted({clip.corpus for clip in clips}):
        own = [clip for clip in clips if clip.corpus == corpus and clip.label < len(classes)]
        logits = np.stack([window_logits(net, read_sound(clip.path)) for clip in own])
        result[corpus] = figures(own, logits, temperature)
    return result


def report_noise(
    model: Path, clips: Sequence[Clip], temperature: float, seed: int
) -> dict[str, dict[str, float]]:
    """Run the file over the clips of NOISY_CORPUS among them, in every disturbance of NOISES."""
    net = Net.load(model)
    own = [clip for clip in clips if clip.corpus == NOISY_CORPUS]
    result = {}
    for condition in NOISES if own else ():
        sounds = (disturb(read_sound(c.path), c.path.name, condition, seed) for c in own)
        logits = np.stack([window_logits(net, sound) for sound in sounds])
        result[condition] = noise_figures(labels_of(own), logits, temperature)
    return result


def noise_figures(
    truth: NDArray[np.int64], logits: NDArray[np.float64], temperature: float
) -> dict[str, float]:
    """Give UAR, mean confidence and ECE: confidence has to fall with the UAR."""
    probabilities = metrics.softmax(logits / temperature)
    return {
        "uar": metrics.uar(truth, logits.argmax(1)),
        "confidence": float(probabilities.max(1).mean()),
        "ece": metrics.ece(truth, probabilities),
    }


def figures(
    clips: Sequence[Clip], logits: NDArray[np.float64], temperature: float
) -> dict[str, Any]:
    """Give n, UAR with its interval over speakers, by gender, recalls, F1, ECE, confusion, AUC."""
    truth = labels_of(clips)
    speakers = [clip.speaker for clip in clips]
    genders = np.array([clip.gender for clip in clips])
    chosen = logits.argmax(axis=1)
    probabilities = metrics.softmax(logits / temperature)
    confusion = np.zeros((logits.shape[1], logits.shape[1]), int)
    np.add.at(confusion, (truth, chosen), 1)
    interval = metrics.bootstrap_interval(lambda r: metrics.uar(truth[r], chosen[r]), speakers)
    aroused = [index for index in _AROUSED if index < logits.shape[1]]
    return {
        "n": len(truth),
        "uar": metrics.uar(truth, chosen),
        "uar_95": interval,
        "by_gender": {
            str(one): metrics.uar(truth[genders == one], chosen[genders == one])
            for one in np.unique(genders)
        },
        "accuracy": metrics.accuracy(truth, chosen),
        "macro_f1": metrics.macro_f1(truth, chosen),
        "recall": metrics.recalls(truth, chosen),
        "ece": metrics.ece(truth, probabilities),
        "arousal_auc": metrics.auc(np.isin(truth, aroused), probabilities[:, aroused].sum(axis=1)),
        "confusion": confusion.tolist(),
    }
