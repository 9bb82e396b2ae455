"""What was said, in English: Whisper tiny.en by faster-whisper (the extra `words`).

faster-whisper's own `transcribe` pads everything to 30 s; here the encoder gets the utterance and a
little silence, which costs a fifth and reads as well (models/cards/whisper_tiny_en.md).
"""

import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog
from models.errors import WeightsError
from models.log_mel import log_mel

MODEL: Final = "whisper_tiny_en"
PARTS: Final = (MODEL, f"{MODEL}_config", f"{MODEL}_tokenizer", f"{MODEL}_vocabulary")
"""The catalog ids of the folder's files."""

_RATE_HZ: Final = 16_000
_LEAST_SAMPLES: Final = 8 * _RATE_HZ
"""Shorter input makes the decoder repeat itself."""
_MOST_SAMPLES: Final = 30 * _RATE_HZ
_TOKENS_PER_S: Final = 8
_TOKENS_MORE: Final = 8
_PROMPT: Final = ("<|startoftranscript|>", "<|notimestamps|>")

# Whisper's own limits (`whisper/transcribe.py`): beyond them it has looped, or heard no speech.
_LOOPING: Final = 2.4
_NO_SPEECH: Final = 0.6


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood; never stored, sent or logged.

    `confidence` in [0, 1] is the decoder's own: the geometric mean of its tokens' probabilities,
    times that of there being speech at all.
    """

    text: str
    confidence: float


class SpokenWords:
    """Understands utterances; belongs to the thread that first calls it.

    Raises WeightsError when the weights or the library are missing.
    """

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        (folder,) = {catalog.path(part).parent for part in PARTS}
        try:
            from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra
        except ImportError as err:
            raise WeightsError(
                f"faster-whisper cannot be imported ({err.name})",
                "pip install 'moodsync-hub[words]'",
            ) from err
        self._model: Any = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )
        self._prompt = [self._model.hf_tokenizer.token_to_id(token) for token in _PROMPT]

    def __call__(self, samples: NDArray[np.float32]) -> Heard | None:
        """Understand 16 kHz mono sound in [-1, 1] of up to 30 s; None when there are no words.

        Raises ValueError for longer, empty or non-finite sound.
        """
        if not 0 < samples.size <= _MOST_SAMPLES or not np.isfinite(samples).all():
            raise ValueError(f"an utterance has up to 30 s of finite sound, not {samples.shape}")
        padded = np.pad(samples, (0, max(_LEAST_SAMPLES - samples.size, _RATE_HZ // 2)))
        limit = _TOKENS_MORE + _TOKENS_PER_S * samples.size // _RATE_HZ
        # An even number of frames: the encoder halves it.
        features = log_mel(padded[: padded.size // 320 * 320])
        (found,) = self._model.model.generate(
            self._model.encode(features[:, : 100 * 30]),
            [self._prompt],
            beam_size=1,
            max_length=limit,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
        )
        text = self._model.hf_tokenizer.decode(found.sequences_ids[0]).strip()
        if not text or found.no_speech_prob > _NO_SPEECH or _loops(text):
            return None
        sure = float(np.exp(min(found.scores[0], 0.0))) * (1.0 - found.no_speech_prob)
        return Heard(text, min(max(sure, 0.0), 1.0))


def _loops(text: str) -> bool:
    """Tell whether the text repeats itself, as a lost decoder does: it then compresses well."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) > _LOOPING
