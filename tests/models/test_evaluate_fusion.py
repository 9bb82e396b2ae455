"""Fusion judged on synthetic moments of real readings, and on readings made here."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.affect import affect
from models.errors import DataError
from models.evaluate_fusion import evaluate_fusion
from models.fusion_pairs import Labelled, common_labels, halves, moments, noise
from models.types import EMOTIONS, Emotion, Reading, Sense

HAPPY = ["I love this so much", "what a wonderful day", "thank you, that is great", "so much fun"]
ANGRY = ["I hate you", "you are an idiot", "this makes me furious", "shut up you moron"]


def labelled(sense: Sense, truth: Emotion, group: str, sure: float) -> Labelled:
    shares = tuple(sure if e is truth else (1 - sure) / 7 for e in EMOTIONS)
    return Labelled(Reading(sense, affect(shares), shares, 1.0, "made"), group, truth)


def made(sense: Sense, counts: dict[Emotion, int]) -> list[Labelled]:
    return [
        labelled(sense, truth, f"{truth}{number}", 0.6)
        for truth, count in counts.items()
        for number in range(count)
    ]


POOL = {
    Sense.FACE: made(Sense.FACE, {Emotion.ANGER: 30, Emotion.FEAR: 30, Emotion.SADNESS: 5}),
    Sense.TEXT: made(Sense.TEXT, {Emotion.ANGER: 30, Emotion.FEAR: 30, Emotion.SADNESS: 40}),
}


def test_only_labels_that_every_sense_knows_enough_of_are_paired() -> None:
    assert common_labels(POOL) == (Emotion.ANGER, Emotion.FEAR)


def test_a_moment_holds_samples_of_one_label() -> None:
    drawn = moments(POOL, [Emotion.ANGER, Emotion.FEAR], 10, 0)
    assert len(drawn) == 20
    for place, moment in enumerate(drawn):
        wanted = Emotion.ANGER if place < 10 else Emotion.FEAR
        assert {one.truth for one in moment.values()} == {wanted}
    assert drawn == moments(POOL, [Emotion.ANGER, Emotion.FEAR], 10, 0)


def test_halves_share_nobody() -> None:
    first, second = halves(POOL)
    for sense, everybody in POOL.items():
        groups = [{one.group for one in half[sense]} for half in (first, second)]
        assert not groups[0] & groups[1]
        assert len(first[sense]) + len(second[sense]) == len(everybody)


def test_a_guess_is_a_distribution_and_a_stranger_a_reading_of_the_pool() -> None:
    guess = noise("guess", POOL, 0)
    guesses = [guess(Sense.FACE) for _ in range(20)]
    assert len({one.probabilities for one in guesses}) == 20
    assert all(sum(one.probabilities) == pytest.approx(1.0) for one in guesses)
    stranger = noise("stranger", POOL, 0)
    assert stranger(Sense.TEXT) in [one.reading for one in POOL[Sense.TEXT]]


def folder(data: Path, name: str, column: str, rows: Sequence[tuple[str, str]]) -> None:
    (data / name).mkdir(exist_ok=True)
    with (data / name / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([(column, "label"), *rows])


@pytest.mark.slow
def test_a_report_says_what_each_set_of_senses_reached(tmp_path: Path) -> None:
    texts = [(f"{text}{'!' * n}", label) for n in range(5) for text, label in _texts()]
    folder(tmp_path, "text", "text", texts)
    rng = np.random.default_rng(0)
    faces = []
    (tmp_path / "face").mkdir()
    for number in range(40):
        cv2.imwrite(str(tmp_path / "face" / f"{number}.png"), rng.integers(0, 255, (48, 48)))
        faces.append((f"{number}.png", "happiness" if number % 2 else "anger"))
    folder(tmp_path, "face", "file", faces)
    report = evaluate_fusion(tmp_path)
    assert report.labels == ("anger", "happiness")
    assert set(report.senses) == {"face", "text", "face+text"}
    assert report.samples == {"face": 40, "text": 40}
    assert report.senses["text"].macro_f1 > 0.8
    # Faces of noise know nothing, so they cannot help; they must not ruin the text either.
    assert report.senses["face"].macro_f1 < 0.6
    assert report.senses["face+text"].macro_f1 > 0.7
    best = max(report.senses[one].macro_f1 for one in ("face", "text"))
    assert report.gain == pytest.approx(report.senses["face+text"].macro_f1 - best)
    assert set(report.noise) == set(report.loss) == {"guess", "stranger"}
    assert all(value >= 0.0 for value in report.loss.values())
    assert any("gain" in line for line in report.lines())


def _texts() -> list[tuple[str, str]]:
    return [(text, "happiness") for text in HAPPY] + [(text, "anger") for text in ANGRY]


def test_one_sense_alone_is_no_fusion(tmp_path: Path) -> None:
    folder(tmp_path, "text", "text", _texts())
    with pytest.raises(DataError, match="two of the folders"):
        evaluate_fusion(tmp_path)
