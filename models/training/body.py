"""Judge and refit the body model: `python -m models.training.body --data STRESS_PREDICT`.

Replays each person's wrist recording through BodyModel as the hub would feed it, every 5 s, and
asks whether arousal is higher in stressful tasks than in rest. The weights of one person's
judgement are fitted on the others only; the baseline knows the person's past only. Two seconds a
person, and nothing to go on with: a stopped run starts anew.

Layout: folders S01... with EDA, HR and IBI csv.gz as the Empatica E4 writes them, and tasks.csv
(subject, task, start_unix_utc, end_unix_utc, stress). Iqbal et al. 2022, doi:10.3390/s22218135.
"""

import argparse
import csv
import gzip
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.body import USUAL, BodyModel
from models.metrics import auc, bootstrap_interval

_STEP_S: Final = 5.0
_RIDGE: Final = 1.0
_SMOKE_PEOPLE: Final = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading, and whether the person was at a stressful task."""

    person: str
    stress: bool
    arousal: float
    deviations: tuple[float, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.body", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--smoke", action="store_true", help="three people, to see that it runs")
    options = parser.parse_args(arguments)
    moments: list[Moment] = []
    folders = sorted(path for path in options.data.glob("S*") if path.is_dir())
    folders = folders[:_SMOKE_PEOPLE] if options.smoke else folders
    began = time.monotonic()
    for number, folder in enumerate(folders, start=1):
        moments += replay(options.data, folder.name)
        left = (time.monotonic() - began) / number * (len(folders) - number)
        print(f"replayed {number}/{len(folders)} {left:.0f} s left", flush=True)
    print(json.dumps(judge(moments), indent=1))


def replay(data: Path, person: str) -> list[Moment]:
    """Feed one person's recording and collect the readings during labelled tasks."""
    with (data / "tasks.csv").open(encoding="utf-8", newline="") as stream:
        tasks = [
            (float(row["start_unix_utc"]), float(row["end_unix_utc"]), row["stress"] == "1")
            for row in csv.DictReader(stream)
            if row["subject"] == person
        ]
    skin = _table(data / person / "EDA.csv.gz")
    rates = _table(data / person / "HR.csv.gz")
    beats = _table(data / person / "IBI.csv.gz")
    begin, rate_hz = skin[0][0], skin[1][0]
    levels = [row[0] for row in skin[2:]]
    intervals = iter([(beats[0][0] + at, rr) for at, rr in beats[1:]])
    heart = iter([(rates[0][0] + second, row[0]) for second, row in enumerate(rates[2:])])
    model, result = BodyModel(), []
    waiting_beat, waiting_rate = next(intervals, None), next(heart, None)
    per_step = round(_STEP_S * rate_hz)
    for step in range(len(levels) // per_step):
        now = begin + (step + 1) * _STEP_S
        model.feed_skin(levels[step * per_step : (step + 1) * per_step], rate_hz, now)
        while waiting_rate is not None and waiting_rate[0] <= now:
            model.feed_heart([], waiting_rate[1], True, waiting_rate[0])
            waiting_rate = next(heart, None)
        while waiting_beat is not None and waiting_beat[0] <= now:
            model.feed_heart([waiting_beat[1]], None, True, waiting_beat[0])
            waiting_beat = next(intervals, None)
        deviations = model.deviations(now)
        reading = model.reading(now)
        stress = next((stress for start, end, stress in tasks if start <= now < end), None)
        if reading is not None and stress is not None:
            row = tuple(deviations.get(name, 0.0) for name in USUAL)
            result.append(Moment(person, stress, reading.affect.arousal, row))
    return result


def judge(moments: Sequence[Moment], draws: int = 200) -> dict[str, Any]:
    """Give the AUC of the shipped weights and of weights fitted leaving each person out."""
    people = np.array([moment.person for moment in moments])
    stress = np.array([moment.stress for moment in moments])
    shipped = np.array([moment.arousal for moment in moments])
    inputs = np.array([moment.deviations for moment in moments])
    scores = np.zeros(len(moments))
    weights = []
    for person in np.unique(people):
        rows = people == person
        weights.append(_logistic(inputs[~rows], stress[~rows]))
        scores[rows] = inputs[rows] @ weights[-1][:-1]
    low, high = bootstrap_interval(lambda r: auc(stress[r], scores[r]), people.tolist(), draws)
    return {
        "people": len(np.unique(people)),
        "readings": len(moments),
        "auc_leave_people_out": auc(stress, scores),
        "auc_95": (low, high),
        "auc_shipped_weights": auc(stress, shipped),
        "auc_each_measure": {
            name: auc(stress, inputs[:, index]) for index, name in enumerate(USUAL)
        },
        "weights": dict(zip([*USUAL, "intercept"], np.mean(weights, axis=0).tolist(), strict=True)),
    }


def _logistic(inputs: NDArray[np.float64], wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fit a ridge logistic regression, classes weighted alike, by Newton's method."""
    design = np.column_stack([inputs, np.ones(len(inputs))])
    importance = np.where(wanted, 0.5 / wanted.mean(), 0.5 / (1.0 - wanted.mean()))
    ridge = np.eye(design.shape[1]) * _RIDGE
    weights = np.zeros(design.shape[1])
    for _ in range(25):
        chance = 1.0 / (1.0 + np.exp(-design @ weights))
        slope = design.T @ (importance * (chance - wanted)) + ridge @ weights
        curve = (design * (importance * chance * (1.0 - chance))[:, None]).T @ design + ridge
        weights -= np.linalg.solve(curve, slope)
    return weights


def _table(path: Path) -> list[tuple[float, ...]]:
    """Read numbers; words in a row (the IBI file's head) are left out."""

    def numbers(row: list[str]) -> Iterator[float]:
        for cell in row:
            try:
                yield float(cell)
            except ValueError:
                continue

    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return [tuple(numbers(row)) for row in csv.reader(stream) if row]


if __name__ == "__main__":
    main()
