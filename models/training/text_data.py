"""GoEmotions and EmoBank as arrays, with a part put aside for calibration.

Layout of the data folder: `goemotions/original/{train.tsv,dev.tsv,labels.txt}` (text, label numbers
joined by commas, id) and `emobank/emobank_train_dev.csv` (id, split, V, A, D, text). The dev parts
are for reporting only: thresholds, temperature and variances are fitted on the part of train that
is put aside here by a hash of the text, so that doubles never fall on both sides.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ASIDE_SHARE = 0.08
COMMON = 1500
"""An emotion with more rows than this is common."""

VAD = ("valence", "arousal", "dominance")


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with their labels; a row without emotions or without VAD has NaN there."""

    texts: tuple[str, ...]
    emotions: NDArray[np.float32]  # (n, 28), 0 or 1
    vad: NDArray[np.float32]  # (n, 3) in [-1, 1]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.intp]) -> "Texts":
        """Return these rows."""
        return Texts(tuple(self.texts[i] for i in rows), self.emotions[rows], self.vad[rows])


@dataclass(frozen=True, slots=True)
class TextData:
    """The parts: learn from `train`, calibrate on `aside_*`, report on `dev_*`."""

    labels: tuple[str, ...]
    train: Texts
    aside_emotions: Texts
    aside_vad: Texts
    dev_emotions: Texts
    dev_vad: Texts


def load_text_data(folder: Path, smoke: bool = False) -> TextData:
    """Read the folder; `smoke` keeps a few hundred rows of each part."""
    labels = tuple((folder / "goemotions/original/labels.txt").read_text("utf-8").split())
    every = 60 if smoke else 1
    emotions = _goemotions(folder / "goemotions/original/train.tsv", len(labels), every)
    vad = _emobank(folder / "emobank/emobank_train_dev.csv", "train", len(labels), every)
    learn_emotions, aside_emotions = _put_aside(emotions)
    learn_emotions = _thin_out(learn_emotions)
    learn_vad, aside_vad = _put_aside(vad)
    return TextData(
        labels,
        _join(learn_emotions, learn_vad),
        aside_emotions,
        aside_vad,
        _goemotions(folder / "goemotions/original/dev.tsv", len(labels), every),
        _emobank(folder / "emobank/emobank_train_dev.csv", "dev", len(labels), every),
    )


def to_unit(rating: float) -> float:
    """Map EmoBank's scale of 1 to 5 to [-1, 1]."""
    return (rating - 3.0) / 2.0


def _goemotions(path: Path, classes: int, every: int) -> Texts:
    lines = path.read_text("utf-8").rstrip("\n").split("\n")[::every]
    rows = [line.split("\t") for line in lines]
    emotions = np.zeros((len(rows), classes), np.float32)
    for row, (_, numbers, _) in zip(emotions, rows, strict=True):
        row[[int(number) for number in numbers.split(",")]] = 1.0
    return Texts(tuple(row[0] for row in rows), emotions, np.full((len(rows), 3), np.nan, "f4"))


def _emobank(path: Path, split: str, classes: int, every: int) -> Texts:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split][::every]
    vad = np.array([[to_unit(float(row[axis])) for axis in "VAD"] for row in rows], np.float32)
    blank = np.full((len(rows), classes), np.nan, np.float32)
    return Texts(tuple(row["text"] for row in rows), blank, vad)


def _put_aside(texts: Texts) -> tuple[Texts, Texts]:
    aside = np.array([_hash_share(text) < ASIDE_SHARE for text in texts.texts])
    return texts.take(np.flatnonzero(~aside)), texts.take(np.flatnonzero(aside))


def _thin_out(texts: Texts) -> Texts:
    """Leave out some rows of which every label is common: a third of the corpus is neutral.

    Rare emotions then make up more of each epoch; calibration sees the natural shares.
    """
    kept_share = np.minimum(1.0, (COMMON / np.maximum(texts.emotions.sum(0), 1)) ** 0.6)
    share = np.where(texts.emotions > 0, kept_share, 0.0).max(1)
    luck = np.array([_hash_share("thin out " + text) for text in texts.texts])
    return texts.take(np.flatnonzero(luck < share))


def _hash_share(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.lower().encode()).digest()[:4]) / 2**32


def _join(first: Texts, second: Texts) -> Texts:
    return Texts(
        first.texts + second.texts,
        np.concatenate([first.emotions, second.emotions]),
        np.concatenate([first.vad, second.vad]),
    )
