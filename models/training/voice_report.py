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
from models.training.voice_embed import test_sound
from models.voice_emotion import window_logits

NOISES: Final = (
    "white20", "white10", "white5", "white0",
    "pink20", "pink10", "pink5", "pink0",
    "music10", "room",
)  # fmt: skip
"""Conditions of the robustness table."""

_AROUSED: Final = (1, 3, 4)  # happiness, anger, fear


def report(
    model: Path, clips: Sequence[Clip], temperature: float, classes: Sequence[str], seed: int
) -> dict[str, Any]:
    """Run the file over the clips: clean by corpus, then RAVDESS in noise."""
    net = Net.load(model)
    known = [clip for clip in clips if clip.label < len(classes)]
    result: dict[str, Any] = {}
    logits = _run(net, known, "clean", seed)
    truth = labels_of(known)
    for corpus in sorted({clip.corpus for clip in known}):
        rows = np.array([clip.corpus == corpus for clip in known])
        speakers = [clip.speaker for clip in known if clip.corpus == corpus]
        result[corpus] = figures(truth[rows], logits[rows], temperature, speakers)
    in_noise = [clip for clip in known if clip.corpus == "ravdess"] or known
    for noise in NOISES:
        logits = _run(net, in_noise, noise, seed)
        probabilities = metrics.softmax(logits / temperature)
        result[noise] = {
            "uar": metrics.uar(labels_of(in_noise), logits.argmax(1)),
            "confidence": float(probabilities.max(1).mean()),
            "ece": metrics.ece(labels_of(in_noise), probabilities),
        }
    return result


def figures(
    truth: NDArray[np.int64],
    logits: NDArray[np.float64],
    temperature: float,
    speakers: Sequence[str],
) -> dict[str, Any]:
    """Give n, UAR with its interval over speakers, recalls, F1, ECE, confusion, arousal AUC."""
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
        "accuracy": metrics.accuracy(truth, chosen),
        "macro_f1": metrics.macro_f1(truth, chosen),
        "recall": metrics.recalls(truth, chosen),
        "ece": metrics.ece(truth, probabilities),
        "arousal_auc": auc(np.isin(truth, aroused), probabilities[:, aroused].sum(axis=1)),
        "confusion": confusion.tolist(),
    }


def _run(net: Net, clips: Sequence[Clip], condition: str, seed: int) -> NDArray[np.float64]:
    rows = []
    for clip in clips:
        sound = read_sound(clip.path)
        if condition != "clean":
            sound = test_sound(sound, clip.path.name, condition, seed)
        rows.append(window_logits(net, sound))
    return np.stack(rows)
