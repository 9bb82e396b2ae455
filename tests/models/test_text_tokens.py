import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text_emoji import EMOTICONS, WORDS, spell_out
from models.text_tokens import WINDOW, TextTokens, clean

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hello", "world", "un", "##happy", "!", "love"]


@pytest.fixture(scope="module")
def tokens() -> TextTokens:
    return TextTokens(VOCABULARY)


def test_words_become_pieces_between_start_and_end(tokens: TextTokens) -> None:
    assert tokens.windows("Hello, unhappy WORLD!") == [[2, 4, 1, 6, 7, 5, 8, 3]]


def test_accents_and_case_are_folded_as_the_encoder_learnt_it(tokens: TextTokens) -> None:
    assert tokens.pieces("HÉLLÖ wörld") == [4, 5]


@pytest.mark.parametrize("text", ["", "   ", "\n\t\r", "\x00\x07", "\u200b\u2060", "\ufeff"])
def test_nothing_to_read_is_no_window(tokens: TextTokens, text: str) -> None:
    assert tokens.windows(text) == []


def test_long_texts_are_read_in_windows(tokens: TextTokens) -> None:
    windows = tokens.windows("hello world " * 100)
    assert [len(window) for window in windows] == [64, 64, 64, 200 - 3 * WINDOW + 2]
    assert all(window[0] == 2 and window[-1] == 3 for window in windows)


def test_unknown_share_counts_pieces_only(tokens: TextTokens) -> None:
    (window,) = tokens.windows("hello xyz")
    assert tokens.unknown_share(window) == 0.5


def test_emoji_and_emoticons_are_spelt_out() -> None:
    assert clean("I❤️you") == "I love you"
    assert clean("fine 👍🏽") == "fine good"
    assert clean("ok :)") == "ok smile"
    assert clean("</3 <3") == "heartbroken love"
    assert clean("👩‍🚀") == "👩🚀"


def test_an_emoticon_inside_a_word_is_none() -> None:
    assert spell_out("http://x.org a:) (b:D)") == "http://x.org a:) (b:D)"


def test_emoji_table_is_usable() -> None:
    for symbol, words in {**WORDS, **EMOTICONS}.items():
        assert words.replace(" ", "").isalpha()
        assert words == words.lower()
        assert symbol in EMOTICONS or unicodedata.normalize("NFKC", symbol) == symbol


def test_styled_letters_and_long_runs_are_made_plain() -> None:
    assert clean("\N{MATHEMATICAL BOLD SCRIPT CAPITAL H}ello") == "Hello"
    assert clean("\N{FULLWIDTH LATIN SMALL LETTER W}orld") == "world"
    assert clean("soooooooo!!!!!!") == "sooo!!!"
    assert clean("a" * 100_000) == "aaa"


@given(st.text(max_size=200))
def test_any_text_can_be_tokenised_and_cleaning_leaves_no_controls(text: str) -> None:
    tokens = TextTokens(VOCABULARY)
    windows = tokens.windows(text)
    assert all(2 < len(window) <= WINDOW + 2 for window in windows)
    assert all(unicodedata.category(char) not in ("Cc", "Cs") for char in clean(text))


def test_lone_surrogates_do_no_harm(tokens: TextTokens) -> None:
    assert tokens.pieces("hello \ud83d world") == [4, 5]
