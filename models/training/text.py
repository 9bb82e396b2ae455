"""Fine-tune the text model: `python -m models.training.text --data DIR --out DIR [--smoke]`.

Two stages. The upper half of MiniLM learns GoEmotions (28 emotions, several may hold) and EmoBank
(valence, arousal, dominance) at once; then all layers learn ratings, with a part of the emotions
beside (`text_ratings.py`). The result is exported as int8 ONNX and calibrated as that file. Stopped
runs go on from their last checkpoint. Half an hour and three quarters of one core; `--start FILE`
takes the first stage's result from an exported file instead.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.catalog import load_catalog
from models.fetch import fetch
from models.text_tokens import TextTokens
from models.training.text_data import TextData, load_text_data
from models.training.text_finish import finish
from models.training.text_loop import (
    BATCH,
    SEED,
    Steps,
    Windows,
    batches,
    chained,
    emotion_loss,
    groups,
    padded,
)
from models.training.text_model import FROZEN, WIDTH, TextNet, load_encoder
from models.training.text_polarity import load_polarity
from models.training.text_ratings import Ratings, train_ratings
from models.training.text_restore import restore


@dataclass(frozen=True, slots=True)
class Emotions:
    """How long and how fast the first stage learns."""

    epochs: int = 2
    encoder_rate: float = 2e-4
    head_rate: float = 2e-3
    rate_decay: float = 0.9
    """Each layer learns this much slower than the one above it."""
    warm_up: float = 0.06
    weight_decay: float = 0.01
    vad_weight: float = 2.0


def main() -> None:
    """Train, export, calibrate, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="an exported file instead of the first stage")
    parser.add_argument(
        "--steps", type=int, nargs=2, help="at most so many steps of the second stage's two passes"
    )
    parser.add_argument("--smoke", action="store_true", help="a few steps, to see that it runs")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(chosen.threads)

    fetch(["minilm_encoder", "minilm_vocabulary"])
    catalog = load_catalog()
    vocabulary = catalog.path("minilm_vocabulary").read_text("utf-8").splitlines()
    tokens = TextTokens(vocabulary)
    data = load_text_data(chosen.data, chosen.smoke)
    polarity = load_polarity(chosen.data, 60 if chosen.smoke else 1)
    net = TextNet(len(data.labels))
    load_encoder(net, catalog.path("minilm_encoder"))
    weight = positive_weight(data)
    if chosen.start:
        restore(net, chosen.start)
    else:
        train(net, data, weight, tokens, chosen.out, Emotions(epochs=1 if chosen.smoke else 2))
    settings = Ratings(steps=tuple(chosen.steps)) if chosen.steps else Ratings()
    train_ratings(net, data, polarity, weight, tokens, chosen.out, settings)
    finish(net.eval(), data, vocabulary, chosen.out)


def train(
    net: TextNet, data: TextData, weight: Tensor, tokens: TextTokens, out: Path, settings: Emotions
) -> None:
    """Fine-tune the upper half in place, from the last checkpoint in `out` if there is one."""
    ids = [next(iter(tokens.windows(text)), []) for text in data.train.texts]
    mean, deviation = np.nanmean(data.train.vad, axis=0), np.nanstd(data.train.vad, axis=0)
    with torch.no_grad():
        net.emotions.bias.copy_(weight.log() - torch.from_numpy(np.log(_odds(data)).astype("f4")))
        net.emotions.weight.mul_(0.1)
    vad = torch.from_numpy(((data.train.vad - mean) / deviation).astype(np.float32))
    emotions = torch.from_numpy(data.train.emotions)
    lower = _lower_half(net, ids, out / "lower.npy")
    starts = np.cumsum([0, *map(len, ids)])

    net.requires_grad_(False)
    learning = reversed(net.layers[FROZEN:])
    parts = [
        (layer, settings.encoder_rate * settings.rate_decay**height)
        for height, layer in enumerate(learning)
    ]
    heads = [(net.emotions, settings.head_rate), (net.vad, settings.head_rate)]
    optimizer = torch.optim.AdamW(groups([*parts, *heads], settings.weight_decay), fused=True)
    plan = chained([batches(range(len(ids)), ids, epoch) for epoch in range(settings.epochs)])
    steps = Steps(net, optimizer, len(plan), out / "emotions.pt")
    net.train()
    for step in steps.left(settings.warm_up):
        rows = plan[step]
        features, mask = _stack([lower[starts[row] : starts[row + 1]] for row in rows])
        logits, point = net.upper(features, mask)
        known = ~vad[rows][:, 0].isnan()
        rated = ((point[known] - vad[rows][known]) ** 2).sum()
        loss = emotion_loss(logits, emotions[rows], weight) + settings.vad_weight * rated
        steps.learn(step, loss / len(rows))
    with torch.no_grad():
        # Undo what only served learning: the weight on positives, the standard scale of VAD.
        net.emotions.bias.sub_(weight.log())
        net.vad.weight.mul_(torch.from_numpy(deviation)[:, None])
        net.vad.bias.mul_(torch.from_numpy(deviation)).add_(torch.from_numpy(mean))


def positive_weight(data: TextData) -> Tensor:
    """Return how much more a positive of each emotion counts: rare ones must be learnt too."""
    return torch.from_numpy(np.clip(np.sqrt(_odds(data)) / 3.0, 1.0, 5.0).astype(np.float32))


def _odds(data: TextData) -> NDArray[np.float64]:
    """Return the odds against each emotion."""
    positives = np.nansum(data.train.emotions, axis=0, dtype=np.float64)
    labelled = int((~np.isnan(data.train.emotions[:, 0])).sum())
    against: NDArray[np.float64] = (labelled - positives) / np.maximum(positives, 1.0)
    return against


def _lower_half(net: TextNet, ids: Windows, path: Path) -> NDArray[np.float16]:
    """Return what the frozen layers give for every piece of every text, one row a piece."""
    pieces = sum(map(len, ids))
    if path.is_file():
        kept: NDArray[np.float16] = np.load(path)
        if kept.shape == (pieces, WIDTH):
            return kept
    net.eval()
    result = np.empty((pieces, WIDTH), np.float16)
    starts = np.cumsum([0, *map(len, ids)])
    order = sorted((row for row, numbers in enumerate(ids) if numbers), key=lambda r: len(ids[r]))
    began = time.monotonic()
    for at in range(0, len(order), BATCH):
        rows = order[at : at + BATCH]
        numbers = padded([ids[row] for row in rows])
        with torch.no_grad():
            features = net.lower(numbers, numbers != 0).numpy()
        for feature, row in zip(features, rows, strict=True):
            result[starts[row] : starts[row + 1]] = feature[: len(ids[row])]
        if at % (BATCH * 100) == 0 and at:
            left = (time.monotonic() - began) / at * (len(order) - at) / 60
            print(f"lower half {at}/{len(order)} at most {2 * left:.1f} min left", flush=True)
    np.save(path, result)
    return result


def _stack(rows: list[NDArray[np.float16]]) -> tuple[Tensor, Tensor]:
    longest = max(map(len, rows))
    features = np.zeros((len(rows), longest, WIDTH), np.float32)
    mask = np.zeros((len(rows), longest), np.bool_)
    for i, row in enumerate(rows):
        features[i, : len(row)] = row
        mask[i, : len(row)] = True
    return torch.from_numpy(features), torch.from_numpy(mask)


if __name__ == "__main__":
    main()
