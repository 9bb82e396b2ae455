import pytest

from hub.bench import text_model
from models.catalog import load_catalog
from models.text_emotion import TextEmotion


def test_the_sentences_are_as_long_as_they_say() -> None:
    tokens = TextEmotion(load_catalog()).tokens
    assert [len(tokens.pieces(text)) for text in text_model.SENTENCES.values()] == [7, 19]


@pytest.mark.slow
def test_measures_time_and_memory() -> None:
    figures = {figure.name: figure for figure in text_model.measure(quick=True)}
    assert 0.0 < figures["text_short"].value < figures["text_sentence"].value
    assert figures["text_sentence_cpu"].value > 0.0
    assert 40.0 < figures["text_rss"].value < 300.0
    assert figures["text_sentence"].goal == "<= 12 ms"
