"""Does a baseline for each person help? `python -m models.training.face_baseline --data DIR`.

FER2013 does not say who is in a picture, so people are made up of what can be known about them:
a camera and a light of their own (one harm for all their pictures), or one mood all day. A baseline
is the mean of a person's scores so far, less everybody's; a part of it, within a bound, is taken
off the next picture's scores. Prints a table: accuracy without and with it.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.catalog import load_catalog
from models.face_emotion import MODEL
from models.runtime import Net
from models.training import face_data
from models.training.face_harm import HARMS
from models.training.face_report import SEED, logits
from models.types import EMOTIONS, Emotion

PICTURES, PEOPLE = 24, 150
"""Of a person, and people of each kind."""

TRUST_AFTER = 8
"""Pictures after which a person's own mean counts as much as everybody's."""

STRENGTHS, BOUND = (0.0, 0.25, 0.5, 1.0), 1.0
LIVES = ("none", "blur, sigma 2", "dark, 1/10 of the light", "noise, sigma 25", "mouth hidden")
MOODS = (Emotion.ANGER, Emotion.HAPPINESS, Emotion.NEUTRAL, Emotion.SADNESS)

Scores = NDArray[np.float64]
Reader = Callable[[NDArray[np.uint8]], Scores]


@dataclass(frozen=True, slots=True)
class Person:
    """Scores [pictures, 8] in order of time, and what they show."""

    scores: Scores
    labels: NDArray[np.int64]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Try a baseline for each person.")
    parser.add_argument("--data", type=Path, required=True, help="folder with face_expr_dev.npz")
    options = parser.parse_args()
    splits = face_data.load_splits(options.data, SEED)
    catalog = load_catalog()
    net, entry = Net.load(catalog.path(MODEL)), catalog.entry(MODEL)

    def read(images: NDArray[np.uint8]) -> Scores:
        said = logits(net, images) / entry.number("temperature")
        return np.asarray(said + np.array(entry.numbers("bias")), np.float64)

    everybody = read(splits.held_out.images).mean(axis=0)
    print("| people | " + " | ".join(f"strength {strength:g}" for strength in STRENGTHS) + " |")
    print("|---" * (len(STRENGTHS) + 1) + "|")
    for name, people in _kinds(splits.dev, read):
        truth = np.concatenate([person.labels for person in people])
        row = []
        for strength in STRENGTHS:
            mended = [adapt(person.scores, everybody, strength) for person in people]
            row.append(metrics.accuracy(truth, np.concatenate(mended).argmax(axis=1)))
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in row) + " |")


def adapt(scores: Scores, everybody: Scores, strength: float) -> Scores:
    """Take a person's baseline off; each picture is judged by those before it alone."""
    before = np.concatenate([np.zeros((1, len(everybody))), np.cumsum(scores, axis=0)[:-1]])
    seen = np.arange(len(scores))[:, None]
    own = (before - seen * everybody) / (seen + TRUST_AFTER)
    return np.asarray(scores - np.clip(strength * own, -BOUND, BOUND), np.float64)


def _kinds(dev: face_data.Faces, read: Reader) -> Iterator[tuple[str, list[Person]]]:
    random = np.random.default_rng(SEED)
    for name in LIVES:
        some = dev.take(random.permutation(len(dev))[: len(dev) // 2])
        scores = read(np.stack([HARMS[name](crop, random) for crop in some.images]))
        rows = [random.integers(0, len(some), PICTURES) for _ in range(PEOPLE)]
        yield f"all moods; picture: {name}", [Person(scores[r], some.labels[r]) for r in rows]
        if name == LIVES[0]:
            for mood in MOODS:
                of_mood = np.flatnonzero(some.labels == EMOTIONS.index(mood))
                drawn = [random.choice(of_mood, PICTURES) for _ in range(PEOPLE)]
                people = [Person(scores[r], some.labels[r]) for r in drawn]
                yield f"{mood.value} all day; picture: {name}", people


if __name__ == "__main__":
    main()
