"""The FER+ pictures and votes as the face training uses them.

Source: a folder with `face_expr_dev.npz` (keys images, split, votes, in_valid; see its README).
FER+: Barsoum et al. 2016, doi:10.1145/2993148.2993165. Pictures stay where they are; nothing of
them is written anywhere but into the weights.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.types import EMOTIONS

FILE = "face_expr_dev.npz"
HELD_OUT_SHARE = 0.06
BALANCE = 0.3
TRAINING, PUBLIC_TEST = 0, 1


@dataclass(frozen=True, slots=True)
class Faces:
    """Crops uint8 [n, 48, 48] with a target distribution [n, 8] and the majority label [n]."""

    images: NDArray[np.uint8]
    targets: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: NDArray[np.int64]) -> "Faces":
        """The given rows, in that order."""
        return Faces(self.images[rows], self.targets[rows], self.labels[rows])


@dataclass(frozen=True, slots=True)
class FaceSplits:
    """`train` teaches, `held_out` (a part of Training) chooses and calibrates, `dev` reports."""

    train: Faces
    held_out: Faces
    dev: Faces


def load_splits(folder: Path, seed: int) -> FaceSplits:
    """Read the folder; raise FileNotFoundError or KeyError when it is not the expected one.

    Left out everywhere: pictures whose majority is "unknown" or "not a face". Left out of
    training: pictures that also stand in PublicTest.
    """
    with np.load(folder / FILE, allow_pickle=False) as data:
        images, votes = data["images"], data["votes"].astype(np.float32)
        split, in_valid = data["split"], data["in_valid"]
        order = [list(data["vote_classes"]).index(emotion.value) for emotion in EMOTIONS]
    is_emotion = votes.argmax(axis=1) < len(EMOTIONS)
    # The label is the first of equals in FER+'s own order, as its makers' script counts.
    own_order = np.argsort(order)
    labels = own_order[votes[:, : len(EMOTIONS)].argmax(axis=1)].astype(np.int64)
    faces = Faces(images, _targets(votes[:, order]), labels)
    pool = np.flatnonzero(is_emotion & (split == TRAINING) & ~in_valid)
    shuffled = np.random.default_rng(seed).permutation(pool)
    held_out = int(len(pool) * HELD_OUT_SHARE)
    dev = np.flatnonzero(is_emotion & (split == PUBLIC_TEST))
    return FaceSplits(
        faces.take(np.sort(shuffled[held_out:])),
        faces.take(np.sort(shuffled[:held_out])),
        faces.take(dev),
    )


def repeats(targets: NDArray[np.float32], exponent: float = BALANCE) -> NDArray[np.float64]:
    """How often each picture is shown in an epoch: rarer classes more often, mean about 1."""
    share = targets.mean(axis=0)
    weight = (share / share.max()) ** -exponent
    per_picture = (targets * weight).sum(axis=1)
    return np.asarray(per_picture / per_picture.mean(), dtype=np.float64)


def shown_prior(targets: NDArray[np.float32], exponent: float = BALANCE) -> NDArray[np.float64]:
    """Log of how much rarer each class is in the data than `repeats` shows it."""
    shown = (targets * repeats(targets, exponent)[:, None]).mean(axis=0)
    return np.asarray(np.log(targets.mean(axis=0) / shown), np.float64)


def _targets(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Votes to distributions; a single stray vote counts as a slip, as in the FER+ paper."""
    kept = np.where(votes > 1, votes, 0)
    kept = np.where(kept.sum(axis=1, keepdims=True) > 0, kept, votes + 1e-6)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True), dtype=np.float32)
