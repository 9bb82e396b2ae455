"""The text network in PyTorch: BERT encoder of 6 layers (MiniLM), mean pooling, two linear heads.

Names of parameters follow the published safetensors file, so that it loads as it is.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEADS, LAYERS, INNER, PIECES, PLACES = 384, 12, 6, 1536, 30522, 512
EPSILON = 1e-12
FROZEN = 3
"""So many of the lower layers stay as published; what they give is computed once a text."""


class Layer(nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """One transformer block, normalised after each residual (as BERT does)."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.mix_norm = nn.LayerNorm(WIDTH, EPSILON)
        self.widen = nn.Linear(WIDTH, INNER)
        self.narrow = nn.Linear(INNER, WIDTH)
        self.out_norm = nn.LayerNorm(WIDTH, EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Take x (batch, n, width), mask (batch, 1, 1, n) True where there is a piece."""
        batch, n, _ = x.shape
        q, k, v = self.qkv(x).view(batch, n, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(batch, n, WIDTH)
        x = self.mix_norm(x + self.dropout(self.mix(mixed)))
        inner = functional.gelu(self.widen(x))
        normed: Tensor = self.out_norm(x + self.dropout(self.narrow(inner)))
        return normed


class TextNet(nn.Module):  # type: ignore[misc]
    """Token numbers in; logits of the emotions and standardised V, A, D out."""

    def __init__(self, emotions: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(PIECES, WIDTH)
        self.places = nn.Embedding(PLACES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.dropout = nn.Dropout(dropout)
        self.emotions = nn.Linear(WIDTH, emotions)
        self.vad = nn.Linear(WIDTH, 3)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Take ids (batch, n) int64, mask (batch, n) bool; give (batch, emotions), (batch, 3)."""
        return self.upper(self.lower(ids, mask), mask)

    def lower(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Run the half that training leaves alone: (batch, n, width)."""
        x: Tensor = self.norm(self.words(ids) + self.places.weight[: ids.shape[1]])
        for layer in self.layers[:FROZEN]:
            x = layer(x, mask[:, None, None, :])
        return x

    def upper(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Run the half that learns, and the heads."""
        pooled = self._pool(x, mask)
        return self.emotions(pooled), self.vad(pooled)

    def pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Run all layers: (batch, width), what the heads see."""
        return self._pool(self.lower(ids, mask), mask)

    def _pool(self, x: Tensor, mask: Tensor) -> Tensor:
        for layer in self.layers[FROZEN:]:
            x = layer(x, mask[:, None, None, :])
        weight = mask.unsqueeze(-1).to(x.dtype)
        pooled: Tensor = self.dropout((x * weight).sum(1) / weight.sum(1))
        return pooled


def load_encoder(net: TextNet, path: Path) -> None:
    """Fill the encoder from the published file; the heads stay as they are."""
    given = _read_safetensors(path)
    state = {"words.weight": given["embeddings.word_embeddings.weight"]}
    # Every text is one segment: its type embedding is a constant and joins the places.
    segment = given["embeddings.token_type_embeddings.weight"][0]
    state["places.weight"] = given["embeddings.position_embeddings.weight"] + segment
    _copy(state, "norm", given, "embeddings.LayerNorm")
    for i in range(LAYERS):
        old, new = f"encoder.layer.{i}", f"layers.{i}"
        for part in ("weight", "bias"):
            names = [f"{old}.attention.self.{part_of}.{part}" for part_of in _ATTENTION]
            state[f"{new}.qkv.{part}"] = torch.cat([given[name] for name in names])
        _copy(state, f"{new}.mix", given, f"{old}.attention.output.dense")
        _copy(state, f"{new}.mix_norm", given, f"{old}.attention.output.LayerNorm")
        _copy(state, f"{new}.widen", given, f"{old}.intermediate.dense")
        _copy(state, f"{new}.narrow", given, f"{old}.output.dense")
        _copy(state, f"{new}.out_norm", given, f"{old}.output.LayerNorm")
    missing, unknown = net.load_state_dict(state, strict=False)
    if unknown or any(not name.startswith(("emotions.", "vad.")) for name in missing):
        raise ValueError(f"the encoder file does not fit: {missing} {unknown}")


_ATTENTION = ("query", "key", "value")


def _copy(state: dict[str, Tensor], new: str, given: dict[str, Tensor], old: str) -> None:
    for part in ("weight", "bias"):
        state[f"{new}.{part}"] = given[f"{old}.{part}"]


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__" or about["dtype"] != "F32":
            continue
        begin, end = about["data_offsets"]
        array = np.frombuffer(raw, "<f4", (end - begin) // 4, start + begin)
        tensors[name] = torch.from_numpy(array.reshape(about["shape"]).copy())
    return tensors
