"""Fine-tune the text model: `python -m models.training.text --data DIR --out DIR [--smoke]`.

MiniLM is trained on GoEmotions (28 emotions, several may hold) and EmoBank (valence, arousal,
dominance) at once, exported as int8 ONNX, and calibrated as that int8 file. Stopped runs go on
from their last checkpoint. A full run is about half an hour of one core.
"""

import argparse
import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.catalog import load_catalog
from models.fetch import fetch
from models.text_tokens import TextTokens
from models.training.text_data import TextData, load_text_data
from models.training.text_finish import finish
from models.training.text_model import FROZEN, WIDTH, TextNet, load_encoder

SEED = 20
BATCH = 32
POOL = 64
"""So many batches are sorted by length together, which leaves next to no padding."""
CHECKPOINT_STEPS = 150


@dataclass(frozen=True, slots=True)
class Settings:
    """How long and how fast to learn."""

    epochs: float = 1.75
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
    parser.add_argument("--smoke", action="store_true", help="a few steps, to see that it runs")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=float, default=Settings().epochs)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(chosen.threads)

    fetch(["minilm_encoder", "minilm_vocabulary"])
    catalog = load_catalog()
    vocabulary = catalog.path("minilm_vocabulary").read_text("utf-8").splitlines()
    tokens = TextTokens(vocabulary)
    data = load_text_data(chosen.data, chosen.smoke)
    net = TextNet(len(data.labels))
    load_encoder(net, catalog.path("minilm_encoder"))
    train(net, data, tokens, chosen.out, Settings(epochs=1 if chosen.smoke else chosen.epochs))
    finish(net.eval(), data, vocabulary, chosen.out)


