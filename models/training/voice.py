"""Train the voice model: `python -m models.training.voice --data DIR --encoder WHEEL --out DIR`.

1. The encoder (first blocks of Whisper tiny.en) becomes int8; clips and augmented copies go
   through it once, and a small ensemble is fitted on what it says, cross-validated by speaker.
2. The blocks and the ensemble are then tuned together, one fold left out (`--tune 0`: not).
3. The better of the two on that fold becomes one int8 file, which is then reported on the
   speakers in voice_data.REPORTED, whom nothing was fitted on or chosen by.
Every step is kept: an interrupted run goes on where it stopped.
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from models import metrics
from models.training.voice_card import figures_text
from models.training.voice_data import CLASSES, Clip, labels_of, read_clips
from models.training.voice_embed import Embedder
from models.training.voice_encoder import Encoder, load_encoder
from models.training.voice_export import export_int8
from models.training.voice_head import Head
from models.training.voice_report import report
from models.training.voice_trial import Trial
from models.training.voice_tune import VALIDATION_FOLD, Tuned, tune, validate

_STEPS: Final = 400
_SMOKE_STEPS: Final = 20
_SMOKE_CLIPS: Final = 4


class _Whole(torch.nn.Module):  # type: ignore[misc]  # torch is absent where this is checked
    """Spectrogram -> logits of the first `classes` classes."""

    def __init__(self, encoder: Encoder, head: Head, classes: int) -> None:
        super().__init__()
        self.encoder, self.head, self.classes = encoder, head, classes

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Run both."""
        logits: torch.Tensor = self.head(self.encoder(mel))
        return logits[:, : self.classes]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    clips = read_clips(options.data, _SMOKE_CLIPS if options.smoke else None)
    if options.corpora:
        clips = [clip for clip in clips if clip.corpus in options.corpora]
    # A class that no clip has cannot be learnt, nor be answered: the last ones are left off.
    classes = CLASSES[: int(labels_of(clips).max()) + 1]

    encoder = load_encoder(options.encoder)
    trial, copies = _embed(options, encoder, clips)
    chosen = trial.cross_validate(len(classes))
    if len({clip.corpus for clip in clips}) > 1 and not options.smoke:
        chosen["corpus_left_out"] = trial.leave_corpora_out()
    _show(chosen)

    tune_steps = min(options.tune, 2) if options.smoke else options.tune
    temperature = chosen["temperature"]
    tuned_head = _tune(options, encoder, trial, clips, chosen, tune_steps) if tune_steps else None
    if tuned_head is not None:
        temperature = chosen["tuned"]["temperature"]
    else:
        encoder = load_encoder(options.encoder)  # tuning may have changed it
    target = out / f"{options.name}.tflite"
    head = tuned_head or trial.fit()
    export_int8(_Whole(encoder, head, len(classes)), target)

    reported = [clip for clip in clips if clip.fold < 0]
    told = {
        "model": options.name,
        "classes": classes,
        "bytes": target.stat().st_size,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "seed": options.seed,
        "copies": copies,
        "temperature": temperature,
        "tuned": tuned_head is not None,
        "reported_speakers": sorted({clip.speaker for clip in reported}),
        "chosen_on": chosen,
        "reported": report(target, reported, temperature, classes, options.seed),
    }
    (out / f"{options.name}.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    (out / f"{options.name}.md").write_text(figures_text(told), "utf-8")
    print(figures_text(told))


def _embed(
    options: argparse.Namespace, encoder: Encoder, clips: Sequence[Clip]
) -> tuple[Trial, int]:
    encoder_file = options.out / "encoder.tflite"
    if not encoder_file.exists():
        export_int8(encoder, encoder_file)
    copies = 1 if options.smoke else options.copies
    cache = options.out / "cache" / "-".join(sorted({clip.corpus for clip in clips}))
    embedder = Embedder(encoder_file, clips, cache, options.seed)
    vectors = []
    for condition in ("clean", *(f"train{number}" for number in range(copies))):
        print(f"embedding: {condition}", flush=True)
        vectors.append(embedder.embed(condition))
    steps = _SMOKE_STEPS if options.smoke else _STEPS
    return Trial(clips, np.stack(vectors), steps, options.seed), copies


def _tune(
    options: argparse.Namespace,
    encoder: Encoder,
    trial: Trial,
    clips: Sequence[Clip],
    chosen: dict[str, Any],
    steps: int,
) -> Head | None:
    """Tune the encoder in place and return its head; None when frozen was better."""
    head = trial.fit(VALIDATION_FOLD)
    before = validate(encoder, head, clips, options.seed)
    checkpoint = options.out / f"{options.name}-tune.pt"
    after = tune(encoder, head, clips, steps, options.seed, checkpoint)
    frozen, tuned = _score(before), _score(after)
    chosen["tuned"] = {
        "steps": steps,
        "frozen_uar": frozen,
        "tuned_uar": tuned,
        "temperature": metrics.fit_temperature(
            np.tile(after.truth, 2), np.concatenate([after.clean, after.disturbed])
        ),
    }
    _show(chosen["tuned"])
    return head if sum(tuned) > sum(frozen) else None


def _score(answers: Tuned) -> tuple[float, float]:
    """Give the UAR over the whole fold, clean and disturbed."""
    return (
        metrics.uar(answers.truth, answers.clean.argmax(axis=1)),
        metrics.uar(answers.truth, answers.disturbed.argmax(axis=1)),
    )


def _show(told: dict[str, Any]) -> None:
    print(json.dumps(told, indent=1), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training.voice", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of corpora")
    parser.add_argument("--encoder", type=Path, required=True, help="wheel or folder of tiny.en")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="voice_emotion")
    parser.add_argument("--corpora", nargs="*", help="use these only, e.g. for an open licence")
    parser.add_argument("--copies", type=int, default=1, help="augmented copies of each clip")
    parser.add_argument("--tune", type=int, default=160, help="batches of fine-tuning, 0 for none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a few clips and steps, for CI")
    return parser


if __name__ == "__main__":
    main()
