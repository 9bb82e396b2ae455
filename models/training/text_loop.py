"""What both stages of the text training share: batches, rates, progress, checkpoints."""

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SEED = 20
BATCH = 32
POOL = 64
"""So many batches are sorted by length together, which leaves next to no padding."""
CHECKPOINT_STEPS = 150

Windows = Sequence[Sequence[int]]


def batches(rows: Sequence[int], ids: Windows, epoch: int) -> Iterator[list[int]]:
    """Shuffle rows into batches of texts of like length; the same for the same epoch."""
    rng = np.random.default_rng((SEED, epoch))
    order = rng.permutation([row for row in rows if ids[row]])
    found = []
    for start in range(0, len(order), BATCH * POOL):
        pool = sorted(order[start : start + BATCH * POOL], key=lambda row: len(ids[row]))
        found += [[int(r) for r in pool[at : at + BATCH]] for at in range(0, len(pool), BATCH)]
    return iter([found[i] for i in rng.permutation(len(found))])


def padded(windows: Windows) -> Tensor:
    """Return (batch, longest) int64; 0 is the vocabulary's padding."""
    numbers = torch.zeros((len(windows), max(map(len, windows))), dtype=torch.int64)
    for line, window in zip(numbers, windows, strict=True):
        line[: len(window)] = torch.tensor(window)
    return numbers


def groups(
    parts: Sequence[tuple[nn.Module, float]], weight_decay: float
) -> list[dict[str, object]]:
    """Let these parts learn, each at its rate; biases and norms do not decay."""
    result: list[dict[str, object]] = []
    for part, rate in parts:
        every = [p.requires_grad_(True) for p in part.parameters()]
        result += [
            {"params": [p for p in every if p.ndim > 1], "lr": rate, "weight_decay": weight_decay},
            {"params": [p for p in every if p.ndim == 1], "lr": rate, "weight_decay": 0.0},
        ]
    return result


def emotion_loss(logits: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Sum over the classes and the rows that have labels."""
    known = ~truth[:, 0].isnan()
    loss: Tensor = functional.binary_cross_entropy_with_logits(
        logits[known], truth[known], pos_weight=weight, reduction="sum"
    )
    return loss


class Steps:
    """Counts steps: sets the learning rates, shows the time left, keeps checkpoints.

    A stopped run goes on from its last checkpoint, with the optimiser and the luck it had.
    """

    def __init__(
        self, net: nn.Module, optimizer: torch.optim.Optimizer, steps: int, path: Path
    ) -> None:
        self._net, self._optimizer, self._steps, self._path = net, optimizer, steps, path
        self._rates = [group["lr"] for group in optimizer.param_groups]
        self._losses: list[float] = []
        self._done = self._resume()
        self._began = time.monotonic()

    def left(self, warm_up: float) -> Iterator[int]:
        """Give the numbers of the steps that are left, with the learning rates set for each."""
        for step in range(self._done, self._steps):
            progress = step / self._steps
            share = min(progress / warm_up, (1.0 - progress) / (1.0 - warm_up)) + 1e-3
            for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
                group["lr"] = rate * share
            yield step

    def learn(self, step: int, loss: Tensor) -> None:
        """Take one step down the loss."""
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
        self._optimizer.step()
        self._losses = [*self._losses[-49:], float(loss.detach())]
        if (step + 1) % 50 == 0 or step + 1 == self._steps:
            each = (time.monotonic() - self._began) / (step + 1 - self._done)
            left = each * (self._steps - step - 1) / 60
            mean = sum(self._losses) / len(self._losses)
            print(f"step {step + 1}/{self._steps} loss {mean:.3f} {left:.1f} min left", flush=True)
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == self._steps:
            self._save(step + 1)

    def _resume(self) -> int:
        if not self._path.is_file():
            return 0
        saved = torch.load(self._path, weights_only=True)
        self._net.load_state_dict(saved["net"])
        self._optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
        print(f"going on from step {saved['step']}")
        return int(saved["step"])

    def _save(self, step: int) -> None:
        part = self._path.with_suffix(".part")
        state = {"net": self._net.state_dict(), "optimizer": self._optimizer.state_dict()}
        torch.save({**state, "step": step, "random": torch.get_rng_state()}, part)
        part.replace(self._path)


def chained(plans: Sequence[Iterator[list[int]]]) -> list[list[int]]:
    """Return the rows of each step of all epochs."""
    return list(itertools.chain.from_iterable(plans))
