"""Clips with labels and speakers, and which speakers serve for what.

A data folder holds one folder per corpus, each with `labels.csv` (columns `file`, `label`,
`group` = speaker, optionally `variant`) and sound that soundfile reads.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

CLASSES: Final = ("neutral", "happiness", "sadness", "anger", "fear")
RATE_HZ: Final = 16_000

REPORTED: Final = frozenset(["rav18", "rav19", "nemoWR0", "emo14"])
"""Speakers whom the shipped file never heard: its own figures are theirs."""

NOISY_CORPUS: Final = "ravdess"
"""Who speaks in noise."""

FOLDS: Final = 5
"""All speakers take turns to be left out: figures of the recipe, to choose and to calibrate."""

# Clips that were all cut to 2 s at another band limit would be known by that, not by the voice.
_LEFT_OUT_VARIANTS: Final = frozenset(["cropped-2s-22k"])


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance. `label` indexes CLASSES; a speaker's clips are all in one fold."""

    path: Path
    corpus: str
    speaker: str
    gender: str
    label: int
    fold: int

    @property
    def reported(self) -> bool:
        """Whether the shipped file must not have heard the speaker."""
        return self.speaker in REPORTED


def read_clips(data: Path, limit_per_speaker: int | None = None) -> list[Clip]:
    """List the usable clips of every corpus under `data`, in a fixed order.

    Raises FileNotFoundError when no labels are there.
    """
    tables = sorted(data.glob("*/labels.csv"))
    if not tables:
        raise FileNotFoundError(f"{data} holds no */labels.csv")
    clips = []
    for table in tables:
        with table.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if _usable(row)]
        genders = {row["group"]: row.get("gender", "") for row in rows}
        folds = _folds(genders)
        taken: dict[str, int] = {}
        for row in rows:
            speaker = row["group"]
            taken[speaker] = taken.get(speaker, 0) + 1
            if limit_per_speaker is not None and taken[speaker] > limit_per_speaker:
                continue
            clips.append(
                Clip(
                    path=table.parent / row["file"],
                    corpus=table.parent.name,
                    speaker=speaker,
                    gender=genders[speaker],
                    label=CLASSES.index(row["label"]),
                    fold=folds[speaker],
                )
            )
    return clips


def read_sound(path: Path) -> NDArray[np.float32]:
    """Read a 16 kHz mono clip; raises ValueError for another format."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE_HZ:
        raise ValueError(f"{path.name} has {rate} Hz, not {RATE_HZ}")
    mono: NDArray[np.float32] = samples.mean(axis=1)
    return mono


def labels_of(clips: Sequence[Clip]) -> NDArray[np.int64]:
    """Give the class index of each clip."""
    return np.array([clip.label for clip in clips], dtype=np.int64)


def _folds(genders: Mapping[str, str]) -> dict[str, int]:
    """Deal a corpus' speakers out to folds: by name, women first, so that each has of both."""
    order = sorted(genders, key=lambda speaker: (genders[speaker], speaker))
    return {speaker: index % FOLDS for index, speaker in enumerate(order)}


def _usable(row: dict[str, str]) -> bool:
    return row["label"] in CLASSES and row.get("variant", "") not in _LEFT_OUT_VARIANTS
