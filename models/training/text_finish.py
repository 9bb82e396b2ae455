"""After training: the int8 file, its calibration, and the figures on the dev parts."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.catalog import sha256_of
from models.metrics import multilabel_macro_f1, pearson
from models.runtime import Net
from models.text_emotion import TextCalibration
from models.text_tokens import TextTokens
from models.text_types import FAMILIES, SENTIMENTS
from models.training.dev_folders import write_texts
from models.training.text_calibrate import Aside, any_of, calibrate
from models.training.text_data import VAD, TextData, Texts
from models.training.text_export import export, metadata
from models.training.text_model import TextNet

Floats = NDArray[np.float64]

FILE = "text_emotion.onnx"


def finish(net: TextNet, data: TextData, vocabulary: Sequence[str], out: Path) -> None:
    """Write the results to `out`.

    `text_emotion.onnx` and `catalog.toml` (its entry) make the model; `report.json` compares it
    with its float original; `text_emotions` and `text_ratings` are folders for `moodsync evaluate`.
    """
    about = metadata(vocabulary, data.labels)
    export(net, out / FILE, about)
    export(net, out / "float.onnx", about, int8=False)
    tokens = TextTokens(vocabulary)

    small = Net.load(out / FILE)
    aside_logits, aside_vad = outputs(small, tokens, data.aside_emotions)
    aside = Aside(
        aside_logits,
        data.aside_emotions.emotions > 0,
        aside_vad,
        outputs(small, tokens, data.aside_vad)[1],
        data.aside_vad.vad.astype(np.float64),
    )
    calibration = calibrate(aside, data.labels)
    (out / "catalog.toml").write_text(catalog_entry(out / FILE, calibration), "utf-8")

    write_texts(data, out)
    report = {
        "int8": figures(small, tokens, data, calibration),
        "float": figures(Net.load(out / "float.onnx"), tokens, data, calibration),
    }
    (out / "report.json").write_text(json.dumps(report, indent=2), "utf-8")
    print(json.dumps(report, indent=2))


def outputs(net: Net, tokens: TextTokens, texts: Texts) -> tuple[Floats, Floats]:
    """Return logits (n, 28) and VAD (n, 3) of the first window of each text."""
    windows = [next(iter(tokens.windows(text)), [0]) for text in texts.texts]
    results = [net(np.array([window], np.int64)) for window in windows]
    return tuple(np.concatenate([r[i] for r in results]).astype(np.float64) for i in (0, 1))  # type: ignore[return-value]


def figures(
    net: Net, tokens: TextTokens, data: TextData, calibration: TextCalibration
) -> dict[str, float]:
    """Return the figures on the dev parts."""
    began = time.process_time()
    logits, _ = outputs(net, tokens, data.dev_emotions)
    spent = time.process_time() - began
    _, vad = outputs(net, tokens, data.dev_vad)
    probabilities = calibration.probabilities(logits)
    truth = data.dev_emotions.emotions > 0
    result = {"macro_f1_28": multilabel_macro_f1(truth, probabilities >= calibration.thresholds)}
    for groups, thresholds in (
        (FAMILIES.values(), calibration.family_thresholds),
        (SENTIMENTS.values(), calibration.sentiment_thresholds),
    ):
        result[f"macro_f1_{len(thresholds)}"] = multilabel_macro_f1(
            any_of(truth, data.labels, groups),
            calibration.any_of(probabilities, groups) >= thresholds,
        )
    result["ms_each"] = 1e3 * spent / len(truth)
    for axis, name in enumerate(VAD):
        result[f"r_{name}"] = pearson(vad[:, axis], data.dev_vad.vad[:, axis].astype(np.float64))
    return result


def catalog_entry(path: Path, calibration: TextCalibration) -> str:
    """Return the catalog's tables for the file, ready to be pasted."""
    values = asdict(calibration)
    labels = values.pop("labels")
    lines = [
        "[text_emotion]",
        f'file = "{path.name}"',
        f"bytes = {path.stat().st_size}",
        f'sha256 = "{sha256_of(path)}"',
        'licence = "CC-BY-SA-4.0"',
        'card = "text_emotion.md"',
        'input = "ids int64 (1, n), n <= 64 WordPiece numbers; vocabulary in the file\'s metadata"',
        f"classes = {json.dumps(labels)}",
        'use = "run"',
        "[text_emotion.origin]",
        'training = "models.training.text"',
        "[text_emotion.calibration]",
    ]
    lines += [f"{name} = {_toml(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _toml(value: float | Floats) -> str:
    if isinstance(value, np.ndarray):
        return "[" + ", ".join(f"{number:.5g}" for number in value) + "]"
    return f"{value:.5g}"
