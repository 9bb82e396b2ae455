from pathlib import Path

import cv2
import numpy as np
import pytest

from models import metrics
from models.evaluate_data import read_samples
from models.face_align import as_crop
from models.training import face_data, face_folder
from models.training.face_calibrate import Calibration, calibrate, favour_rare
from models.training.face_data import load_splits, repeats, shown_prior
from models.training.face_harm import HARMS
from models.training.face_report import risk_coverage
from models.types import EMOTIONS, Emotion

VOTED = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
VOTED += ["unknown", "NF"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A made-up data set of the real one's layout: 300 pictures, every third in PublicTest."""
    random = np.random.default_rng(0)
    votes = random.multinomial(10, [0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02], 300)
    votes[0] = [0, 0, 0, 0, 9, 1, 0, 0, 0, 0]
    votes[1] = [1, 1, 0, 0, 0, 0, 0, 0, 8, 0]
    in_valid = np.zeros(300, bool)
    in_valid[3] = True
    images = random.integers(0, 256, (300, 48, 48), dtype=np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(300) % 256, np.arange(300) // 256
    np.savez(
        tmp_path / face_data.FILE,
        images=images,
        votes=votes.astype(np.uint8),
        split=(np.arange(300) % 3 == 2).astype(np.uint8),
        in_valid=in_valid,
        vote_classes=np.array(VOTED),
    )
    return tmp_path


def rows(faces: face_data.Faces) -> set[int]:
    return {int(image[0, 0]) + 256 * int(image[0, 1]) for image in faces.images}


def test_splits_share_no_picture_and_leave_out_what_may_not_teach(folder: Path) -> None:
    splits = load_splits(folder, seed=1)
    train, held_out, dev = rows(splits.train), rows(splits.held_out), rows(splits.dev)
    assert not train & held_out
    assert not (train | held_out) & dev
    assert all(row % 3 == 2 for row in dev)
    assert all(row % 3 != 2 for row in train | held_out)
    assert not {1, 3} & (train | held_out)
    assert 0 in train | held_out


def test_the_same_seed_gives_the_same_splits_and_another_others(folder: Path) -> None:
    assert rows(load_splits(folder, 1).held_out) == rows(load_splits(folder, 1).held_out)
    assert rows(load_splits(folder, 1).held_out) != rows(load_splits(folder, 2).held_out)


def test_votes_come_into_our_order_without_stray_ones(folder: Path) -> None:
    splits = load_splits(folder, seed=1)
    faces = splits.train if 0 in rows(splits.train) else splits.held_out
    row = sorted(rows(faces)).index(0)
    assert EMOTIONS[faces.labels[row]] is Emotion.ANGER
    assert faces.targets[row] == pytest.approx([1, 0, 0, 0, 0, 0, 0, 0])
    assert np.allclose(faces.targets.sum(axis=1), 1)


def test_rare_classes_are_shown_more_often_and_the_prior_takes_it_back() -> None:
    targets = np.eye(8, dtype=np.float32)[np.repeat(np.arange(8), [500, 5, 50, 50, 50, 50, 50, 50])]
    often = repeats(targets, 0.3)
    assert often.mean() == pytest.approx(1)
    assert often[-1] > often[0]
    shown = (targets * often[:, None]).mean(axis=0)
    assert np.exp(shown_prior(targets, 0.3)) * shown == pytest.approx(targets.mean(axis=0))


def test_calibration_mends_overconfidence_and_a_shifted_prior() -> None:
    random = np.random.default_rng(0)
    true_share = np.array([0.4, 0.02, 0.03, 0.05, 0.2, 0.2, 0.05, 0.05])
    prior = np.log(true_share / np.full(8, 1 / 8))
    labels = random.choice(8, 4000, p=true_share)
    evidence = random.normal(0, 1, (4000, 8)) + 1.5 * np.eye(8)[labels]
    said = 3.0 * 1.5 * evidence  # three times too sure, and as if all classes were as common
    found = calibrate(said, labels, 3.0 * prior)
    chances = found.probabilities(said)
    assert metrics.ece(labels, chances) < 0.02
    assert metrics.ece(labels, metrics.softmax(said)) > 0.1
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    assert found.bias == pytest.approx(prior, abs=0.2)


def test_a_rare_class_that_is_never_said_is_found_without_losing_trust() -> None:
    random = np.random.default_rng(0)
    often = np.array([0.5, 0.01, 0.02, 0.03, 0.2, 0.14, 0.05, 0.05])
    labels = random.choice(8, 6000, p=often)
    said = random.normal(0, 1, (6000, 8)) + 1.6 * np.eye(8)[labels] + np.log(often)
    given = Calibration(1.0, np.zeros(8))
    found = favour_rare(given, said, labels, often)
    before, after = given.probabilities(said).argmax(1), found.probabilities(said).argmax(1)
    assert metrics.macro_f1(labels, after) > metrics.macro_f1(labels, before) + 0.01
    assert metrics.accuracy(labels, after) > metrics.accuracy(labels, before) - 0.03
    assert metrics.ece(labels, found.probabilities(said)) < 0.04
    assert found.bias.argmax() == 1


def test_the_reported_split_becomes_a_folder_that_evaluates(folder: Path, tmp_path: Path) -> None:
    count = face_folder.write(folder, tmp_path / "out")
    samples = read_samples(tmp_path / "out", "face", EMOTIONS)
    dev = load_splits(folder, seed=7).dev
    assert count == len(samples.rows) == len(dev)
    assert not samples.left_out
    for row, image, label in zip(samples.rows, dev.images, dev.labels, strict=True):
        assert row.label is EMOTIONS[label]
        assert (as_crop(np.asarray(cv2.imread(row.source), np.uint8)) == image).all()


def test_confidence_that_knows_its_errors_has_the_smaller_area() -> None:
    truth = np.array([0, 0, 1, 1])
    wise = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.55, 0.45]])
    foolish = np.array([[0.6, 0.4], [0.6, 0.4], [0.4, 0.6], [0.9, 0.1]])
    assert risk_coverage(truth, wise) == pytest.approx(1 / 16)
    assert risk_coverage(truth, foolish) > risk_coverage(truth, wise)


@pytest.mark.parametrize("name", HARMS)
def test_every_harm_gives_a_crop_and_leaves_the_given_one_alone(name: str) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    before = crop.copy()
    harmed = HARMS[name](crop, np.random.default_rng(1))
    assert harmed.shape == (48, 48)
    assert harmed.dtype == np.uint8
    assert (crop == before).all()
    assert (harmed == crop).all() == (name == "none")