def train(net: TextNet, data: TextData, tokens: TextTokens, out: Path, settings: Settings) -> None:
    """Fine-tune in place, from the last checkpoint in `out` if there is one."""
    ids = [next(iter(tokens.windows(text)), []) for text in data.train.texts]
    positives = np.nansum(data.train.emotions, axis=0)
    labelled = int((~np.isnan(data.train.emotions[:, 0])).sum())
    odds = (labelled - positives) / np.maximum(positives, 1)
    weight = torch.from_numpy(positive_weight(odds).astype(np.float32))
    vad_mean, vad_std = np.nanmean(data.train.vad, axis=0), np.nanstd(data.train.vad, axis=0)
    with torch.no_grad():
        net.emotions.bias.copy_(weight.log() - torch.from_numpy(np.log(odds).astype(np.float32)))
        net.emotions.weight.mul_(0.1)
    optimizer = torch.optim.AdamW(_groups(net, settings), fused=True)
    rates = [group["lr"] for group in optimizer.param_groups]
    vad = torch.from_numpy(((data.train.vad - vad_mean) / vad_std).astype(np.float32))
    emotions = torch.from_numpy(data.train.emotions)

    lower = _lower_half(net, ids, out / "lower.npy")
    starts = np.cumsum([0, *map(len, ids)])
    checkpoint = out / "checkpoint.pt"
    done = _resume(net, optimizer, checkpoint)
    plan = _plan(ids, settings.epochs)
    net.train()
    began, shown = time.monotonic(), []
    for step in range(done, len(plan)):
        rows = plan[step]
        share = _rate(step / len(plan), settings.warm_up)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * share
        features, mask = _stack([lower[starts[row] : starts[row + 1]] for row in rows])
        loss = _loss(
            net.upper(features, mask), emotions[rows], vad[rows], weight, settings.vad_weight
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        shown.append(float(loss.detach()))
        if (step + 1) % 50 == 0:
            left = (time.monotonic() - began) / (step + 1 - done) * (len(plan) - step - 1)
            mean = sum(shown[-50:]) / len(shown[-50:])
            print(
                f"step {step + 1}/{len(plan)} loss {mean:.3f} {left / 60:.1f} min left", flush=True
            )
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == len(plan):
            _save(net, optimizer, checkpoint, step + 1)
    with torch.no_grad():
        # Undo what only served learning: the weight on positives, the standard scale of VAD.
        net.emotions.bias.sub_(weight.log())
        net.vad.weight.mul_(torch.from_numpy(vad_std)[:, None])
        net.vad.bias.mul_(torch.from_numpy(vad_std)).add_(torch.from_numpy(vad_mean))


def positive_weight(odds: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return how much more a positive counts, from the odds against it: rare classes must learn."""
    weights: NDArray[np.floating] = np.clip(np.sqrt(odds) / 3.0, 1.0, 5.0)
    return weights


def _loss(
    outputs: tuple[Tensor, Tensor], emotions: Tensor, vad: Tensor, weight: Tensor, vad_weight: float
) -> Tensor:
    """Sum over classes and axes, mean over rows; a row counts only where it has labels."""
    has_emotions, has_vad = ~emotions[:, 0].isnan(), ~vad[:, 0].isnan()
    logits, point = outputs[0][has_emotions], outputs[1][has_vad]
    first = functional.binary_cross_entropy_with_logits(
        logits, emotions[has_emotions], pos_weight=weight, reduction="sum"
    )
    second = functional.mse_loss(point, vad[has_vad], reduction="sum")
    return (first + vad_weight * second) / len(emotions)


def _groups(net: TextNet, settings: Settings) -> list[dict[str, object]]:
    """Slower layer by layer towards the input; no decay of biases and norms."""
    net.requires_grad_(False)
    learning = list(net.layers[FROZEN:])
    groups: list[dict[str, object]] = []
    for height, layer in enumerate(reversed(learning)):
        rate = settings.encoder_rate * settings.rate_decay**height
        groups += _split((layer,), rate, settings.weight_decay)
    return groups + _split((net.emotions, net.vad), settings.head_rate, settings.weight_decay)


def _split(parts: tuple[nn.Module, ...], rate: float, decay: float) -> list[dict[str, object]]:
    every = [p.requires_grad_(True) for part in parts for p in part.parameters()]
    return [
        {"params": [p for p in every if p.ndim > 1], "lr": rate, "weight_decay": decay},
        {"params": [p for p in every if p.ndim == 1], "lr": rate, "weight_decay": 0.0},
    ]


def _rate(progress: float, warm_up: float) -> float:
    return min(progress / warm_up, (1.0 - progress) / (1.0 - warm_up)) + 1e-3


def _plan(ids: list[list[int]], epochs: float) -> list[list[int]]:
    """Return the rows of each step."""
    whole = [list(_batches(ids, epoch)) for epoch in range(math.ceil(epochs))]
    steps = round(epochs * len(whole[0]))
    return list(itertools.chain.from_iterable(whole))[:steps]


def _batches(ids: list[list[int]], epoch: int) -> Iterator[list[int]]:
    """Shuffled batches of texts of like length; the same for the same epoch."""
    rng = np.random.default_rng((SEED, epoch))
    order = rng.permutation([row for row, numbers in enumerate(ids) if numbers])
    batches = []
    for start in range(0, len(order), BATCH * POOL):
        pool = sorted(order[start : start + BATCH * POOL], key=lambda row: len(ids[row]))
        batches += [[int(r) for r in pool[at : at + BATCH]] for at in range(0, len(pool), BATCH)]
    return iter([batches[i] for i in rng.permutation(len(batches))])


def _lower_half(net: TextNet, ids: list[list[int]], path: Path) -> NDArray[np.float16]:
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
        numbers = torch.zeros((len(rows), len(ids[rows[-1]])), dtype=torch.int64)
        for line, row in zip(numbers, rows, strict=True):
            line[: len(ids[row])] = torch.tensor(ids[row])
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
    features, mask = (
        np.zeros((len(rows), longest, WIDTH), "f4"),
        np.zeros((len(rows), longest), "?"),
    )
    for i, row in enumerate(rows):
        features[i, : len(row)] = row
        mask[i, : len(row)] = True
    return torch.from_numpy(features), torch.from_numpy(mask)


def _resume(net: TextNet, optimizer: torch.optim.Optimizer, path: Path) -> int:
    if not path.is_file():
        return 0
    saved = torch.load(path, weights_only=True)
    net.load_state_dict(saved["net"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"])
    print(f"going on from step {saved['step']}")
    return int(saved["step"])


def _save(net: TextNet, optimizer: torch.optim.Optimizer, path: Path, step: int) -> None:
    part = path.with_suffix(".part")
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save({**state, "random": torch.get_rng_state()}, part)
    part.replace(path)


if __name__ == "__main__":
    main()
