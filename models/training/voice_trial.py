"""Cross-validation of heads on embedded clips: by speaker, and with a whole corpus left out."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models import metrics
from models.training.voice_data import FOLDS, Clip, labels_of
from models.training.voice_head import Head, balance, fit_head
from models.training.voice_report import figures


class Trial:
    """Fits heads on some speakers and asks them about others; `vectors` are (copies, clips, n)."""

    def __init__(
        self, clips: Sequence[Clip], vectors: NDArray[np.float32], steps: int, seed: int
    ) -> None:
        self._vectors, self._steps, self._seed = vectors, steps, seed
        self._labels = labels_of(clips)
        self._folds = np.array([clip.fold for clip in clips])
        self._corpora = np.array([clip.corpus for clip in clips])
        self._speakers = np.array([clip.speaker for clip in clips])

    def fit(self, without_fold: int | None = None, without_corpus: str | None = None) -> Head:
        """Fit on the speakers who are not reported, less a fold or a corpus."""
        rows = (self._folds >= 0) & (self._folds != without_fold)
        if without_corpus is not None:
            rows &= self._corpora != without_corpus
        weights = balance(self._labels[rows], self._corpora[rows])
        return fit_head(
            self._vectors[:, rows], self._labels[rows], weights, self._seed, self._steps
        )

    def cross_validate(self, classes: int) -> dict[str, Any]:
        """Ask about each fold's speakers a head fitted on the other folds.

        The temperature comes from all copies, clean and disturbed, so that doubt in noise counts.
        """
        inside = self._folds >= 0
        logits = np.zeros((len(self._vectors), len(self._labels), classes))
        for fold in range(FOLDS):
            started = time.monotonic()
            rows = self._folds == fold
            if not rows.any():
                continue
            logits[:, rows] = ask(self.fit(fold), self._vectors[:, rows])[:, :, :classes]
            left = (time.monotonic() - started) * (FOLDS - fold - 1)
            print(f"  fold {fold + 1}/{FOLDS}, {left:.0f} s left", flush=True)
        truth = np.tile(self._labels[inside], len(self._vectors))
        temperature = metrics.fit_temperature(truth, logits[:, inside].reshape(-1, classes))
        result: dict[str, Any] = {"temperature": temperature}
        for corpus in np.unique(self._corpora):
            rows = inside & (self._corpora == corpus)
            speakers = self._speakers[rows].tolist()
            clean, *disturbed = (copy[rows] for copy in logits)
            result[str(corpus)] = {
                "clean": figures(self._labels[rows], clean, temperature, speakers),
                "disturbed_uar": [
                    metrics.uar(self._labels[rows], copy.argmax(1)) for copy in disturbed
                ],
            }
        return result

    def leave_corpora_out(self) -> dict[str, float]:
        """Ask about each corpus, all its speakers, a head that never heard the corpus."""
        result = {}
        for corpus in np.unique(self._corpora):
            rows = self._corpora == corpus
            answers = ask(self.fit(without_corpus=corpus), self._vectors[:1, rows])[0].argmax(1)
            result[str(corpus)] = metrics.uar(self._labels[rows], answers)
        return result


def ask(head: Head, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the logits for (copies, clips, n)."""
    with torch.no_grad():
        rows = head(torch.from_numpy(vectors.reshape(-1, vectors.shape[-1])))
    return np.asarray(rows.numpy(), dtype=np.float64).reshape(*vectors.shape[:2], -1)
