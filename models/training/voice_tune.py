"""Fine-tunes the encoder's blocks together with a fitted head, on freshly disturbed clips."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.log_mel import MELS, WINDOW_SAMPLES, log_mel
from models.training.voice_augment import augment
from models.training.voice_data import CLASSES, Clip, labels_of, read_sound
from models.training.voice_encoder import Encoder
from models.training.voice_head import SMOOTHING, Head, balance
from models.voice_window import fit_window

_BATCH: Final = 16
_ENCODER_RATE: Final = 6e-5
_HEAD_RATE: Final = 3e-4
_DECAY: Final = 0.02
_CLEAN_SHARE: Final = 0.4
_BACKGROUND_VOICES: Final = 12
_KEEP_EVERY: Final = 25
_SECONDS_BETWEEN_LINES: Final = 20.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """How long and how. `bf16` multiplies in bfloat16: for CPUs with AMX, slower on others."""

    steps: int
    seed: int
    bf16: bool = False


def tune(
    encoder: Encoder, head: Head, learning: Sequence[Clip], how: Tuning, checkpoint: Path
) -> None:
    """Tune both in place on these clips; goes on from the checkpoint when there is one."""
    sounds = [read_sound(clip.path) for clip in learning]
    labels = torch.from_numpy(labels_of(learning))
    chances = balance(labels_of(learning), np.array([clip.corpus for clip in learning]))
    for parameter in (*encoder.conv1.parameters(), *encoder.conv2.parameters()):
        parameter.requires_grad_(False)
    optimiser = torch.optim.AdamW(
        [
            {"params": encoder.blocks.parameters(), "lr": _ENCODER_RATE},
            {"params": head.parameters(), "lr": _HEAD_RATE},
        ],
        weight_decay=_DECAY,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [_ENCODER_RATE, _HEAD_RATE], total_steps=how.steps, pct_start=0.15
    )
    parts: dict[str, Any] = {
        "encoder": encoder, "head": head, "optimiser": optimiser, "schedule": schedule
    }  # fmt: skip
    first = _resume(checkpoint, parts)
    started = spoken = time.monotonic()
    total_loss = 0.0
    head.train()
    for step in range(first, how.steps):
        rng = np.random.default_rng([how.seed, step])
        torch.manual_seed(how.seed * 1_000_003 + step)
        drawn = rng.choice(len(learning), _BATCH, p=chances)
        mels = torch.from_numpy(np.stack([_mel(sounds, int(clip), rng) for clip in drawn]))
        with torch.autocast("cpu", torch.bfloat16, enabled=how.bf16):
            statistics = encoder(mels)
        logits = head.members(statistics.float())
        wanted = nn.functional.one_hot(labels[drawn], len(CLASSES)) * (1.0 - SMOOTHING)
        wanted = (wanted + SMOOTHING / len(CLASSES)).unsqueeze(1)
        loss = -(wanted * logits.log_softmax(dim=2)).sum(dim=2).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*encoder.blocks.parameters(), *head.parameters()], 1.0)
        optimiser.step()
        schedule.step()
        total_loss += float(loss.detach())
        if (step + 1) % _KEEP_EVERY == 0 or step + 1 == how.steps:
            _keep(checkpoint, parts, step + 1)
        now = time.monotonic()
        if now - spoken > _SECONDS_BETWEEN_LINES:
            spoken = now
            left = (now - started) / (step + 1 - first) * (how.steps - step - 1)
            mean = total_loss / (step + 1 - first)
            print(
                f"  tuning: {step + 1}/{how.steps}, loss {mean:.3f}, {left:.0f} s left", flush=True
            )
    head.eval()


def _mel(
    sounds: Sequence[NDArray[np.float32]], clip: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Make one training spectrogram; a band of it is sometimes masked (arXiv:1904.08779)."""
    heard = sounds[clip]
    if rng.random() > _CLEAN_SHARE:
        others = [sounds[k] for k in rng.integers(len(sounds), size=_BACKGROUND_VOICES)]
        heard = augment(heard, rng, others)
    start = int(rng.integers(max(1, heard.size - WINDOW_SAMPLES + 1)))
    mel = log_mel(fit_window(heard, start))
    low, width = int(rng.integers(MELS)), int(rng.integers(12))
    mel[low : low + width] = mel.mean()
    return mel


def _keep(checkpoint: Path, parts: dict[str, Any], step: int) -> None:
    part = checkpoint.with_suffix(".part")
    torch.save({"step": step, **{name: item.state_dict() for name, item in parts.items()}}, part)
    part.replace(checkpoint)


def _resume(checkpoint: Path, parts: dict[str, Any]) -> int:
    if not checkpoint.exists():
        return 0
    kept = torch.load(checkpoint, weights_only=True)
    for name, item in parts.items():
        item.load_state_dict(kept[name])
    return int(kept["step"])
