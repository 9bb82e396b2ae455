"""The first blocks of Whisper tiny.en's audio encoder in torch.

Whisper: Radford et al. 2022 (arXiv:2212.04356), weights MIT (c) OpenAI. Attention is written as
matmul + softmax: the converter to TFLite turns those, and not the fused operator, into what runs
well in int8.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.log_mel import FRAMES, MELS
from models.training.voice_ctranslate2 import read_weights

WIDTH: Final = 384
BLOCKS: Final = 2
STATISTICS: Final = BLOCKS * 2 * WIDTH
"""Length of the pooled vector: mean and deviation after each block."""

_HEAD_SIZE: Final = 64
_POSITIONS: Final = FRAMES // 2


class Encoder(nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """Log-mel (batch, 80, 300) -> statistics (batch, STATISTICS)."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(MELS, WIDTH, 3, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(_Block() for _ in range(BLOCKS))
        positions = weights["encoder/position_encodings/encodings"][:_POSITIONS]
        self.register_buffer("positions", torch.tensor(positions))
        _copy(self.conv1, weights, "encoder/conv1")
        _copy(self.conv2, weights, "encoder/conv2")
        for index, block in enumerate(self.blocks):
            assert isinstance(block, _Block)
            block.load(weights, f"encoder/layer_{index}")

    def forward(self, mel: Tensor) -> Tensor:
        """Run the stem and the blocks, pool each block's states over time."""
        states = nn.functional.gelu(self.conv1(mel))
        states = nn.functional.gelu(self.conv2(states)).transpose(1, 2) + self.positions
        pooled = []
        for block in self.blocks:
            states = block(states)
            pooled.append(_pool(states))
        return torch.cat(pooled, dim=1)


def load_encoder(source: Path) -> Encoder:
    """Read the encoder from the wheel, from a folder that holds `model.bin`, or from that file."""
    encoder = Encoder(read_weights(source))
    encoder.eval()
    return encoder


class _Block(nn.Module):  # type: ignore[misc]
    """A pre-norm transformer block with exact GELU."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.project = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, states: Tensor) -> Tensor:
        states = states + self.project(self._attend(self.norm1(states)))
        hidden = nn.functional.gelu(self.widen(self.norm2(states)))
        result: Tensor = states + self.narrow(hidden)
        return result

    def _attend(self, states: Tensor) -> Tensor:
        batch, length, _ = states.shape
        heads = WIDTH // _HEAD_SIZE
        query, key, value = (
            part.reshape(batch, length, heads, _HEAD_SIZE).transpose(1, 2)
            for part in self.query_key_value(states).split(WIDTH, dim=2)
        )
        scores = (query @ key.transpose(2, 3)) * _HEAD_SIZE**-0.5
        mixed = scores.softmax(dim=-1) @ value
        return mixed.transpose(1, 2).reshape(batch, length, WIDTH)

    def load(self, weights: Mapping[str, NDArray[np.float32]], prefix: str) -> None:
        _copy(self.norm1, weights, f"{prefix}/self_attention/layer_norm", "gamma", "beta")
        _copy(self.query_key_value, weights, f"{prefix}/self_attention/linear_0")
        _copy(self.project, weights, f"{prefix}/self_attention/linear_1")
        _copy(self.norm2, weights, f"{prefix}/ffn/layer_norm", "gamma", "beta")
        _copy(self.widen, weights, f"{prefix}/ffn/linear_0")
        _copy(self.narrow, weights, f"{prefix}/ffn/linear_1")


def _pool(states: Tensor) -> Tensor:
    mean = states.mean(dim=1)
    deviation = ((states - mean.unsqueeze(1)).square().mean(dim=1) + 1e-6).sqrt()
    return torch.cat([mean, deviation], dim=1)


def _copy(
    layer: nn.Module,
    weights: Mapping[str, NDArray[np.float32]],
    prefix: str,
    weight: str = "weight",
    bias: str = "bias",
) -> None:
    """Fill a layer; a missing or misshapen variable raises."""
    with torch.no_grad():
        for name, key in (("weight", weight), ("bias", bias)):
            value = torch.tensor(weights[f"{prefix}/{key}"])
            parameter = layer.get_parameter(name)
            if parameter.shape != value.shape:
                raise ValueError(f"{prefix}/{key} has shape {tuple(value.shape)}")
            parameter.copy_(value)
