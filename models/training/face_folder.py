"""Write the reported split as a folder for `moodsync evaluate face --cropped --data OUT`.

`python -m models.training.face_folder --data DIR --out OUT` makes one PNG for each picture of
PublicTest and a `labels.csv`, so that the card's figures can be had from the installed model.
"""

import argparse
import csv
from pathlib import Path

import cv2

from models.training import face_data
from models.training.face_report import SEED
from models.types import EMOTIONS


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write PublicTest as pictures with labels.")
    parser.add_argument("--data", type=Path, required=True, help="folder with face_expr_dev.npz")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(f"{write(options.data, options.out)} pictures in {options.out}")


def write(data: Path, out: Path) -> int:
    """Write the pictures and their labels; return how many."""
    dev = face_data.load_splits(data, SEED).dev
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("file", "label"))
        for number, (image, label) in enumerate(zip(dev.images, dev.labels, strict=True)):
            name = f"{number:05}.png"
            cv2.imwrite(str(out / name), image)
            table.writerow((name, EMOTIONS[label].value))
    return len(dev)


if __name__ == "__main__":
    main()
