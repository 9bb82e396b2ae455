"""A reading as it travels from the sensing process to the hub, rounded to what it can mean."""

import math
from typing import Annotated

from pydantic import Field, field_validator

from hub.sense.message_fields import UNKNOWING, Axis, Message, ModelId, Unit, Variance
from models.types import EMOTIONS, Affect, Reading, Sense


class WireReading(Message):
    """A Reading without its sense, which the message's type tells."""

    v: Axis
    a: Axis
    vv: Variance
    av: Variance
    p: Annotated[tuple[Unit, ...], Field(max_length=len(EMOTIONS))]
    quality: Unit
    model: ModelId

    @field_validator("p")
    @classmethod
    def _is_distribution(cls, p: tuple[float, ...]) -> tuple[float, ...]:
        if p and (len(p) != len(EMOTIONS) or not math.isclose(sum(p), 1.0, abs_tol=1e-3)):
            raise ValueError("probabilities are eight and sum to 1, or there are none")
        return p

    @classmethod
    def of(cls, reading: Reading) -> "WireReading":
        """Return what travels of a reading, rounded to what it can mean."""
        affect = reading.affect
        return cls(
            v=round(affect.valence, 4),
            a=round(affect.arousal, 4),
            vv=round(min(affect.valence_var, UNKNOWING), 5),
            av=round(min(affect.arousal_var, UNKNOWING), 5),
            p=tuple(round(p, 5) for p in reading.probabilities),
            quality=round(reading.quality, 4),
            model=reading.model,
        )

    def reading(self, sense: Sense) -> Reading:
        """Return the reading of this sense."""
        return Reading(
            sense, Affect(self.v, self.a, self.vv, self.av), self.p, self.quality, self.model
        )
