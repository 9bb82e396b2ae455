"""Calibrate the exported net and measure it: `python -m models.training.face_report`.

Works on the int8 file as it ships, without torch. Temperature and prior are fitted on the held-out
part of Training; PublicTest is only measured. Writes OUT/report.json, prints the catalog's numbers
and fills in the tables of the card.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import face_emotion, metrics
from models.evaluate import DRAWS
from models.runtime import Net
from models.training import face_data
from models.training.face_calibrate import Calibration, calibrate, favour_rare
from models.training.face_data import Faces
from models.training.face_harm import HARMS
from models.types import EMOTIONS

CARD = Path(__file__).parents[1] / "cards" / "face_emotion.md"
MARKS = ("<!-- figures -->", "<!-- /figures -->")
SEED = 7
HARM_STEP = 4
"""Harms are measured on every fourth picture: fifteen of them take a while one by one."""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Calibrate and measure the expression model.")
    parser.add_argument("--data", type=Path, required=True, help="folder with face_expr_dev.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder with face_emotion.tflite")
    parser.add_argument("--seed", type=int, default=SEED, help="the seed that split the data")
    parser.add_argument("--card", action="store_true", help="write the tables into the card")
    parser.add_argument("--harms", type=Path, help="keep the table of harms for docs/models.md")
    options = parser.parse_args()
    report = measure(options.data, options.out, options.seed)
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    if options.harms:
        options.harms.write_text(json.dumps(harms_table(report), indent=1) + "\n")
    tables = render(report)
    print(tables)
    if options.card:
        before, rest = CARD.read_text().split(MARKS[0])
        after = rest.split(MARKS[1])[1]
        CARD.write_text(f"{before}{MARKS[0]}\n{tables}\n{MARKS[1]}{after}")


def measure(data: Path, out: Path, seed: int) -> dict[str, Any]:
    """Everything the card says, as plain numbers."""
    splits = face_data.load_splits(data, seed)
    net = Net.load(out / "face_emotion.tflite")
    floating = Net.load(out / "face_emotion.float.tflite")
    held_out = logits(net, splits.held_out.images)
    plain = calibrate(held_out, splits.held_out.labels, face_data.shown_prior(splits.train.targets))
    often = np.bincount(splits.train.labels, minlength=len(EMOTIONS)) / len(splits.train)
    calibration = favour_rare(plain, held_out, splits.held_out.labels, often)
    said = logits(net, splits.dev.images)
    chances = calibration.probabilities(said)
    some = splits.dev.take(np.arange(0, len(splits.dev), HARM_STEP))
    as_float = calibration.probabilities(logits(floating, splits.dev.images))
    harms = [_harmed(net, calibration, some, name) for name in HARMS]
    pairs = np.array([(harm["accuracy"], harm["confidence"]) for harm in harms])
    return {
        "temperature": calibration.temperature,
        "bias": calibration.bias.tolist(),
        "dev": _figures(splits.dev, chances),
        "float": _figures(splits.dev, as_float),
        "harms": harms,
        "follows": metrics.pearson(pairs[:, 0], pairs[:, 1]),
        "brightness": _by_brightness(splits.dev, chances),
    }


def logits(net: Net, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What the net says of crops [n, 48, 48], one by one as in use."""
    return np.asarray([face_emotion.logits(net, crop) for crop in crops], np.float64)


def harms_table(report: dict[str, Any]) -> dict[str, Any]:
    """The table of harms as scripts/model_page.py takes it."""
    rows = [
        [one["harm"], one["accuracy"], one["confidence"], one["aurc"]] for one in report["harms"]
    ]
    return {
        "kind": "table",
        "title": "Faces harmed",
        "model": "face_emotion",
        "data": "every fourth picture of PublicTest",
        "note": "Every fourth picture of PublicTest, harmed before it is read. Accuracy and mean "
        f"confidence correlate at {report['follows']:.2f}.",
        "columns": ["harm", "accuracy", "mean confidence", "area under risk-coverage"],
        "rows": rows,
    }


