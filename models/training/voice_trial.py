"""Cross-validation of the recipe on embedded clips: by speaker, and with a corpus left out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from models import metrics
from models.training.voice_data import FOLDS, Clip, labels_of
from models.training.voice_head import Head, balance, fit_head
from models.training.voice_report import figures, noise_figures

Floats = NDArray[np.float32]
Logits = NDArray[np.float64]

_NEUTRAL: Final = 0


@dataclass(frozen=True, slots=True)
class Windows:
    """Embedded windows (windows, statistics), and the clip of each."""

    vectors: Floats
    owners: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> "Windows":
        """Return the windows of some clips; the clips keep their numbers."""
        inside = rows[self.owners]
        return Windows(self.vectors[inside], self.owners[inside])


class Trial:
    """Fits heads on some speakers and asks them about others.

    `windows` are those of all clips by condition ("clean" and others; a clip that has none in a
    condition is not asked about there), `copies` the augmented ones (copies, clips, statistics).
    Only clips in `learnable` are ever fitted on. `clips` are those that are asked about.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        windows: Mapping[str, Windows],
        copies: Floats,
        learnable: NDArray[np.bool_],
        classes: int,
        steps: int,
        seed: int,
    ) -> None:
        self._windows, self._classes = windows, classes
        self.learnable = learnable
        self._steps, self._seed = steps, seed
        self.clips, self._labels = clips, labels_of(clips)
        self._folds = np.array([clip.fold for clip in clips])
        self._corpora = np.array([clip.corpus for clip in clips])
        self._speakers = np.array([clip.speaker for clip in clips])
        self._reported = np.array([clip.reported for clip in clips])
        middles = _middles(windows["clean"].owners)
        self._training = np.concatenate([windows["clean"].vectors[middles][None], copies])

    def fit(self, rows: NDArray[np.bool_] | None = None) -> Head:
        """Fit on these clips; on everyone but the reported speakers if not given."""
        return self._fit(~self._reported if rows is None else rows, self._training)

    def cross_validate(self) -> dict[str, Any]:
        """Ask about each fold's speakers a head fitted on the other folds.

        The temperature comes from clean and disturbed windows, so that doubt in noise counts; and
        from the corpora that are not learnt, if there are any, as a home is such a corpus.
        """
        said = {name: np.zeros((len(self._labels), self._classes)) for name in self._windows}
        copies = np.zeros((len(self._training) - 1, len(self._labels), self._classes))
        asked = {name: np.isin(np.arange(len(self._labels)), windows.owners)
                 for name, windows in self._windows.items()}  # fmt: skip
        for fold in range(FOLDS):
            started = time.monotonic()
            rows = self._folds == fold
            if not rows.any():
                continue
            head = self._fit(~rows, self._training)
            for name, windows in self._windows.items():
                both = rows & asked[name]
                said[name][both] = self._ask(head, windows.of(rows))[both]
            for copy, vectors in zip(copies, self._training[1:], strict=True):
                copy[rows] = ask(head, vectors[rows])[:, : self._classes]
            left = (time.monotonic() - started) * (FOLDS - fold - 1)
            print(f"  fold {fold + 1}/{FOLDS}, {left:.0f} s left", flush=True)
        return self.judged(said, asked, copies)

    def judged(
        self,
        said: Mapping[str, Logits],
        asked: Mapping[str, NDArray[np.bool_]],
        copies: NDArray[np.float64],
    ) -> dict[str, Any]:
        """Give the figures of answers (clips, classes) by condition, and (copies, clips, classes).

        `asked` tells which clips were asked about in a condition.
        """
        telling = self.learnable if self.learnable.all() else ~self.learnable
        heard = np.concatenate([said["clean"][None], copies])[:, telling]
        temperature = metrics.fit_temperature(
            np.tile(self._labels[telling], len(heard)), heard.reshape(-1, self._classes)
        )
        return {
            "temperature": temperature,
            "corpora": self._by_corpus(said["clean"], copies, temperature),
            "noise": self._noises(said, asked, temperature),
        }

    def leave_corpora_out(self) -> dict[str, float]:
        """Ask about each corpus, all its speakers, a head that never heard the corpus."""
        return {
            str(corpus): self._left_out(self._corpora == corpus, self._training, self._windows)
            for corpus in np.unique(self._corpora)
        }

    def calibrated(self, neutral_only: bool) -> dict[str, dict[str, float]]:
        """Ask again with the statistics of each person centred on the person's own mean.

        Of all the person's clips, or of the neutral ones; UAR by corpus, folds and left out.
        """
        training = self._centred(self._training, np.arange(len(self._labels)), neutral_only)
        clean = self._windows["clean"]
        vectors = self._centred(clean.vectors[None], clean.owners, neutral_only)[0]
        windows = {"clean": Windows(vectors, clean.owners)}
        said = np.zeros((len(self._labels), self._classes))
        for fold in range(FOLDS):
            rows = self._folds == fold
            if rows.any():
                head = self._fit(~rows, training)
                said[rows] = self._ask(head, windows["clean"].of(rows))[rows]
        return {
            str(corpus): {
                "uar": metrics.uar(self._labels[rows], said[rows].argmax(1)),
                "left_out": self._left_out(rows, training, windows),
            }
            for corpus in np.unique(self._corpora)
            for rows in [self._corpora == corpus]
        }

    def _fit(self, rows: NDArray[np.bool_], training: Floats) -> Head:
        rows = rows & self.learnable
        weights = balance(self._labels[rows], self._corpora[rows])
        return fit_head(training[:, rows], self._labels[rows], weights, self._seed, self._steps)

    def _ask(self, head: Head, windows: Windows) -> Logits:
        """Give each clip's mean logits; clips without windows stay 0."""
        total = np.zeros((len(self._labels), self._classes))
        rows = ask(head, windows.vectors)[:, : self._classes]
        np.add.at(total, windows.owners, rows)
        counts = np.bincount(windows.owners, minlength=len(total))
        result: Logits = total / np.maximum(counts, 1)[:, None]
        return result

    def _left_out(
        self, rows: NDArray[np.bool_], training: Floats, windows: Mapping[str, Windows]
    ) -> float:
        head = self._fit(~rows, training)
        said = self._ask(head, windows["clean"].of(rows))[rows]
        return transfer(self._labels[rows], said)

    def _by_corpus(self, clean: Logits, copies: Logits, temperature: float) -> dict[str, Any]:
        result = {}
        for corpus in np.unique(self._corpora):
            rows = self._corpora == corpus
            clips = [clip for clip, own in zip(self.clips, rows, strict=True) if own]
            found = figures(clips, clean[rows], temperature)
            found["disturbed_uar"] = [
                metrics.uar(self._labels[rows], copy[rows].argmax(1)) for copy in copies
            ]
            result[str(corpus)] = found
        return result

    def _noises(
        self,
        said: Mapping[str, Logits],
        asked: Mapping[str, NDArray[np.bool_]],
        temperature: float,
    ) -> dict[str, dict[str, float]]:
        result = {}
        for name, logits in said.items():
            if name == "clean":
                continue
            truth, answers = self._labels[asked[name]], logits[asked[name]]
            result[name] = noise_figures(truth, answers, temperature)
        return result

    def _centred(self, vectors: Floats, owners: NDArray[np.int64], neutral_only: bool) -> Floats:
        """Take from (copies, rows, statistics) what each person's clean clips have in common."""
        clean = self._windows["clean"]
        result = vectors.copy()
        for speaker in np.unique(self._speakers):
            own = self._speakers == speaker
            basis = own & (self._labels == _NEUTRAL) if neutral_only else own
            result[:, own[owners]] -= clean.vectors[basis[clean.owners]].mean(axis=0)
        return result


def transfer(truth: NDArray[np.int64], said: Logits) -> float:
    """Give the UAR on a corpus left out, among the classes that it has (EmoDB has no fear)."""
    present = np.unique(truth)
    return metrics.uar(truth, present[said[:, present].argmax(axis=1)])


def ask(head: Head, vectors: Floats) -> Logits:
    """Give the logits for (rows, statistics)."""
    with torch.no_grad():
        return np.asarray(head(torch.from_numpy(vectors)).numpy(), dtype=np.float64)


def _middles(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the middle window of each clip."""
    starts = np.searchsorted(owners, np.unique(owners))
    return starts + np.bincount(owners)[np.unique(owners)] // 2
