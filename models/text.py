"""The text sense: one text in, one reading out. Texts are never kept or logged."""

from models.catalog import Catalog
from models.text_emotion import MODEL_ID, TextEmotion, TextScores
from models.text_language import seems_english
from models.text_types import TEXT_LIMIT, TextError, TextReading
from models.types import Reading, Sense

FOREIGN_QUALITY = 0.2
"""What a reading of another language is worth: emoji, names and loan words still say something."""

ENOUGH_PIECES = 4
"""A shorter text ("ok", "fine") leaves more open than its words say."""


class TextPipeline:
    """Reads texts; belongs to the thread that first calls it."""

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        """Load the network; raises WeightsError when it cannot be had."""
        self._network = TextEmotion(catalog, threads)
        self._labels = catalog.entry(MODEL_ID).classes

    def __call__(self, text: str) -> TextReading:
        """Return what the text says of its writer's mood.

        Raises TextError when the text is longer than TEXT_LIMIT or holds nothing that can be read.
        """
        if len(text) > TEXT_LIMIT:
            raise TextError(f"the text has {len(text)} characters, {TEXT_LIMIT} are allowed")
        scores = self._network.scores(text)
        if scores is None:
            raise TextError("the text is empty")
        if scores.unknown == 1.0:
            raise TextError("the text has no character that the model knows")
        calibration = self._network.calibration
        probabilities = calibration.probabilities(scores.logits)
        families = calibration.families(probabilities)
        english = seems_english(text)
        passed = [
            (label, float(p))
            for label, p, threshold in zip(
                self._labels, probabilities, calibration.thresholds, strict=True
            )
            if p >= threshold
        ]
        reading = Reading(
            sense=Sense.TEXT,
            affect=calibration.affect(scores.vad),
            probabilities=tuple(float(p) for p in calibration.emotions(families)),
            quality=_quality(scores, english),
            model=MODEL_ID,
        )
        return TextReading(reading, tuple(sorted(passed, key=lambda item: -item[1])), english)


def _quality(scores: TextScores, english: bool) -> float:
    length = min(1.0, (1 + scores.pieces) / (1 + ENOUGH_PIECES))
    language = 1.0 if english else FOREIGN_QUALITY
    return length * language * scores.read * (1.0 - scores.unknown)
