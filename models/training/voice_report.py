"""Figures of the int8 file on speakers whom nothing was fitted on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.runtime import Net
from models.training.body import auc
from models.training.voice_data import Clip, labels_of, read_sound
from models.voice_emotion import window_logits

_AROUSED: Final = (1, 3, 4)  # happiness, anger, fear


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
        "arousal_auc": auc(np.isin(truth, aroused), probabilities[:, aroused].sum(axis=1)),
        "confusion": confusion.tolist(),
    }