def render(report: dict[str, Any]) -> str:
    """Tables in Markdown."""
    dev, floating = report["dev"], report["float"]
    bias = ", ".join(f"{value:.4f}" for value in report["bias"])
    lines = [
        f"temperature {report['temperature']:.4f}, bias [{bias}]",
        "",
        "| figure | int8 | 95 % interval | float |",
        "|---|---|---|---|",
    ]
    for name, title in (("accuracy", "accuracy"), ("macro_f1", "macro-F1"), ("uar", "UAR")):
        low, high = dev[f"{name}_interval"]
        lines.append(f"| {title} | {dev[name]:.4f} | {low:.3f}-{high:.3f} | {floating[name]:.4f} |")
    lines += [
        f"| ECE (15 bins) | {dev['ece']:.4f} | | {floating['ece']:.4f} |",
        f"| area under risk-coverage | {dev['aurc']:.4f} | | {floating['aurc']:.4f} |",
        "",
        f"n = {dev['n']}; recall: " + ", ".join(f"{k} {v:.2f}" for k, v in dev["recall"].items()),
        "",
        "| true \\ said | " + " | ".join(emotion.value for emotion in EMOTIONS) + " |",
        "|---" * (len(EMOTIONS) + 1) + "|",
    ]
    for emotion, row in zip(EMOTIONS, dev["confusion"], strict=True):
        lines.append(f"| {emotion.value} | " + " | ".join(str(count) for count in row) + " |")
    lines += [
        "",
        f"Accuracy and mean confidence over the harms below correlate at {report['follows']:.2f}.",
        "",
        "| harm | accuracy | mean confidence | area under risk-coverage |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['harm']} | {row['accuracy']:.3f} | {row['confidence']:.3f} | {row['aurc']:.3f} |"
        for row in report["harms"]
    ]
    lines += [
        "",
        "| brightness of the crop | n | accuracy | mean confidence |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['from']:.0f}-{row['to']:.0f} | {row['n']} | {row['accuracy']:.3f} "
        f"| {row['confidence']:.3f} |"
        for row in report["brightness"]
    ]
    return "\n".join(lines)


def _figures(faces: Faces, chances: NDArray[np.float64]) -> dict[str, Any]:
    truth, chosen = faces.labels, chances.argmax(axis=1)
    groups = [str(row) for row in range(len(truth))]
    confusion = np.zeros((len(EMOTIONS), len(EMOTIONS)), np.int64)
    np.add.at(confusion, (truth, chosen), 1)
    figures: dict[str, Any] = {
        "n": len(truth),
        "ece": metrics.ece(truth, chances),
        "aurc": risk_coverage(truth, chances),
        "recall": {EMOTIONS[k].value: v for k, v in metrics.recalls(truth, chosen).items()},
        "confusion": confusion.tolist(),
    }
    for name, figure in (
        ("accuracy", metrics.accuracy),
        ("macro_f1", metrics.macro_f1),
        ("uar", metrics.uar),
    ):
        figures[name] = figure(truth, chosen)
        figures[f"{name}_interval"] = metrics.bootstrap_interval(
            partial(_of_rows, figure, truth, chosen), groups, draws=DRAWS
        )
    return figures


def _of_rows(
    figure: Callable[[metrics.Labels, metrics.Labels], float],
    truth: metrics.Labels,
    chosen: metrics.Labels,
    rows: metrics.Labels,
) -> float:
    return figure(truth[rows], chosen[rows])


def risk_coverage(truth: NDArray[np.int64], chances: NDArray[np.float64]) -> float:
    """Mean error over all coverages, surest answers first: low when confidence can be trusted."""
    order = np.argsort(-chances.max(axis=1), kind="stable")
    wrong = (chances.argmax(axis=1) != truth)[order]
    return float(np.mean(np.cumsum(wrong) / np.arange(1, len(wrong) + 1)))


def _harmed(net: Net, calibration: Calibration, faces: Faces, name: str) -> dict[str, Any]:
    random = np.random.default_rng(SEED)
    crops = np.stack([HARMS[name](crop, random) for crop in faces.images])
    chances = calibration.probabilities(logits(net, crops))
    return {"harm": name, **_brief(faces.labels, chances)}


def _by_brightness(faces: Faces, chances: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Quarters by mean grey level: a rough stand-in for skin and light, which no label tells."""
    brightness = faces.images.mean(axis=(1, 2))
    edges = np.quantile(brightness, [0, 0.25, 0.5, 0.75, 1])
    quarter = np.clip(np.searchsorted(edges, brightness, side="right") - 1, 0, 3)
    return [
        {
            "from": float(edges[k]),
            "to": float(edges[k + 1]),
            "n": int((quarter == k).sum()),
            **_brief(faces.labels[quarter == k], chances[quarter == k]),
        }
        for k in range(4)
    ]


def _brief(truth: NDArray[np.int64], chances: NDArray[np.float64]) -> dict[str, float]:
    return {
        "accuracy": metrics.accuracy(truth, chances.argmax(axis=1)),
        "confidence": float(chances.max(axis=1).mean()),
        "aurc": risk_coverage(truth, chances),
    }


if __name__ == "__main__":
    main()
