"""The classifier on the encoder's statistics: several small networks that vote."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.training.voice_data import CLASSES

SMOOTHING: Final = 0.1
"""Share of the certainty that is taken from the labels: actors' labels are not that sure."""

_MEMBERS: Final = 8
_HIDDEN: Final = 48
_BATCH: Final = 128
_DROPOUT_IN: Final = 0.2
_DROPOUT: Final = 0.5
_MIXUP: Final = 0.3
_DECAY: Final = 0.05
_PEAK_RATE: Final = 1e-3


class Head(nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """Statistics (batch, any number) -> logits (batch, classes), the mean over the members.

    The members share one wide layer, so that the ensemble is one small graph.
    """

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", 1.0 / deviation)
        self.hidden = nn.Linear(mean.numel(), _MEMBERS * _HIDDEN)
        self.out = nn.Linear(_MEMBERS * _HIDDEN, len(CLASSES))

    def forward(self, statistics: Tensor) -> Tensor:
        """Vote."""
        values = (statistics - self.mean) * self.scale
        result: Tensor = self.out(torch.relu(self.hidden(values)))
        return result

    def members(self, statistics: Tensor) -> Tensor:
        """Give each member's own logits (batch, members, classes), with dropout."""
        values = (statistics - self.mean) * self.scale
        values = nn.functional.dropout(values, _DROPOUT_IN, self.training)
        hidden = nn.functional.dropout(torch.relu(self.hidden(values)), _DROPOUT, self.training)
        apart = hidden.reshape(-1, _MEMBERS, _HIDDEN)
        weights = self.out.weight.reshape(len(CLASSES), _MEMBERS, _HIDDEN)
        own = torch.einsum("bmh,cmh->bmc", apart, weights) * _MEMBERS
        result: Tensor = own + self.out.bias
        return result


def fit_head(
    statistics: NDArray[np.float32],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    seed: int,
    steps: int,
) -> Head:
    """Fit on (copies, clips, statistics); a clip is drawn as often as its weight says.

    The first copy is the clean one and is drawn as often as all others together at least.
    """
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    inputs = torch.from_numpy(statistics)
    flat = inputs.reshape(-1, inputs.shape[-1])
    head = Head(flat.mean(dim=0), flat.std(dim=0) + 1e-3)
    head.train()
    optimiser = torch.optim.AdamW(head.parameters(), lr=_PEAK_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PEAK_RATE, total_steps=steps)
    chances = torch.from_numpy(weights)
    targets = nn.functional.one_hot(torch.from_numpy(labels), len(CLASSES)).float()
    targets = targets * (1.0 - SMOOTHING) + SMOOTHING / len(CLASSES)
    copies = torch.ones(len(inputs))
    copies[0] = max(1.0, 0.35 * (len(inputs) - 1))
    for _ in range(steps):
        clip = torch.multinomial(chances, _BATCH, replacement=True, generator=generator)
        copy = torch.multinomial(copies, _BATCH, replacement=True, generator=generator)
        share = torch.rand(_BATCH, 1, generator=generator) * _MIXUP
        partner = torch.randperm(_BATCH, generator=generator)
        values = inputs[copy, clip]
        mixed = values * (1.0 - share) + values[partner] * share
        wanted = targets[clip] * (1.0 - share) + targets[clip][partner] * share
        logits = head.members(mixed)
        loss = -(wanted.unsqueeze(1) * logits.log_softmax(dim=2)).sum(dim=2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    head.eval()
    return head


def balance(labels: NDArray[np.int64], corpora: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weigh clips so that every corpus counts by the root of its size and its classes alike."""
    weights = np.zeros(len(labels))
    for corpus in np.unique(corpora):
        inside = corpora == corpus
        present = np.unique(labels[inside])
        for label in present:
            group = inside & (labels == label)
            weights[group] = np.sqrt(inside.sum()) / len(present) / group.sum()
    normal: NDArray[np.float64] = weights / weights.sum()
    return normal
