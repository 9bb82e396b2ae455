"""Train a voice model: `python -m models.training.voice --data DIR --encoder WHEEL --out DIR`.

1. The encoder (first blocks of Whisper tiny.en) becomes int8; clips and augmented copies go
   through it once, and a small ensemble is fitted on what it says. Cross-validated so that every
   speaker is judged once by an ensemble that never heard them, and every corpus too.
2. With `--tune N` the blocks and the ensemble are then tuned together, N batches, cross-validated
   in the same way; the better of the two is kept.
3. Fitted on all speakers but voice_data.REPORTED, it becomes one int8 file, whose own figures are
   those speakers'.
Every step is kept: an interrupted run goes on where it stopped. `--corpora emodb` fits on open
data alone; the other corpora are then only asked about. `--shipped` leaves the catalog's file as it
is: its own figures are measured anew, and those of the recipe.
"""

import argparse
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from models.catalog import load_catalog
from models.training.voice_card import figures_text
from models.training.voice_cross import Tuner, Whole
from models.training.voice_data import CLASSES, NOISY_CORPUS, Clip, labels_of, read_clips
from models.training.voice_embed import Embedder
from models.training.voice_encoder import Encoder, load_encoder
from models.training.voice_export import export_int8
from models.training.voice_report import report, report_noise
from models.training.voice_trial import Trial, Windows
from models.training.voice_tune import Tuning

NOISES: Final = ("white20", "white10", "pink10", "music10")
"""Disturbances of the recipe's figures; NOISY_CORPUS speaks in them."""

