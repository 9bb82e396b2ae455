"""Train the expression model: `python -m models.training.face --data DIR --out DIR`.

Label-distribution learning on FER+ votes (Gao et al. 2017, doi:10.1109/TIP.2017.2689998) with
growing picture size, weight averaging and repeats of rare classes; an hour and a half of one core.
Seeded; resumes from OUT/checkpoint.pt; writes OUT/face_emotion.tflite (int8) and its float twin.
`models.training.face_report` then calibrates and measures it. With --minutes the schedule is
squeezed to end in time, and the result then depends on the machine's speed.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.training import face_data
from models.training.face_augment import FIRM, MILD, Harshness, augment, standardise
from models.training.face_data import Faces
from models.training.face_export import export
from models.training.face_muon import Muon
from models.training.face_net import ExpressionNet

BATCH, AVERAGING = 192, 0.998
FILTER_RATE, PLAIN_RATE, MOMENTUM, DECAY = 0.02, 0.05, 0.9, 1e-4
WARM_UP = 0.05
RANGE_CROPS = 400
STAGES = ((0.6, 32, MILD), (1.01, 40, FIRM))
"""Until which share of the run, at which picture size, how harshly: small pictures are cheap to
learn on, and a run ends better on pictures nearer to the real ones. Harsher changes from the start
cost a small net more epochs than a run of an hour and a half has."""

SIDE = STAGES[-1][1]
"""Of the finished net's input."""

