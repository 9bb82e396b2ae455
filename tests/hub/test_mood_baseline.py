"""How people usually are: slow, bounded, theirs alone."""

import json
import math

import pytest

from hub.mood.baseline import FURTHEST, REST, TIME_CONSTANT_S, Baselines
from hub.types import PersonId
from models.types import Emotion, MoodEstimate
from tests.hub.mood_helpers import ADA


def mood(valence: float, arousal: float = 0.0, confidence: float = 0.9) -> MoodEstimate:
    return MoodEstimate(valence, arousal, Emotion.NEUTRAL, confidence, {}, 0.0)


def live(baselines: Baselines, estimate: MoodEstimate, seconds: float, step_s: float) -> None:
    at = 0.0
    while at <= seconds:
        baselines.learn(ADA, estimate, at)
        at += step_s


def test_a_confident_mood_moves_it_slowly() -> None:
    baselines = Baselines(["ada"])
    live(baselines, mood(0.2, -0.1), TIME_CONSTANT_S, 60.0)
    assert baselines.of(ADA).valence == pytest.approx(0.2 * (1 - math.exp(-1)), rel=0.01)
    assert baselines.of(ADA).arousal < 0.0


def test_how_often_it_is_told_does_not_matter() -> None:
    often, seldom = Baselines(["ada"]), Baselines(["ada"])
    live(often, mood(0.2), 3600.0, 1.0)
    live(seldom, mood(0.2), 3600.0, 60.0)
    assert often.of(ADA).valence == pytest.approx(seldom.of(ADA).valence, rel=0.01)


def test_a_gap_counts_for_a_minute_at_most() -> None:
    baselines = Baselines(["ada"])
    baselines.learn(ADA, mood(1.0), 0.0)
    baselines.learn(ADA, mood(1.0), 1e6)
    assert baselines.of(ADA).valence < 0.01


def test_it_stays_near_the_middle_however_long_a_mood_lasts() -> None:
    baselines = Baselines(["ada"])
    live(baselines, mood(-1.0, 1.0), 10 * TIME_CONSTANT_S, 60.0)
    assert baselines.of(ADA).valence == -FURTHEST
    assert baselines.of(ADA).arousal == FURTHEST


def test_guesses_and_guests_teach_nothing() -> None:
    baselines = Baselines(["ada"])
    live(baselines, mood(0.5, confidence=0.5), 36_000.0, 60.0)
    assert baselines.of(ADA) == REST
    guest = PersonId("guest")
    baselines.learn(guest, mood(0.5), 0.0)
    baselines.learn(guest, mood(0.5), 60.0)
    baselines.forget(guest)
    assert baselines.of(guest) == REST
    assert baselines.of(None) == REST
    assert set(baselines.state) == {"ada"}


def test_it_survives_a_restart_through_json_and_refuses_nonsense() -> None:
    baselines = Baselines(["ada"])
    live(baselines, mood(0.2), 36_000.0, 60.0)
    known = json.loads(json.dumps(baselines.state))
    assert Baselines(["ada"], known).of(ADA) == baselines.of(ADA)
    assert Baselines(["ada"], {"ada": (math.nan, 9.0)}).of(ADA).arousal == FURTHEST
    baselines.forget(ADA)
    assert baselines.of(ADA) == REST
