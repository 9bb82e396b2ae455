"""From a text to the encoder's token numbers (uncased BERT WordPiece)."""

import re
import unicodedata
from collections.abc import Sequence

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

from models.text_emoji import spell_out

WINDOW = 62
"""Pieces that the encoder reads at once; [CLS] and [SEP] make it 64."""


class TextTokens:
    """Makes windows of token numbers out of texts."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Take the pieces in the order of their numbers; [UNK], [CLS] and [SEP] are among them."""
        numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._start, self._end = numbers["[CLS]"], numbers["[SEP]"]
        self._unknown = numbers["[UNK]"]
        self._tokenizer = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))  # noqa: S106 - a piece
        self._tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def windows(self, text: str) -> list[list[int]]:
        """Return the text in windows of at most 64 numbers each; none for an empty text."""
        pieces = self.pieces(text)
        starts = range(0, len(pieces), WINDOW)
        return [[self._start, *pieces[at : at + WINDOW], self._end] for at in starts]

    def pieces(self, text: str) -> list[int]:
        """Return the numbers of all pieces of the cleaned text."""
        numbers: list[int] = self._tokenizer.encode(clean(text), add_special_tokens=False).ids
        return numbers

    def unknown_share(self, window: Sequence[int]) -> float:
        """Return which part of a window the vocabulary does not know."""
        return window.count(self._unknown) / max(1, len(window) - 2)


def clean(text: str) -> str:
    """Return the text as training and inference both read it.

    Compatibility forms (full-width letters, styled alphabets) become plain ones, emoji become
    words, control characters and long runs of one character are cut down.
    """
    plain = unicodedata.normalize("NFKC", text)
    printable = "".join(_visible(char) for char in plain)
    shortened = _RUN.sub(r"\1\1\1", spell_out(printable))
    return " ".join(shortened.split())


_RUN = re.compile(r"(\S)\1{3,}")
_KEPT_FORMAT = "\u200d"  # joins emoji; the spelling out drops it


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Co", "Cn"):
        return " "
    return "" if category == "Cf" and char != _KEPT_FORMAT else char
