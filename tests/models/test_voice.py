"""The whole voice path on the shipped weights: espeak-ng speaks, other sounds must stay unread."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from models.catalog import load_catalog
from models.types import EMOTIONS, Emotion, Sense
from models.voice import VoicePipeline
from models.voice_activity import BLOCK, VoiceActivity
from models.voice_emotion import OPEN_MODEL, VoiceEmotion
from models.voice_types import VoiceReading
from tests.models.sounds import RATE_HZ, Sound, chord, noise, speech, tune

pytestmark = pytest.mark.peer

KNOWN = {Emotion.NEUTRAL, Emotion.HAPPINESS, Emotion.SADNESS, Emotion.ANGER, Emotion.FEAR}


@pytest.fixture(scope="module")
def emotion() -> VoiceEmotion:
    return VoiceEmotion(load_catalog())


def hear(pipeline: VoicePipeline, sound: Sound, step: int = 1600) -> list[VoiceReading]:
    return [found for found in heard(pipeline, sound, step, 10.0) if found is not None]


def heard(
    pipeline: VoicePipeline, sound: Sound, step: int, begin_s: float
) -> Iterator[VoiceReading | None]:
    for start in range(0, sound.size, step):
        part = sound[start : start + step]
        yield pipeline(part, begin_s + (start + part.size) / RATE_HZ)


def test_probabilities_are_probabilities(emotion: VoiceEmotion) -> None:
    answer = emotion.classify(speech())
    assert len(answer) == len(EMOTIONS)
    assert sum(answer) == pytest.approx(1.0)
    named = dict(zip(EMOTIONS, answer, strict=True))
    assert all((probability > 0) == (name in KNOWN) for name, probability in named.items())


def test_the_open_weights_never_say_what_they_do_not_know() -> None:
    answer = VoiceEmotion(load_catalog(), model=OPEN_MODEL).classify(speech())
    named = dict(zip(EMOTIONS, answer, strict=True))
    assert {name for name, probability in named.items() if probability > 0} == KNOWN - {
        Emotion.FEAR
    }
    assert sum(answer) == pytest.approx(1.0)
    assert load_catalog().entry(OPEN_MODEL).licence == "CC0-1.0"


def test_different_speech_gives_different_answers(emotion: VoiceEmotion) -> None:
    calm = emotion.classify(speech("en+m3"))
    other = emotion.classify(speech("en+whisper"))
    assert np.abs(np.subtract(calm, other)).max() > 0.05


def test_loudness_makes_no_difference(emotion: VoiceEmotion) -> None:
    quiet = emotion.classify(speech() * np.float32(0.05))
    assert np.allclose(quiet, emotion.classify(speech()), atol=0.02)


def test_long_speech_is_the_mean_of_its_windows(emotion: VoiceEmotion) -> None:
    once = speech()[: 3 * RATE_HZ]
    assert np.allclose(
        emotion.classify(np.tile(once, 3)), emotion.classify(once), atol=0.25
    )  # windows between the repetitions differ a little


@pytest.mark.parametrize("bad", [np.zeros(0), np.array([np.nan] * 16_000), np.zeros((2, 16_000))])
def test_refuses_what_is_no_sound(emotion: VoiceEmotion, bad: Sound) -> None:
    with pytest.raises(ValueError):
        emotion.classify(bad.astype(np.float32))


@pytest.mark.slow
def test_speech_is_read_once_a_second_at_most() -> None:
    pipeline = VoicePipeline(load_catalog())
    sound = np.concatenate([np.zeros(RATE_HZ, np.float32), speech(), speech()])
    found = hear(pipeline, sound)
    seconds = sound.size / RATE_HZ
    assert seconds / 3 <= len(found) <= seconds
    assert pipeline.windows == len(found)
    for answer in found:
        assert answer.reading.sense is Sense.VOICE
        assert answer.reading.model == "voice_emotion"
        assert sum(answer.reading.probabilities) == pytest.approx(1.0)
        assert answer.reading.affect.valence_var > 0
        assert 0.3 <= answer.speech <= 1.0
        assert -40 < answer.level_db < 0
    assert found[-1].reading.quality > 0.7


@pytest.mark.slow
def test_the_length_of_the_blocks_makes_no_difference() -> None:
    sound = speech()
    readings = [
        [found.reading for found in hear(VoicePipeline(load_catalog()), sound, step)]
        for step in (160, 512, 4000)
    ]
    assert readings[0] == readings[1] == readings[2]
    assert readings[0]


def test_the_pipeline_agrees_with_the_classifier(emotion: VoiceEmotion) -> None:
    # The window of a stretch of speech between silences is that stretch.
    words = speech(text="Come here now, please, and bring me the big green book.")
    gap = np.zeros(RATE_HZ // 2, np.float32)
    found = hear(VoicePipeline(load_catalog()), np.concatenate([gap, words[: 2 * RATE_HZ], gap]))
    assert found
    direct = emotion.classify(words[: 2 * RATE_HZ])
    assert np.abs(np.subtract(found[-1].reading.probabilities, direct)).max() < 0.3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "sound"),
    [
        ("silence", lambda: np.zeros(30 * RATE_HZ, np.float32)),
        ("white noise", lambda: noise(30, 0.0)),
        ("pink noise", lambda: noise(30, 1.0)),
        ("brown noise", lambda: noise(30, 2.0)),
        ("chord", lambda: chord(30, (220.0, 277.2, 329.6))),
        ("low chord", lambda: chord(30, (110.0, 138.6, 164.8, 440.0))),
        ("vibrato", lambda: chord(30, (261.6,), vibrato_hz=5.0)),
        ("tune", lambda: np.concatenate([tune(15, seed) for seed in range(4)])),
        ("loud and soft noise", lambda: np.tile(np.r_[noise(1, 0), noise(1, 0, level=0.01)], 15)),
    ],
)
def test_what_is_no_speech_is_not_read(kind: str, sound: Callable[[], Sound]) -> None:
    pipeline = VoicePipeline(load_catalog())
    assert hear(pipeline, sound().astype(np.float32)) == []
    assert pipeline.windows == 0


@pytest.mark.slow
def test_noise_and_clipping_lower_the_quality() -> None:
    clean = np.concatenate([np.zeros(RATE_HZ, np.float32), speech()])
    clipped = np.clip(clean * 30.0, -1.0, 1.0)
    loud = float(speech().std())
    qualities = {}
    for name, sound in {
        "clean": clean,
        "noise": clean + noise(clean.size / RATE_HZ, 1.0, level=loud / 3)[: clean.size],
        "more noise": clean + noise(clean.size / RATE_HZ, 1.0, level=loud)[: clean.size],
        "clipped": clipped,
    }.items():
        found = hear(VoicePipeline(load_catalog()), sound)
        assert found or name == "more noise"
        qualities[name] = max((answer.reading.quality for answer in found), default=0.0)
    assert qualities["clean"] > qualities["noise"] > qualities["more noise"]
    assert qualities["clipped"] < 0.5 * qualities["clean"]


def test_a_gap_in_time_starts_afresh() -> None:
    pipeline = VoicePipeline(load_catalog())
    half = speech()[: int(0.9 * RATE_HZ)]
    # Each part alone holds too little speech for a reading; joined they would be enough.
    for number in range(4):
        assert pipeline(half, 100.0 * (number + 1)) is None


def test_values_that_are_not_finite_count_as_silence() -> None:
    pipeline = VoicePipeline(load_catalog())
    assert hear(pipeline, np.full(RATE_HZ * 4, np.nan, np.float32)) == []
    assert hear(pipeline, np.full(RATE_HZ * 4, np.inf, np.float32)) == []


def test_voice_activity_tells_speech_from_noise() -> None:
    activity = VoiceActivity(load_catalog())

    def share(sound: Sound) -> float:
        activity.reset()
        blocks = sound[: sound.size // BLOCK * BLOCK].reshape(-1, BLOCK)
        return float(np.mean([activity(block) > 0.5 for block in blocks]))

    assert share(speech()) > 0.8
    assert share(noise(3, 1.0)) < 0.01
    with pytest.raises(ValueError, match="512"):
        activity(np.zeros(480, np.float32))
