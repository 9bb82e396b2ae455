"""The light voice encoder: the two convolutions of Whisper tiny.en, without its transformer blocks.

The second takes every fourth frame instead of every second. 62 million multiplications a window.
"""

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from models.log_mel import MELS
from models.training.voice_ctranslate2 import read_weights
from models.training.voice_encoder import WIDTH

LIGHT_STATISTICS: Final = 3 * (MELS + 2 * WIDTH)
"""Length of the pooled vector: mean, deviation and change of the bands and of both layers."""

_STRIDE: Final = 4


class LightEncoder(nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """Log-mel (batch, 80, 300) -> statistics (batch, LIGHT_STATISTICS)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=_STRIDE, padding=1)

    def forward(self, mel: Tensor) -> Tensor:
        """Run both layers, pool what goes in and what each gives over time."""
        first = nn.functional.gelu(self.conv1(mel))
        second = nn.functional.gelu(self.conv2(first))
        return torch.cat([_pool(states) for states in (mel, first, second)], dim=1)


def load_light_encoder(source: Path) -> LightEncoder:
    """Read it from the wheel, from a folder that holds `model.bin`, or from that file."""
    weights = read_weights(source)
    encoder = LightEncoder()
    with torch.no_grad():
        for name in ("conv1", "conv2"):
            layer = encoder.get_submodule(name)
            layer.get_parameter("weight").copy_(torch.tensor(weights[f"encoder/{name}/weight"]))
            layer.get_parameter("bias").copy_(torch.tensor(weights[f"encoder/{name}/bias"]))
    encoder.eval()
    return encoder


def _pool(states: Tensor) -> Tensor:
    mean = states.mean(dim=2)
    change = states[:, :, 1:] - states[:, :, :-1]
    parts = [mean, _root_mean_square(states - mean.unsqueeze(2)), _root_mean_square(change)]
    return torch.cat(parts, dim=1)


def _root_mean_square(states: Tensor) -> Tensor:
    root: Tensor = (states.square().mean(dim=2) + 1e-6).sqrt()
    return root
