"""Cross-validation of the tuned recipe: for every fold, and every corpus, a network of its own.

What is asked is the int8 file that each of them becomes. Every file and every answer is kept, so an
interrupted run goes on where it stopped.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.training.voice_data import FOLDS, NOISY_CORPUS, labels_of
from models.training.voice_embed import Embedder
from models.training.voice_encoder import Encoder
from models.training.voice_export import export_int8
from models.training.voice_head import Head
from models.training.voice_trial import Logits, Trial, transfer
from models.training.voice_tune import Tuning, tune

Rows = NDArray[np.bool_]

CLEAN: Final = "clean"


class Whole(torch.nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """Spectrogram -> logits of the first `classes` classes."""

    def __init__(self, encoder: Encoder, head: Head, classes: int) -> None:
        super().__init__()
        self.encoder, self.head, self.classes = encoder, head, classes

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Run both."""
        logits: torch.Tensor = self.head(self.encoder(mel))
        return logits[:, : self.classes]


class Tuner:
    """Makes tuned networks from one encoder; `trial` fits the heads that they start from."""

    def __init__(self, encoder: Encoder, trial: Trial, how: Tuning, folder: Path) -> None:
        self._encoder, self._trial, self._clips = encoder, trial, trial.clips
        self._how, self._folder = how, folder
        folder.mkdir(parents=True, exist_ok=True)

    def tuned(self, rows: Rows, classes: int, target: Path) -> Path:
        """Fit and tune on these clips, and write the int8 file unless it is there."""
        if not target.exists():
            print(f" {target.stem}", flush=True)
            encoder, head = copy.deepcopy(self._encoder), self._trial.fit(rows)
            learning = [clip for clip, own in zip(self._clips, rows, strict=True) if own]
            tune(encoder, head, learning, self._how, self._folder / f"{target.stem}.pt")
            export_int8(Whole(encoder, head, classes), target)
        return target

    def cross_validate(self, classes: int, copies: int, noises: Sequence[str]) -> dict[str, Any]:
        """Ask about each fold's speakers a network that was tuned on the other folds."""
        folds = np.array([clip.fold for clip in self._clips])
        speaking = np.array([clip.corpus == NOISY_CORPUS for clip in self._clips])
        everyone = np.ones(len(folds), bool)
        asked = {CLEAN: everyone} | dict.fromkeys(noises, speaking)
        said = {name: np.zeros((len(folds), classes)) for name in asked}
        again = np.zeros((copies, len(folds), classes))
        for fold in range(FOLDS):
            rows = folds == fold
            if not rows.any():
                continue
            learnt = ~rows & self._trial.learnable
            file = self.tuned(learnt, classes, self._folder / f"fold{fold}.tflite")
            asker = self._asker(file, rows)
            for number in range(copies):
                again[number][rows] = asker.augmented(f"train{number}")
            said[CLEAN][rows] = _by_clip(asker, CLEAN)
            if (rows & speaking).any():
                noisy = self._asker(file, rows & speaking)
                for name in noises:
                    said[name][rows & speaking] = _by_clip(noisy, name)
        return self._trial.judged(said, asked, again)

    def leave_corpora_out(self, classes: int) -> dict[str, float]:
        """Ask about each corpus, all its speakers, a network that never heard the corpus."""
        corpora = np.array([clip.corpus for clip in self._clips])
        truth = labels_of(self._clips)
        result = {}
        for corpus in map(str, np.unique(corpora)):
            rows = corpora == corpus
            file = self.tuned(
                ~rows & self._trial.learnable, classes, self._folder / f"without_{corpus}.tflite"
            )
            result[corpus] = transfer(truth[rows], _by_clip(self._asker(file, rows), CLEAN))
        return result

    def _asker(self, file: Path, rows: Rows) -> Embedder:
        clips = [clip for clip, own in zip(self._clips, rows, strict=True) if own]
        return Embedder(file, clips, self._folder / f"{file.stem}-{len(clips)}", self._how.seed)


def _by_clip(asker: Embedder, condition: str) -> Logits:
    """Give each clip's mean logits over its windows."""
    rows, owners = asker.windows(condition)
    total = np.zeros((owners[-1] + 1, rows.shape[1]))
    np.add.at(total, owners, rows)
    result: Logits = total / np.bincount(owners)[:, None]
    return result
