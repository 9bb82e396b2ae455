"""Recordings in the Empatica E4's layout, written for tests."""

import gzip
from pathlib import Path

import numpy as np

BEGIN = 1_600_000_000.0
HEAD = "subject,task,start_unix_utc,end_unix_utc,stress\n"


def write(path: Path, lines: list[str]) -> None:
    with gzip.open(path, "wt") as stream:
        stream.write("\n".join(lines) + "\n")


def record(data: Path, person: str, seed: int, tells: bool) -> None:
    """Write 12 minutes; in each third of 4 minutes the heart races, if it tells."""
    rng = np.random.default_rng(seed)
    folder = data / person
    folder.mkdir()
    stress = (np.arange(720) % 240) >= 120
    bpm = 60 + 20 * (stress & tells) + rng.normal(0, 1, 720)
    skin = 2 + 1.0 * np.repeat(stress & tells, 4) + rng.normal(0, 0.01, 2880)
    write(folder / "HR.csv.gz", [str(BEGIN), "1.0", *map(str, bpm)])
    write(folder / "EDA.csv.gz", [str(BEGIN), "4.0", *map(str, skin)])
    beats, at = [f"{BEGIN}, IBI"], 0.0
    while at < 715:
        rr = 60 / bpm[int(at)]
        at += rr
        beats.append(f"{at},{rr}")
    write(folder / "IBI.csv.gz", beats)
    with (data / "tasks.csv").open("a") as stream:
        for start in range(0, 720, 120):
            label = int(stress[start])
            times = f"{BEGIN + start},{BEGIN + start + 120}"
            stream.write(f"{person},task,{times},{label}\n")
