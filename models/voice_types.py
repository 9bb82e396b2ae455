"""What the voice path says, free of numpy so that any process may hold it."""

from dataclasses import dataclass

from models.types import Reading


@dataclass(frozen=True, slots=True)
class VoiceReading:
    """What one window of speech said.

    `speech` is the share of the last 3 s that was speech, `level_db` the window's level in
    decibels below full scale.
    """

    reading: Reading
    speech: float
    level_db: float
