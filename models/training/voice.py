"""Train the voice model: `python -m models.training.voice --data DIR --encoder WHEEL --out DIR`.

The encoder (first blocks of Whisper tiny.en) is converted to int8 and frozen; clips and augmented
copies go through it once, and a small ensemble is fitted on what it says. Speakers in
voice_data.REPORTED are used for the report alone. An interrupted run goes on where it stopped.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from models import metrics
from models.training.voice_data import CLASSES, FOLDS, Clip, labels_of, read_clips
from models.training.voice_embed import Embedder
from models.training.voice_encoder import Encoder, load_encoder
from models.training.voice_export import export_int8
from models.training.voice_head import Head, balance, fit_head
from models.training.voice_report import figures, report

_STEPS: Final = 800
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
    encoder = load_encoder(options.encoder)
    encoder_file = out / "encoder.tflite"
    if not encoder_file.exists():
        export_int8(encoder, encoder_file)

    clips = read_clips(options.data, _SMOKE_CLIPS if options.smoke else None)
    if options.corpora:
        clips = [clip for clip in clips if clip.corpus in options.corpora]
    copies = 1 if options.smoke else options.copies
    conditions = ["clean", *(f"train{number}" for number in range(copies))]
    cache = out / "cache" / "-".join(sorted({clip.corpus for clip in clips}))
    embedder = Embedder(encoder_file, clips, cache, options.seed)
    vectors = np.stack([_told(embedder, condition) for condition in conditions])

    steps = _SMOKE_STEPS if options.smoke else _STEPS
    trial = _Trial(clips, vectors, steps, options.seed)
    # A class that no clip has cannot be learnt, nor be answered: the last ones are left off.
    classes = CLASSES[: int(labels_of(clips).max()) + 1]
    chosen = trial.cross_validate(len(classes))
    if len({clip.corpus for clip in clips}) > 1 and not options.smoke:
        chosen["corpus_left_out"] = trial.leave_corpora_out()
    print(json.dumps(chosen, indent=1), flush=True)

    target = out / f"{options.name}.tflite"
    head = trial.fit(np.array([clip.fold >= 0 for clip in clips]))
    export_int8(_Whole(encoder, head, len(classes)), target)
    reported = [clip for clip in clips if clip.fold < 0]
    told = {
        "classes": classes,
        "bytes": target.stat().st_size,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "seed": options.seed,
        "copies": copies,
        "steps": steps,
        "reported_speakers": sorted({clip.speaker for clip in reported}),
        "chosen_on": chosen,
        "reported": report(target, reported, chosen["temperature"], classes, options.seed),
    }
    (out / f"{options.name}.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    print(json.dumps(told["reported"], indent=1))
    print(f"{target}: sha256 {told['sha256']}, temperature {chosen['temperature']:.4f}")


class _Trial:
    """Fits heads on some speakers and asks them about others."""

    def __init__(
        self, clips: Sequence[Clip], vectors: NDArray[np.float32], steps: int, seed: int
    ) -> None:
        self._vectors, self._steps, self._seed = vectors, steps, seed
        self._labels = labels_of(clips)
        self._folds = np.array([clip.fold for clip in clips])
        self._corpora = np.array([clip.corpus for clip in clips])
        self._speakers = np.array([clip.speaker for clip in clips])

    def fit(self, rows: NDArray[np.bool_]) -> Head:
        """Fit on the marked clips."""
        weights = balance(self._labels[rows], self._corpora[rows])
        return fit_head(
            self._vectors[:, rows], self._labels[rows], weights, self._seed, self._steps
        )

    def cross_validate(self, classes: int) -> dict[str, Any]:
        """Ask about each fold's speakers a head fitted on the other folds.

        The temperature comes from all copies, clean and disturbed, so that doubt in noise counts.
        """
        inside = self._folds >= 0
        logits = np.zeros((len(self._vectors), len(self._labels), classes))
        for fold in range(FOLDS):
            started = time.monotonic()
            rows = self._folds == fold
            if not rows.any():
                continue
            head = self.fit(inside & ~rows)
            logits[:, rows] = _ask(head, self._vectors[:, rows])[:, :, :classes]
            left = (time.monotonic() - started) * (FOLDS - fold - 1)
            print(f"  fold {fold + 1}/{FOLDS}, {left:.0f} s left", flush=True)
        truth = np.tile(self._labels[inside], len(self._vectors))
        temperature = metrics.fit_temperature(truth, logits[:, inside].reshape(-1, classes))
        result: dict[str, Any] = {"temperature": temperature}
        for corpus in np.unique(self._corpora):
            rows = inside & (self._corpora == corpus)
            speakers = self._speakers[rows].tolist()
            truth = self._labels[rows]
            clean, *disturbed = (copy[rows] for copy in logits)
            result[str(corpus)] = {
                "clean": figures(truth, clean, temperature, speakers),
                "augmented_uar": [metrics.uar(truth, copy.argmax(1)) for copy in disturbed],
            }
        return result

    def leave_corpora_out(self) -> dict[str, float]:
        """Ask about each corpus, all its speakers, a head that never saw the corpus."""
        result = {}
        for corpus in np.unique(self._corpora):
            rows = self._corpora == corpus
            head = self.fit((self._folds >= 0) & ~rows)
            answers = _ask(head, self._vectors[:1, rows])[0].argmax(1)
            result[str(corpus)] = metrics.uar(self._labels[rows], answers)
        return result


def _ask(head: Head, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    with torch.no_grad():
        rows = head(torch.from_numpy(vectors.reshape(-1, vectors.shape[-1])))
    return np.asarray(rows.numpy(), dtype=np.float64).reshape(*vectors.shape[:2], -1)


def _told(embedder: Embedder, condition: str) -> NDArray[np.float32]:
    print(f"embedding: {condition}", flush=True)
    return embedder.embed(condition)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training.voice", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of corpora")
    parser.add_argument("--encoder", type=Path, required=True, help="wheel or folder of tiny.en")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="voice_emotion")
    parser.add_argument("--corpora", nargs="*", help="use these only, e.g. for an open licence")
    parser.add_argument("--copies", type=int, default=6, help="augmented copies of each clip")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a few clips and steps, for CI")
    return parser


if __name__ == "__main__":
    main()
