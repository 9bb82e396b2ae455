"""The second stage of the text training: nearly all layers learn how people rate sentences.

The first stage leaves the lower half of the encoder as published, which is enough for emotions and
too little for ratings. Here all layers but the first learn EmoBank's ratings, with sentences
that others rated from negative to positive beside them (they have heads of their own, which are
thrown away), and with a part of GoEmotions so that it stays known.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.metrics import pearson
from models.text_tokens import TextTokens
from models.training.text_data import TextData, Texts
from models.training.text_loop import Steps, batches, chained, emotion_loss, groups, padded
from models.training.text_model import WIDTH, TextNet
from models.training.text_polarity import KINDS, Polarity

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ratings:
    """How long, how fast and what for the second stage learns."""

    encoder_rate: float = 1.2e-4
    head_rate: float = 1e-3
    rate_decay: float = 0.9
    first_layer: int = 1
    warm_up: float = 0.06
    weight_decay: float = 0.01
    polarity: tuple[float, ...] = (0.25, 0.0)
    """For each pass over EmoBank, the share of the polarity sentences beside it."""
    emotions: tuple[float, ...] = (0.07, 0.07)
    """For each pass, the share of GoEmotions beside it."""
    steps: tuple[int | None, ...] = (None, None)
    """At most so many steps of each pass."""
    axes: tuple[float, float, float] = (4.0, 2.5, 1.5)
    """Weights of the squared errors of valence, arousal, dominance."""
    polarity_weight: float = 2.5


class _Rater(nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """The network with a head for each kind of polarity sentences."""

    def __init__(self, net: TextNet) -> None:
        super().__init__()
        self.net = net
        self.polarity = nn.Linear(WIDTH, len(KINDS))


def train_ratings(
    net: TextNet,
    data: TextData,
    polarity: Polarity,
    weight: Tensor,
    tokens: TextTokens,
    out: Path,
    settings: Ratings,
) -> None:
    """Go on in place with all layers; `weight` is what a positive of each emotion counts."""
    texts = data.train.texts + polarity.texts
    ids = [next(iter(tokens.windows(text)), []) for text in texts]
    emotions, vad, rated = _targets(data.train, polarity)
    mean, deviation = np.nanmean(vad, axis=0), np.nanstd(vad, axis=0)
    whole = torch.from_numpy((vad - mean) / deviation)
    spread = np.maximum(np.nanstd(rated, axis=0), 1e-3) if len(polarity.texts) else 1.0
    others = torch.from_numpy((rated / spread).astype(np.float32))
    labels = torch.from_numpy(emotions)
    axes = torch.tensor(settings.axes)
    _to_standard(net, mean, deviation, weight)

    rater = _Rater(net).requires_grad_(False)
    learning = reversed(net.layers[settings.first_layer :])
    heights = [(layer, settings.rate_decay**i) for i, layer in enumerate(learning)]
    parts = [(layer, settings.encoder_rate * share) for layer, share in heights]
    heads = [net.emotions, net.vad, rater.polarity]
    optimizer = torch.optim.AdamW(
        groups([*parts, *((head, settings.head_rate) for head in heads)], settings.weight_decay),
        fused=True,
    )
    plan = _plan(ids, emotions, vad, rated, settings)
    steps = Steps(rater, optimizer, len(plan), out / "ratings.pt")
    rater.train()
    for step in steps.left(settings.warm_up):
        rows = plan[step]
        numbers = padded([ids[row] for row in rows])
        pooled = net.pooled(numbers, numbers != 0)
        loss = emotion_loss(net.emotions(pooled), labels[rows], weight)
        loss = loss + _squared(net.vad(pooled), whole[rows], axes)
        loss = loss + settings.polarity_weight * _squared(
            rater.polarity(pooled), others[rows], torch.ones(len(KINDS))
        )
        steps.learn(step, loss / len(rows))
        if (step + 1) % max(1, len(plan) // 6) == 0:
            print(f"step {step + 1} r {_aside(net, data.aside_vad, tokens)}", flush=True)
    _from_standard(net, mean, deviation, weight)


def _targets(train: Texts, polarity: Polarity) -> tuple[Floats, Floats, Floats]:
    """Return emotions, VAD and polarity of all rows, NaN where a row has none."""
    first, second = len(train), len(polarity.texts)
    return (
        np.concatenate([train.emotions, np.full((second, train.emotions.shape[1]), np.nan, "f4")]),
        np.concatenate([train.vad, np.full((second, 3), np.nan, "f4")]),
        np.concatenate([np.full((first, len(KINDS)), np.nan, "f4"), polarity.rated]),
    )


def _plan(
    ids: list[list[int]], emotions: Floats, vad: Floats, rated: Floats, settings: Ratings
) -> list[list[int]]:
    """Return the rows of each step: every rated text in each pass, shares of the others."""
    rng = np.random.default_rng(1)
    luck = rng.random(len(ids))
    has_emotions, has_vad = ~np.isnan(emotions[:, 0]), ~np.isnan(vad[:, 0])
    has_polarity = ~np.isnan(rated).all(1)
    plans, at = [], np.zeros(2)
    passes = zip(settings.emotions, settings.polarity, settings.steps, strict=True)
    for epoch, (*shares, most) in enumerate(passes):
        until = at + shares
        parts = [
            has & (low <= luck) & (luck < high)
            for has, low, high in zip((has_emotions, has_polarity), at, until, strict=True)
        ]
        rows = np.flatnonzero(has_vad | parts[0] | parts[1])
        whole = batches([int(row) for row in rows], ids, 100 + epoch)
        plans.append(itertools.islice(whole, most))
        at = until
    return chained(plans)


def _squared(said: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    known = ~truth.isnan()
    error = torch.where(known, said - truth.nan_to_num(), 0.0)
    return (error**2 * weights).sum()


def _aside(net: TextNet, aside: Texts, tokens: TextTokens) -> list[float]:
    """Return the correlations on the rows put aside, to see how it goes."""
    net.eval()
    windows = [next(iter(tokens.windows(text)), [0]) for text in aside.texts]
    said = []
    with torch.no_grad():
        for window in windows:
            numbers = torch.tensor([window])
            mask = torch.ones_like(numbers, dtype=torch.bool)
            said.append(net.vad(net.pooled(numbers, mask))[0].double().numpy())
    net.train()
    found = np.array(said)
    truth = aside.vad.astype(np.float64)
    return [round(pearson(found[:, axis], truth[:, axis]), 4) for axis in range(3)]


def _to_standard(net: TextNet, mean: Floats, deviation: Floats, weight: Tensor) -> None:
    """Let the heads speak the scales of training: standardised ratings, weighted positives."""
    scale, centre = torch.from_numpy(deviation), torch.from_numpy(mean)
    with torch.no_grad():
        net.emotions.bias.add_(weight.log())
        net.vad.weight.div_(scale[:, None])
        net.vad.bias.sub_(centre).div_(scale)


def _from_standard(net: TextNet, mean: Floats, deviation: Floats, weight: Tensor) -> None:
    scale, centre = torch.from_numpy(deviation), torch.from_numpy(mean)
    with torch.no_grad():
        net.emotions.bias.sub_(weight.log())
        net.vad.weight.mul_(scale[:, None])
        net.vad.bias.mul_(scale).add_(centre)
