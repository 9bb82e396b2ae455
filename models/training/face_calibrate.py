"""Fit what turns the expression net's scores into probabilities, on the held-out pictures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.types import EMOTIONS

PRIOR_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
RARE_STRENGTHS = tuple(number / 40 for number in range(17))
RARE_COST = 0.005
"""Accuracy that finding rare classes may cost."""

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probabilities are softmax(logits / temperature + bias)."""

    temperature: float
    bias: NDArray[np.float64]

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated rows."""
        return metrics.softmax(logits / self.temperature + self.bias)

    def raised(self, bias: NDArray[np.float64]) -> "Calibration":
        """The same with some classes favoured."""
        return Calibration(self.temperature, self.bias + bias)


def calibrate(
    said: NDArray[np.float64], labels: NDArray[np.int64], prior: NDArray[np.float64]
) -> Calibration:
    """Choose by likelihood how much of the shown prior to take back, and the temperature."""
    best, least = Calibration(1.0, np.zeros(len(EMOTIONS))), np.inf
    for share in PRIOR_SHARES:
        shifted = said + share * prior
        temperature = metrics.fit_temperature(labels, shifted)
        loss = metrics.nll(labels, metrics.softmax(shifted / temperature))
        if loss < least:
            best, least = Calibration(temperature, share * prior / temperature), loss
    return best


def favour_rare(
    given: Calibration, said: NDArray[np.float64], labels: NDArray[np.int64], often: Shares
) -> Calibration:
    """Raise rare classes as far as macro-F1 gains and accuracy hardly loses (Menon et al. 2021).

    One number is chosen, not one a class: the rarest classes have a dozen held-out pictures.
    `often` is each class's share of the training labels. The temperature is fitted anew.
    """
    rarity = -np.log(often / often.max())

    def answers(strength: float) -> NDArray[np.int64]:
        chances = given.raised(strength * rarity).probabilities(said)
        return np.asarray(chances.argmax(axis=1), np.int64)

    least = metrics.accuracy(labels, answers(0.0)) - RARE_COST

    def worth(strength: float) -> float:
        chosen = answers(strength)
        affordable = metrics.accuracy(labels, chosen) >= least
        return metrics.macro_f1(labels, chosen) if affordable else 0.0

    raised = given.raised(max(RARE_STRENGTHS, key=worth) * rarity)
    # softmax((z / T + b) / t) keeps every answer and mends how sure it is.
    again = metrics.fit_temperature(labels, said / raised.temperature + raised.bias)
    return Calibration(raised.temperature * again, raised.bias / again)
