"""Train the light voice model: `python -m models.training.voice_light`, options as there.

As `models.training.voice`, with only the two convolutions of Whisper tiny.en as the encoder: every
speaker is judged once by an ensemble that never heard them, and the shipped file is fitted on all
but voice_data.REPORTED. Spectrograms and statistics are kept in `--out`, so an interrupted run
goes on where it stopped; a folder that `models.training.voice` used serves as well.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch

from models.runtime import Net
from models.training.voice_card import figures_text
from models.training.voice_data import CLASSES, Clip, labels_of, read_clips
from models.training.voice_embed import Embedder
from models.training.voice_export import export_int8
from models.training.voice_head import Head
from models.training.voice_light_net import LightEncoder, load_light_encoder
from models.training.voice_report import report, report_noise
from models.training.voice_trial import Floats, Trial, Windows

NAME: Final = "voice_emotion_light"

_STEPS: Final = 400
_SMOKE_STEPS: Final = 20
_SMOKE_CLIPS: Final = 2
_SECONDS_BETWEEN_LINES: Final = 20.0


class _Whole(torch.nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """Spectrogram -> logits."""

    def __init__(self, encoder: LightEncoder, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Run both."""
        logits: torch.Tensor = self.head(self.encoder(mel))
        return logits


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    clips = read_clips(options.data, _SMOKE_CLIPS if options.smoke else None)
    encoder = load_light_encoder(options.encoder)
    trial = _trial(options, encoder, clips)
    chosen = trial.cross_validate()
    print(json.dumps({name: one["uar"] for name, one in chosen["corpora"].items()}), flush=True)
    target = options.out / f"{NAME}.tflite"
    export_int8(_Whole(encoder, trial.fit()), target)
    reported = [clip for clip in clips if clip.reported]
    temperature = chosen["temperature"]
    told = {
        "model": NAME,
        "classes": CLASSES,
        "bytes": target.stat().st_size,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "seed": options.seed,
        "copies": options.copies,
        "temperature": temperature,
        "learnt": sorted({clip.corpus for clip in clips}),
        "folds": [
            sorted({clip.speaker for clip in clips if clip.fold == fold})
            for fold in sorted({clip.fold for clip in clips})
        ],
        "reported_speakers": sorted({clip.speaker for clip in reported}),
        "chosen_on": chosen,
        "reported": report(target, reported, temperature, CLASSES),
        "reported_noise": report_noise(target, reported, temperature, options.seed),
    }
    (options.out / f"{NAME}.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    (options.out / f"{NAME}.md").write_text(figures_text(told), "utf-8")
    print(figures_text(told))


def _trial(options: argparse.Namespace, encoder: LightEncoder, clips: Sequence[Clip]) -> Trial:
    file = options.out / "light_encoder.tflite"
    if not file.exists():
        export_int8(encoder, file)
    cache = options.out / "cache"
    embedder = Embedder(file, clips, cache, options.seed)
    net = Net.load(file)
    names = [f"train{copy}" for copy in range(1 if options.smoke else options.copies)]
    clean, *copies = (
        _statistics(net, embedder, name, cache / f"{name}.light.npy") for name in ("clean", *names)
    )
    return Trial(
        clips,
        {"clean": Windows(clean, embedder.owners())},
        np.stack(copies),
        np.ones(len(labels_of(clips)), np.bool_),
        len(CLASSES),
        _SMOKE_STEPS if options.smoke else _STEPS,
        options.seed,
    )


def _statistics(net: Net, embedder: Embedder, name: str, path: Path) -> Floats:
    """Give what the int8 encoder says of each window of a condition."""
    if path.exists():
        kept: Floats = np.load(path)
        return kept
    mels = embedder.spectrograms(name)
    started = spoken = time.monotonic()
    rows = []
    for done, mel in enumerate(mels, start=1):
        rows.append(net(mel[None].astype(np.float32))[0][0])
        now = time.monotonic()
        if now - spoken > _SECONDS_BETWEEN_LINES:
            spoken = now
            left = (now - started) / done * (len(mels) - done)
            print(f"  {name}: {done}/{len(mels)}, {left:.0f} s left", flush=True)
    result: Floats = np.stack(rows)
    part = path.with_suffix(".part.npy")
    np.save(part, result)
    part.replace(path)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.training.voice_light", description=__doc__
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of corpora")
    parser.add_argument("--encoder", type=Path, required=True, help="wheel or folder of tiny.en")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=3, help="augmented copies of each clip")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a few clips and steps, for CI")
    return parser


if __name__ == "__main__":
    main()
