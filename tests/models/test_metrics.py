import math

import numpy as np
import pytest

from models import metrics

TRUTH = np.array([0, 0, 0, 1, 1, 2])
CHOSEN = np.array([0, 0, 1, 1, 0, 1])


def test_figures_of_a_small_confusion_by_hand() -> None:
    assert metrics.accuracy(TRUTH, CHOSEN) == pytest.approx(3 / 6)
    assert metrics.recalls(TRUTH, CHOSEN) == pytest.approx({0: 2 / 3, 1: 1 / 2, 2: 0.0})
    assert metrics.uar(TRUTH, CHOSEN) == pytest.approx((2 / 3 + 1 / 2) / 3)
    # Class 0: 2 hits of 3 and 3; class 1: 1 hit of 2 and 3; class 2: never answered.
    assert metrics.macro_f1(TRUTH, CHOSEN) == pytest.approx((2 / 3 + 2 / 5 + 0) / 3)


def test_no_answer_is_wrong_but_no_class() -> None:
    chosen = np.where(CHOSEN == 1, -1, CHOSEN)
    assert metrics.accuracy(TRUTH, chosen) == pytest.approx(2 / 6)
    assert metrics.macro_f1(TRUTH, chosen) == pytest.approx((2 / 3 + 0 + 0) / 3)


def test_multilabel_macro_f1_is_the_mean_over_columns() -> None:
    truth = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]], bool)
    chosen = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]], bool)
    assert metrics.multilabel_macro_f1(truth, chosen) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_ece_of_constant_confidence_is_the_gap() -> None:
    truth = np.array([0, 0, 0, 1])
    probabilities = np.tile([0.9, 0.1], (4, 1))
    assert metrics.ece(truth, probabilities) == pytest.approx(0.9 - 0.75)


def test_ece_is_summed_bin_by_bin() -> None:
    truth = np.array([0, 1, 0, 0])
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [1.0, 0.0], [1.0, 0.0]])
    assert metrics.ece(truth, probabilities) == pytest.approx((2 * 0.1 + 2 * 0.0) / 4)


@pytest.mark.parametrize("true_temperature", [0.4, 1.0, 3.0])
def test_temperature_that_made_the_labels_is_found(true_temperature: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (3000, 4))
    shares = metrics.softmax(logits / true_temperature).cumsum(1)
    truth = (rng.random((3000, 1)) > shares).sum(1).clip(0, 3)
    assert metrics.fit_temperature(truth, logits) == pytest.approx(true_temperature, rel=0.1)


def test_auc() -> None:
    truth = np.array([True, False, True, False])
    assert metrics.auc(truth, np.array([4.0, 1.0, 3.0, 2.0])) == 1.0
    assert metrics.auc(truth, np.array([1.0, 4.0, 2.0, 3.0])) == 0.0
    assert metrics.auc(truth, np.zeros(4)) == 0.5
    assert np.isnan(metrics.auc(np.array([True, True]), np.zeros(2)))


def test_pearson_knows_its_limits() -> None:
    x = np.array([1.0, 2.0, 4.0])
    assert metrics.pearson(x, 3 - 2 * x) == pytest.approx(-1.0)
    assert math.isnan(metrics.pearson(x, np.ones(3)))


def test_interval_over_people_is_wider_than_over_rows_when_people_differ() -> None:
    right = np.repeat([1.0, 0.0, 1.0, 0.0, 1.0, 1.0], 50)
    people = [str(i) for i in np.repeat(range(6), 50)]
    rows = [str(i) for i in range(300)]

    def share(drawn: metrics.Labels) -> float:
        return float(right[drawn].mean())

    by_person = metrics.bootstrap_interval(share, people)
    by_row = metrics.bootstrap_interval(share, rows)
    assert by_row[0] < right.mean() < by_row[1]
    assert by_person[1] - by_person[0] > 3 * (by_row[1] - by_row[0])
    assert metrics.bootstrap_interval(share, people) == by_person


def test_nothing_has_no_figure() -> None:
    nothing = np.zeros(0, np.intp)
    with pytest.raises(ValueError, match="no samples"):
        metrics.accuracy(nothing, nothing)
    with pytest.raises(ValueError, match="no samples"):
        metrics.ece(nothing, np.zeros((0, 3)))
