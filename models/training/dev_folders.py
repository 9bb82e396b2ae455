"""Lay the dev parts out as `moodsync evaluate` reads them.

`python -m models.training.dev_folders --data DIR --out DIR`: the data folder holds `face`, `voice`
and `text` as the trainings take them; what is missing is left out. Written are `face` (all of
PublicTest), `voice` (the speakers whom nothing is fitted on), `text_emotions`, `text_ratings`, and
`fusion` with at most 160 samples of a label of each.
"""

import argparse
import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import cv2
import numpy as np

from models.text_types import FAMILIES
from models.training.face_data import FILE as FACES
from models.training.face_data import load_splits
from models.training.text_data import VAD, TextData, load_text_data
from models.training.voice_data import CLASSES, read_clips
from models.types import EMOTIONS

MOST: Final = 160
SEED: Final = 7

Row = Sequence[object]
R = TypeVar("R", bound=Row)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.dev_folders")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    fusion = options.out / "fusion"
    if (options.data / "face" / FACES).is_file():
        write_faces(options.data / "face", options.out / "face", fusion / "face")
        print("face is written")
    if (options.data / "voice").is_dir():
        write_voices(options.data / "voice", options.out / "voice", fusion / "voice")
        print("voice is written")
    if (options.data / "text").is_dir():
        data = load_text_data(options.data / "text")
        write_texts(data, options.out)
        _write(fusion / "text", ("text", "label"), _few(_families(data)))
        print("text is written")


def write_faces(data: Path, out: Path, few: Path) -> None:
    """Write the pictures of PublicTest with the majority's label."""
    faces = load_splits(data, SEED).dev
    rows = [(f"{row}.png", EMOTIONS[label].value) for row, label in enumerate(faces.labels)]
    shuffled = [rows[i] for i in np.random.default_rng(SEED).permutation(len(rows))]
    for folder, kept in ((out, rows), (few, _few(shuffled))):
        _write(folder, ("file", "label"), kept)
        for name, _ in kept:
            cv2.imwrite(str(folder / name), faces.images[int(name.removesuffix(".png"))])


def write_voices(data: Path, out: Path, few: Path) -> None:
    """Copy the clips of the reported speakers."""
    clips = {f"{clip.corpus}_{clip.path.name}": clip for clip in read_clips(data) if clip.reported}
    rows = [(name, CLASSES[clip.label], clip.speaker) for name, clip in clips.items()]
    shuffled = [rows[i] for i in np.random.default_rng(SEED).permutation(len(rows))]
    for folder, kept in ((out, rows), (few, _few(shuffled))):
        _write(folder, ("file", "label", "group"), kept)
        for name, *_ in kept:
            shutil.copyfile(clips[name].path, folder / name)


def write_texts(data: TextData, out: Path) -> None:
    """Write `text_emotions` (GoEmotions' names joined by |) and `text_ratings` (EmoBank)."""
    emotions = data.dev_emotions
    names = [
        "|".join(label for label, holds in zip(data.labels, row, strict=True) if holds)
        for row in emotions.emotions
    ]
    ratings = data.dev_vad
    rated = [(t, *map(float, row)) for t, row in zip(ratings.texts, ratings.vad, strict=True)]
    _write(out / "text_emotions", ("text", "label"), zip(emotions.texts, names, strict=True))
    _write(out / "text_ratings", ("text", *VAD), rated)


def _families(data: TextData) -> list[tuple[str, str]]:
    """Return the texts whose emotions belong to one of our labels alone."""
    rows = []
    for text, row in zip(data.dev_emotions.texts, data.dev_emotions.emotions, strict=True):
        names = {label for label, holds in zip(data.labels, row, strict=True) if holds}
        families = [family for family, members in FAMILIES.items() if names & set(members)]
        if len(families) == 1:
            rows.append((text, families[0].value))
    return rows


def _few(rows: Iterable[R]) -> list[R]:
    taken = Counter[object]()
    kept = []
    for row in rows:
        if taken[row[1]] < MOST:
            taken[row[1]] += 1
            kept.append(row)
    return kept


def _write(folder: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


if __name__ == "__main__":
    main()
