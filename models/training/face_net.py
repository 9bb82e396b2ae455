"""The expression network: a small residual CNN laid out for CPUs without half precision.

Dense 3x3 convolutions keep a CPU's multipliers busy (depthwise ones wait for memory), and three
halvings before the widest stage leave about 55 million multiply-adds a face.
"""

import torch
from torch import Tensor, nn

WIDTHS = (24, 48, 96, 152)


class ExpressionNet(nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """Standardised crops [n, 1, s, s] (s a multiple of 8) to logits [n, 8] in EMOTIONS order."""

    def __init__(self, classes: int = 8, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        first, second, third, fourth = widths
        self.body = nn.Sequential(
            _conv(1, first, stride=2),
            _conv(first, second),
            _conv(second, third, stride=2),
            _Residual(third),
            _Residual(third),
            _conv(third, fourth, stride=2),
            _Residual(fourth),
        )
        self.drop = nn.Dropout(0.25)
        self.head = nn.Linear(fourth, classes)

    def forward(self, crops: Tensor) -> Tensor:
        """Logits; average pooling is a plain mean so that any input size works."""
        pooled = self.body(crops).mean(dim=(2, 3))
        return self.head(self.drop(pooled))


class _Residual(nn.Module):  # type: ignore[misc]
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


def _conv(given: int, made: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, made, 3, stride, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU()
    )
