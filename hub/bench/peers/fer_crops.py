"""PyPI's `fer` on ready face crops: `python fer_crops.py FOLDER`, prints one line of JSON.

FOLDER is what `moodsync evaluate face --cropped` takes: `labels.csv` (file, label) and pictures.
Runs by the Python of fer's own environment, so it imports nothing of ours. fer knows seven labels:
pictures of contempt are left out. Its net gets the whole crop as the face, without the margin that
it would add: with it the crop is framed by white, which costs it nine points.
"""

import csv
import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

OURS = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "neutral": "neutral",
    "sad": "sadness",
    "surprise": "surprise",
}


def main(folder: Path) -> None:
    """Read every crop, and print accuracy and macro-F1."""
    cv2: Any = importlib.import_module("cv2")
    net = importlib.import_module("fer.fer").FER(offsets=(0, 0))
    said: Counter[tuple[str, str]] = Counter()
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in OURS.values()]
    for row in rows:
        crop = cv2.imread(str(folder / row["file"]))
        height, width = crop.shape[:2]
        (found,) = net.detect_emotions(crop, face_rectangles=[(0, 0, width, height)])
        shares = found["emotions"]
        said[row["label"], OURS[max(shares, key=shares.get)]] += 1
    right = sum(count for (true, answer), count in said.items() if true == answer)
    scores = [_f1(said, label) for label in sorted(OURS.values())]
    figures = {"n": len(rows), "accuracy": right / len(rows), "macro_f1": sum(scores) / len(scores)}
    print(json.dumps(figures))  # noqa: T201 - the result


def _f1(said: "Counter[tuple[str, str]]", label: str) -> float:
    true = sum(count for (was, _), count in said.items() if was == label)
    answered = sum(count for (_, answer), count in said.items() if answer == label)
    return 2 * said[label, label] / max(1, true + answered)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
