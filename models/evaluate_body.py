"""Measure the body model on recordings in the layout of Stress-Predict.

Each person's recording is replayed as the hub would feed it; the reading knows that person's past
only. The layout and the judgement are those of `models.training.body`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.body import MODEL
from models.catalog import sha256_of
from models.errors import DataError
from models.metrics import auc, bootstrap_interval
from models.training.body import Moment, judge, replay

DRAWS = 500


@dataclass(frozen=True, slots=True)
class BodyReport:
    """How well arousal tells stressful tasks from rest: the chance to rank them rightly.

    `auc_left_out` is that of weights fitted on the other people, `auc` that of the shipped ones,
    `auc_of_people` of each person alone. `arousal` are mean readings at rest and under stress.
    """

    kind: str
    model: str
    people: int
    n: int
    auc: float
    auc_left_out: float
    auc_of_measures: Mapping[str, float]
    auc_of_people: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    arousal: Mapping[str, float]
    data: str
    data_sha256: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it as a few lines for a terminal."""
        spans = {name: f"[{low:.3f}, {high:.3f}]" for name, (low, high) in self.intervals.items()}
        own = sorted(self.auc_of_people.values())
        return [
            f"{self.kind}: {self.model}",
            f"people {self.people}, readings {self.n}",
            f"AUC {self.auc:.3f} {spans['auc']}",
            f"AUC, weights of the others {self.auc_left_out:.3f} {spans['auc_left_out']}",
            f"AUC within a person: {own[0]:.3f} to {own[-1]:.3f}, median {np.median(own):.3f}",
            *(f"AUC {name} alone {value:.3f}" for name, value in self.auc_of_measures.items()),
        ]


def evaluate_body(data: Path, progress: Callable[[int, int], None] | None = None) -> BodyReport:
    """Replay every person of the folder; `progress` is told how many of how many are done.

    Raises DataError for a folder that has not at least two people with both kinds of task.
    """
    people = sorted(path.name for path in data.glob("S*") if path.is_dir())
    moments: list[Moment] = []
    for done, person in enumerate(people, start=1):
        try:
            moments += replay(data, person)
        except (OSError, ValueError, KeyError, IndexError, EOFError) as err:
            raise DataError(f"{person} of {data} cannot be read ({err})") from err
        if progress is not None:
            progress(done, len(people))
    kept = {moment.person for moment in moments}
    kinds = {moment.stress for moment in moments}
    if len(kept) < 2 or len(kinds) < 2:  # noqa: PLR2004 - leaving one out must leave one
        raise DataError(f"{data} has not two people S... with stressful tasks and rest")
    return _report(data, moments)


def _report(data: Path, moments: list[Moment]) -> BodyReport:
    judged = judge(moments, DRAWS)
    groups = [moment.person for moment in moments]
    stress = np.array([moment.stress for moment in moments])
    arousal = np.array([moment.arousal for moment in moments])
    people = np.array(groups)
    return BodyReport(
        kind="body",
        model=MODEL,
        people=judged["people"],
        n=judged["readings"],
        auc=judged["auc_shipped_weights"],
        auc_left_out=judged["auc_leave_people_out"],
        auc_of_measures=judged["auc_each_measure"],
        auc_of_people={
            person: auc(stress[people == person], arousal[people == person])
            for person in sorted(set(groups))
            if len(set(stress[people == person])) > 1
        },
        intervals={
            "auc": bootstrap_interval(lambda rows: auc(stress[rows], arousal[rows]), groups, DRAWS),
            "auc_left_out": judged["auc_95"],
        },
        arousal={
            "rest": float(arousal[~stress].mean()),
            "stress": float(arousal[stress].mean()),
        },
        data=data.resolve().name,
        data_sha256=sha256_of(data / "tasks.csv"),
    )
