"""An utterance -> what its words say of the speaker's mood, as a reading of the text sense."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog
from models.spoken_words import SpokenWords
from models.text import TextPipeline
from models.text_types import TEXT_LIMIT, TextError
from models.types import Reading


class WordReader:
    """Whisper and the text model in a row; belongs to the thread that first calls it.

    Raises WeightsError when weights or the library of the extra `words` are missing.
    """

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        self._words = SpokenWords(catalog, threads)
        self._texts = TextPipeline(catalog, threads)

    def __call__(self, samples: NDArray[np.float32]) -> Reading | None:
        """Read 16 kHz sound of one utterance; None when no words were understood.

        The quality is the text model's times the decoder's confidence: words that were hardly
        understood hardly count.
        """
        heard = self._words(samples)
        if heard is None:
            return None
        try:
            reading = self._texts(heard.text[:TEXT_LIMIT]).reading
        except TextError:
            return None
        return replace(reading, quality=reading.quality * heard.confidence)
