"""Muon: momentum whose steps are made orthogonal, for the filters of a convolutional network.

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon. All directions of a filter
bank are learnt at the same pace, which saves epochs where each one is dear. Meant for filters
followed by batch normalisation: their norm does not matter and is kept, so no weight decay.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the Newton-Schulz step, chosen by the source for a steep start."""

ROUNDS = 4
_TINY = 1e-7


class Muon(torch.optim.Optimizer):  # type: ignore[misc]  # torch is absent where this is checked
    """One learning rate and Nesterov momentum for filters [out, in, h, w]."""

    def __init__(self, filters: Iterable[Tensor], lr: float, momentum: float) -> None:
        super().__init__(filters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:  # noqa: ARG002 - torch wants it
        """Move each filter bank by `lr` along its orthogonal direction; `closure` is not used."""
        for group in self.param_groups:
            for bank in group["params"]:
                state = self.state[bank]
                if "mean" not in state:
                    state["mean"] = torch.zeros_like(bank.grad)
                mean = state["mean"].mul_(group["momentum"]).add_(bank.grad)
                ahead = bank.grad.add(mean, alpha=group["momentum"])
                turn = orthogonal(ahead.reshape(len(ahead), -1)).reshape(bank.shape)
                bank.mul_(len(bank) ** 0.5 / bank.norm())
                bank.add_(turn, alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest matrix with orthonormal rows (or columns), roughly, by Newton-Schulz."""
    first, third, fifth = COEFFICIENTS
    x = matrix / (matrix.norm() + _TINY)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(ROUNDS):
        square = x @ x.T
        x = first * x + (third * square + fifth * square @ square) @ x
    return x.T if tall else x