FILTER_DIMS = 4


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Train the facial expression model.")
    parser.add_argument("--data", type=Path, required=True, help="folder with face_expr_dev.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=26)
    parser.add_argument("--minutes", type=float, default=math.inf, help="wall-clock limit")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--bf16",
        action="store_true",
        help="multiply in bfloat16: a third of the time with AMX, about half with AVX512-BF16, "
        "slower without either",
    )
    parser.add_argument("--smoke", action="store_true", help="two tiny epochs: does it run?")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    splits = face_data.load_splits(options.data, options.seed)
    train, epochs = splits.train, options.epochs
    if options.smoke:
        train, epochs = train.take(np.arange(0, len(train), 64)), 2
    options.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(train, splits.held_out, options.out, options.seed, options.bf16)
    trainer.run(epochs, options.minutes * 60)
    ranges = splits.train.images[:: max(1, len(splits.train) // RANGE_CROPS)]
    export(trainer.average, ranges, SIDE, options.out / "face_emotion.tflite")


class Trainer:
    """Holds the network, its average and the place in the schedule."""

    def __init__(
        self, train: Faces, held_out: Faces, out: Path, seed: int, bf16: bool = False
    ) -> None:
        torch.manual_seed(seed)
        self._bf16 = bf16
        self._train, self._held_out, self._out = train, held_out, out
        self._net = ExpressionNet().to(memory_format=torch.channels_last)
        self._average = ExpressionNet().to(memory_format=torch.channels_last)
        self._average.load_state_dict(self._net.state_dict())
        filters = [p for p in self._net.parameters() if p.ndim == FILTER_DIMS]
        plain = [p for p in self._net.parameters() if p.ndim != FILTER_DIMS]
        self._optimizers = (
            Muon(filters, FILTER_RATE, MOMENTUM),
            torch.optim.SGD(plain, PLAIN_RATE, MOMENTUM, weight_decay=DECAY, nesterov=True),
        )
        for optimizer, rate in zip(self._optimizers, (FILTER_RATE, PLAIN_RATE), strict=True):
            for group in optimizer.param_groups:
                group["peak"] = rate
        self._random = torch.Generator().manual_seed(seed)
        self._repeats = face_data.repeats(train.targets)
        self._epoch, self._steps, self._spent_s = 0, 0, 0.0

    @property
    def average(self) -> nn.Module:
        """The averaged network, which is the result."""
        return self._average

    def run(self, epochs: int, limit_s: float) -> None:
        """Train to the end, or on from the checkpoint."""
        self._resume()
        progress = self._progress(epochs, limit_s, 0.0)
        while progress < 1.0:
            started, loss = time.monotonic(), self._run_epoch(epochs, limit_s)
            took = time.monotonic() - started
            self._spent_s += took
            self._epoch += 1
            self._save()
            progress = self._progress(epochs, limit_s, 0.0)
            left = self._spent_s * max(1 - progress, 0.0) / max(progress, 1e-6)
            accuracy = (
                logits(self._average, self._held_out.images).argmax(1) == self._held_out.labels
            ).mean()
            print(
                f"epoch {self._epoch} size {_stage(progress)[1]} loss {loss:.4f} "
                f"held-out {accuracy:.4f} {took:.0f} s, about {left / 60:.0f} min left",
                flush=True,
            )

    def _progress(self, epochs: int, limit_s: float, within_s: float, share: float = 0.0) -> float:
        return max((self._epoch + share) / epochs, (self._spent_s + within_s) / limit_s)

    def _run_epoch(self, epochs: int, limit_s: float) -> float:
        self._net.train()
        rows = self._draw()
        batches = [rows[i : i + BATCH] for i in range(0, len(rows) - BATCH + 1, BATCH)]
        started, total = time.monotonic(), 0.0
        for number, batch in enumerate(batches):
            progress = self._progress(
                epochs, limit_s, time.monotonic() - started, number / len(batches)
            )
            if progress >= 1.0:
                return total / max(number, 1)
            for optimizer in self._optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = group["peak"] * _rate(progress)
            _, size, harshness = _stage(progress)
            total += self._step(batch, size, harshness)
        return total / max(len(batches), 1)

    def _step(self, batch: torch.Tensor, size: int, harshness: Harshness) -> float:
        rows = batch.numpy()
        crops = torch.from_numpy(self._train.images[rows]).float()[:, None]
        crops, targets = augment(
            crops, torch.from_numpy(self._train.targets[rows]), size, harshness, self._random
        )
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bf16):
            said = self._net(crops.contiguous(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(said.float(), targets)
        loss.backward()
        for optimizer in self._optimizers:
            optimizer.step()
        self._steps += 1
        self._follow()
        return float(loss.detach())

    def _draw(self) -> torch.Tensor:
        """This epoch's rows: each its expected number of times, rounded by chance, shuffled."""
        expected = torch.from_numpy(self._repeats).float()
        count = (expected + torch.rand(len(expected), generator=self._random)).floor().long()
        rows = torch.arange(len(expected)).repeat_interleave(count)
        return rows[torch.randperm(len(rows), generator=self._random)]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _follow(self) -> None:
        """Exponential average of the weights, quick at first; statistics follow as they are."""
        keep = min(AVERAGING, (1 + self._steps) / (10 + self._steps))
        for mean, now in zip(
            self._average.state_dict().values(), self._net.state_dict().values(), strict=True
        ):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)

    def _save(self) -> None:
        state = {
            "net": self._net.state_dict(),
            "average": self._average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "random": self._random.get_state(),
            "torch": torch.get_rng_state(),
            "epoch": self._epoch,
            "steps": self._steps,
            "spent_s": self._spent_s,
        }
        fresh = self._out / "checkpoint.new"
        torch.save(state, fresh)
        fresh.replace(self._out / "checkpoint.pt")

    def _resume(self) -> None:
        path = self._out / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self._net.load_state_dict(state["net"])
        self._average.load_state_dict(state["average"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self._random.set_state(state["random"])
        torch.set_rng_state(state["torch"])
        self._epoch, self._steps, self._spent_s = state["epoch"], state["steps"], state["spent_s"]
        print(f"resuming after epoch {self._epoch}", flush=True)


@torch.no_grad()  # type: ignore[untyped-decorator]
def logits(net: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the network says about crops uint8 [n, 48, 48], brought to the final size."""
    net.eval()
    said = []
    for start in range(0, len(images), 256):
        crops = torch.from_numpy(images[start : start + 256]).float()[:, None]
        crops = standardise(nn.functional.interpolate(crops, size=SIDE, mode="bilinear"))
        crops = crops.contiguous(memory_format=torch.channels_last)
        said.append(net(crops))
    return np.asarray(torch.cat(said).numpy(), np.float32)


def _rate(progress: float) -> float:
    """Share of the peak: up over the first part of the run, then straight down to nothing."""
    return min(max(progress / WARM_UP, 0.02), (1 - progress) / (1 - WARM_UP))


def _stage(progress: float) -> tuple[float, int, Harshness]:
    return next((stage for stage in STAGES if progress < stage[0]), STAGES[-1])


if __name__ == "__main__":
    main()
