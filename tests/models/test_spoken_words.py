"""Spoken words on the real Whisper weights; espeak-ng speaks."""

import re
from pathlib import Path

import numpy as np
import pytest

from models.catalog import load_catalog
from models.errors import WeightsError
from models.spoken_words import PARTS, SpokenWords, _loops
from models.types import Sense
from models.utterance import Utterances
from models.word_reading import WordReader
from tests.models.sounds import RATE_HZ, Sound, noise, speech

BLOCK = 512
SAID = "Good morning, what a lovely day it is. I am so happy that you came."


@pytest.fixture(scope="module")
def words() -> SpokenWords:
    return SpokenWords(load_catalog())


@pytest.mark.peer
@pytest.mark.slow
def test_most_words_are_understood_and_noise_makes_it_less_sure(words: SpokenWords) -> None:
    clean = speech("en-us", SAID)
    heard = words(clean)
    assert heard is not None
    said = re.findall(r"\w+", SAID.lower())
    understood = re.findall(r"\w+", heard.text.lower())
    assert len(set(said) & set(understood)) >= 0.8 * len(set(said))
    assert 0.4 < heard.confidence <= 1.0
    hiss = noise(clean.size / RATE_HZ + 1, 0.0, level=float(clean.std()))[: clean.size]
    noisy = words(clean + hiss)
    assert noisy is None or noisy.confidence < heard.confidence


@pytest.mark.peer
@pytest.mark.slow
def test_the_reading_of_what_was_said_is_no_surer_than_the_words() -> None:
    reader = WordReader(load_catalog())
    glad = reader(speech("en-us", SAID))
    assert glad is not None
    assert glad.sense is Sense.TEXT
    assert glad.affect.valence > 0.2
    assert 0.0 < glad.quality < 1.0
    assert reader(np.zeros(2 * RATE_HZ, np.float32)) is None


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_noise_has_no_words(words: SpokenWords, slope: float) -> None:
    assert words(noise(2.0, slope)) is None


@pytest.mark.parametrize(
    "bad", [np.zeros(0), np.full(RATE_HZ, np.nan), np.zeros(31 * RATE_HZ)], ids=["no", "nan", "31s"]
)
@pytest.mark.peer
def test_refuses_what_is_no_utterance(words: SpokenWords, bad: Sound) -> None:
    with pytest.raises(ValueError, match="utterance"):
        words(bad.astype(np.float32))


def test_a_decoder_that_loops_is_noticed() -> None:
    assert _loops("thank you for watching " * 12)
    assert not _loops(SAID)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"model\.bin"):
        SpokenWords(load_catalog(fetched=tmp_path))


def test_optional_weights_are_together_and_fetched_only_when_asked_for() -> None:
    catalog = load_catalog()
    assert {catalog.entry(part).use for part in PARTS} == {"optional"}
    assert len({catalog.place(part).parent for part in PARTS}) == 1


def blocks(pattern: str) -> list[bool]:
    """Turn "v3 q2" into three voiced blocks and two quiet ones."""
    return [part[0] == "v" for part in pattern.split() for _ in range(int(part[1:]))]


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [
        ("q50 v40 q20", [8 + 40 + 20 - 1]),
        ("v40 q10 v40 q30", [1 + 39 + 10 + 40 + 20]),
        ("q5 v24 q60", []),
        ("v1000", [375, 375]),
        ("v40 q20 q50 v40 q20", [1 + 39 + 20, 8 + 40 + 20 - 1]),
    ],
)
def test_utterances_end_with_a_pause_or_when_they_are_long(
    pattern: str, lengths: list[int]
) -> None:
    collect = Utterances()
    block = np.ones(BLOCK, np.float32)
    found = [collect(block, voiced) for voiced in blocks(pattern)]
    assert [sound.size // BLOCK for sound in found if sound is not None] == lengths


def test_what_was_collected_can_be_forgotten() -> None:
    collect = Utterances()
    block = np.ones(BLOCK, np.float32)
    for voiced in blocks("v40 q10"):
        assert collect(block, voiced) is None
    collect.forget()
    assert all(collect(block, False) is None for _ in range(40))
