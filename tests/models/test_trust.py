import numpy as np
import pytest

from models.trust import confusion, trust


def test_risk_falls_with_coverage_when_the_sure_answers_are_right() -> None:
    truth = np.zeros(100, np.intp)
    chosen = np.r_[np.zeros(60, np.intp), np.ones(40, np.intp)]
    found = trust(truth, chosen, np.linspace(0.99, 0.3, 100))
    assert found.risk[:12] == (0.0,) * 12
    assert found.risk[-1] == pytest.approx(0.4)
    assert list(found.risk) == sorted(found.risk)
    # The mean of k / (60 + k) over 100 coverages.
    assert found.aurc == pytest.approx(sum(k / (60 + k) for k in range(41)) / 100)


def test_blind_confidence_has_the_same_risk_at_every_coverage() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 4000)
    chosen = np.where(rng.random(4000) < 0.7, truth, (truth + 1) % 4)
    found = trust(truth, chosen, rng.random(4000))
    assert found.aurc == pytest.approx(0.3, abs=0.03)
    assert found.risk[-1] == pytest.approx(0.3, abs=0.03)


def test_no_answer_is_wrong_and_comes_last_and_stands_in_no_bin() -> None:
    found = trust(np.array([0, 1]), np.array([-1, 1]), np.array([0.9, 0.5]))
    assert found.risk[9] == 0.0
    assert found.risk[-1] == 0.5
    assert [(b.n, b.confidence, b.right) for b in found.reliability] == [(1, 0.5, 1.0)]


def test_bins_say_how_often_answers_were_right() -> None:
    found = trust(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), np.array([0.95, 1, 0.35, 0.38]))
    assert [(b.n, b.right) for b in found.reliability] == [(2, 0.5), (2, 1.0)]
    assert found.reliability[1].confidence == pytest.approx(0.975)


def test_confusion_counts_by_truth() -> None:
    table = confusion(np.array([0, 0, 1, 1]), np.array([0, 1, -1, 1]), 2)
    assert table == ((1, 1, 0), (0, 1, 1))


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(ValueError, match="no samples"):
        trust(np.array([], np.intp), np.array([], np.intp), np.array([]))