_STEPS: Final = 400
_SMOKE_STEPS: Final = 20
_SMOKE_CLIPS: Final = 2
_FROZEN: Final = ("corpora", "corpus_left_out")
"""What is kept of the figures before tuning."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = common_parser("voice", __doc__, "voice_emotion", copies=2)
    parser.add_argument("--corpora", nargs="*", help="fit on these only, e.g. for an open licence")
    parser.add_argument("--tune", type=int, default=0, help="batches of fine-tuning, 0 for none")
    parser.add_argument(
        "--bf16", action="store_true", help="tune in bfloat16: for CPUs with AMX, slower on others"
    )
    options = parser.parse_args(arguments)
    if options.tune and options.shipped:
        parser.error("--shipped trains no file: leave --tune out")
    train(options, load_encoder(options.encoder))


def train(options: argparse.Namespace, encoder: torch.nn.Module) -> None:
    """Judge the recipe with this encoder, make its file, and write both's figures beside it."""
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    clips = read_clips(options.data, _SMOKE_CLIPS if options.smoke else None)
    corpora = set(options.corpora or {clip.corpus for clip in clips})
    learnable = np.array([clip.corpus in corpora for clip in clips])
    # A class that no clip has cannot be learnt, nor be answered: the last ones are left off.
    classes = CLASSES[: int(labels_of(clips)[learnable].max()) + 1]

    trial = _trial(options, encoder, clips, learnable, len(classes))
    chosen = trial.cross_validate()
    if len(corpora) > 1:
        chosen["corpus_left_out"] = trial.leave_corpora_out()
        chosen["calibrated"] = trial.calibrated(neutral_only=False)
        chosen["calibrated_neutral"] = trial.calibrated(neutral_only=True)
    _show(chosen)

    target = options.out / f"{options.name}.tflite"
    if options.shipped:
        catalog = load_catalog()
        target = catalog.path(options.name)
        chosen["temperature"] = catalog.entry(options.name).number("temperature")
    elif options.tune and _tuned(options, encoder, trial, len(classes), chosen):
        shutil.copyfile(options.out / "tune" / "all.tflite", target)
    else:
        export_int8(Whole(encoder, trial.fit(), len(classes)), target)
    temperature = chosen["temperature"]
    reported = [
        clip
        for clip in clips
        if (clip.reported or clip.corpus not in corpora) and clip.label < len(classes)
    ]
    told = {
        "model": options.name,
        "classes": classes,
        "bytes": target.stat().st_size,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "seed": options.seed,
        "copies": options.copies,
        "temperature": temperature,
        "learnt": sorted(corpora),
        "folds": _folds(clips),
        "reported_speakers": sorted({clip.speaker for clip in reported if clip.corpus in corpora}),
        "chosen_on": chosen,
        "reported": report(target, reported, temperature, classes),
        "reported_noise": report_noise(target, reported, temperature, options.seed),
    }
    (options.out / f"{options.name}.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    (options.out / f"{options.name}.md").write_text(figures_text(told), "utf-8")
    print(figures_text(told))


def _trial(
    options: argparse.Namespace,
    encoder: torch.nn.Module,
    clips: Sequence[Clip],
    learnable: np.ndarray[Any, np.dtype[np.bool_]],
    classes: int,
) -> Trial:
    encoder_file = options.out / "encoder.tflite"
    if not encoder_file.exists():
        export_int8(encoder, encoder_file)
    embedder = Embedder(encoder_file, clips, options.out / "cache", options.seed)
    windows = {"clean": Windows(*embedder.windows())}
    copies = [
        embedder.augmented(f"train{n}") for n in range(1 if options.smoke else options.copies)
    ]
    noisy = [index for index, clip in enumerate(clips) if clip.corpus == NOISY_CORPUS]
    if noisy and not options.smoke:
        speaking = [clips[index] for index in noisy]
        asker = Embedder(encoder_file, speaking, options.out / "cache" / "noisy", options.seed)
        for condition in NOISES:
            vectors, owners = asker.windows(condition)
            windows[condition] = Windows(vectors, np.array(noisy)[owners])
    steps = _SMOKE_STEPS if options.smoke else _STEPS
    # What the file cannot answer is not asked.
    known = np.array([clip.label < classes for clip in clips])
    numbers = np.cumsum(known) - 1
    windows = {
        name: Windows(one.of(known).vectors, numbers[one.of(known).owners])
        for name, one in windows.items()
    }
    kept = [clip for clip, asked in zip(clips, known, strict=True) if asked]
    return Trial(
        kept, windows, np.stack(copies)[:, known], learnable[known], classes, steps, options.seed
    )


def _tuned(
    options: argparse.Namespace,
    encoder: Encoder,
    trial: Trial,
    classes: int,
    chosen: dict[str, Any],
) -> bool:
    """Tune, and tell whether that is better; then the figures are those of the tuned networks."""
    steps = min(options.tune, 2) if options.smoke else options.tune
    how = Tuning(steps, options.seed, options.bf16)
    tuner = Tuner(encoder, trial, how, options.out / "tune")
    noises = () if options.smoke else NOISES
    found = tuner.cross_validate(classes, 1 if options.smoke else options.copies, noises)
    _show(found)
    was, now = _score(chosen), _score(found)
    if now <= was:
        chosen["tried"] = {"steps": steps, "frozen": was, "tuned": now}
        return False
    everyone = trial.learnable & np.array([not clip.reported for clip in trial.clips])
    tuner.tuned(everyone, classes, options.out / "tune" / "all.tflite")
    chosen["frozen"] = {key: chosen[key] for key in _FROZEN if key in chosen}
    chosen.update(found, tuned={"steps": steps, "bf16": options.bf16})
    if "corpus_left_out" in chosen:
        chosen["corpus_left_out"] = tuner.leave_corpora_out(classes)
    return True


def _score(chosen: dict[str, Any]) -> float:
    """Give the mean UAR over the corpora, clean and disturbed alike."""
    return float(
        np.mean([
            (found["uar"] + float(np.mean(found["disturbed_uar"]))) / 2
            for found in chosen["corpora"].values()
        ])
    )  # fmt: skip


def _folds(clips: Sequence[Clip]) -> list[list[str]]:
    """Give the speakers of each fold."""
    return [
        sorted({clip.speaker for clip in clips if clip.fold == fold})
        for fold in sorted({clip.fold for clip in clips})
    ]


def _show(told: dict[str, Any]) -> None:
    print(json.dumps(told, indent=1), flush=True)


def common_parser(module: str, doc: str | None, name: str, copies: int) -> argparse.ArgumentParser:
    """Make the parser of what all voice trainings take."""
    parser = argparse.ArgumentParser(prog=f"python -m models.training.{module}", description=doc)
    parser.add_argument("--data", type=Path, required=True, help="folder of corpora")
    parser.add_argument("--encoder", type=Path, required=True, help="wheel or folder of tiny.en")
    parser.add_argument("--out", type=Path, required=True, help="a folder for this model alone")
    parser.add_argument("--name", default=name)
    parser.add_argument("--shipped", action="store_true", help="measure the catalog's file anew")
    parser.add_argument("--copies", type=int, default=copies, help="augmented copies of each clip")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a few clips and steps, for CI")
    return parser


if __name__ == "__main__":
    main()
