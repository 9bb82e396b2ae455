"""Which voice weights are taken, and that all of them hear."""

import math

import numpy as np
import pytest

from models.catalog import load_catalog
from models.types import EMOTIONS, Emotion
from models.voice_choice import choose_voice
from models.voice_emotion import LIGHT_MODEL, MODEL, OPEN_MODEL, VoiceEmotion
from tests.models.sounds import speech

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("wanted", "licence", "affordable_ms", "taken"),
    [
        ("full", "any", 0.0, MODEL),
        ("light", "any", math.inf, LIGHT_MODEL),
        ("auto", "any", math.inf, MODEL),
        ("auto", "any", 0.0, LIGHT_MODEL),
        ("full", "open", 0.0, OPEN_MODEL),
        ("auto", "open", 0.0, OPEN_MODEL),
    ],
)
def test_the_machine_decides_unless_the_configuration_does(
    wanted: str, licence: str, affordable_ms: float, taken: str
) -> None:
    chosen = choose_voice(load_catalog(), wanted, licence, affordable_ms)  # type: ignore[arg-type]
    assert chosen == taken


def test_there_are_no_light_weights_that_are_open() -> None:
    with pytest.raises(ValueError, match="not open"):
        choose_voice(load_catalog(), "light", "open")


@pytest.mark.parametrize("model", [MODEL, OPEN_MODEL, LIGHT_MODEL])
def test_every_voice_model_reads_speech_of_any_length(model: str) -> None:
    emotion = VoiceEmotion(load_catalog(), model=model)
    voice = speech()
    answers = []
    for sound in (voice[:16_000], voice, np.tile(voice, 3), 0.01 * voice):
        answer = emotion.classify(sound)
        assert math.fsum(answer) == pytest.approx(1.0)
        assert answer[EMOTIONS.index(Emotion.DISGUST)] == 0.0
        answers.append(answer)
    # Loudness is no emotion; another stretch of speech is another answer.
    assert answers[3] == pytest.approx(answers[1], abs=0.02)
    assert answers[0] != pytest.approx(answers[1], abs=1e-6)
