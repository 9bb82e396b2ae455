"""Measure a model as it is installed on a folder of labelled samples.

The figures on the models' cards come from here. A weight file whose sha256 is not the catalog's
is refused. A sample in which the model finds nothing to read (no face, no words) counts as wrong.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.catalog import Catalog, load_catalog, sha256_of
from models.errors import DataError
from models.evaluate_data import AXES, SYNONYMS, Sample, Samples, read_samples
from models.evaluate_senses import SENSES, Answer, Reader
from models.trust import Trust, confusion, trust
from models.types import EMOTIONS, Emotion
from models.voice_emotion import AROUSED

DRAWS = 1000


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What was measured.

    `n` samples of which `unread` gave no answer; `left_out` rows had labels that were not among
    `labels`. `data` is the folder's name and `data_sha256` that of its labels. `intervals` are
    95 % bootstrap intervals over groups. Figures about labels are None when the rows have ratings
    only; `multilabel` (macro-F1 of GoEmotions' 28, of Ekman's 7, of 4 sentiments) and
    `correlation` (Pearson, by axis) are empty when the rows have no such labels. `confusion` has a
    row for each of `labels`, and a last column for no answer. `arousal_auc`, of voices, is the
    chance that a roused one's probabilities say so more than a calm one's. `ms_p50` is the median
    of the reading thread's processor time: what else runs on the machine does not count.
    """

    kind: str
    model: str
    sha256: str
    labels: tuple[str, ...]
    n: int
    groups: int
    unread: int
    left_out: Mapping[str, int]
    accuracy: float | None
    macro_f1: float | None
    uar: float | None
    recall: Mapping[str, float]
    ece: float | None
    ms_p50: float
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    multilabel: Mapping[str, float] = field(default_factory=dict)
    correlation: Mapping[str, float] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    trust: Trust | None = None
    arousal_auc: float | None = None
    data: str = ""
    data_sha256: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it as a few lines for a terminal."""
        lines = [
            f"{self.kind}: {self.model} (sha256 {self.sha256[:12]})",
            f"n {self.n}, groups {self.groups}",
            f"without an answer {self.unread}, left out {sum(self.left_out.values())}",
        ]
        for name in ("accuracy", "macro_f1", "uar", "ece"):
            value = getattr(self, name)
            if value is not None:
                low, high = self.intervals.get(name, (None, None))
                span = f" [{low:.3f}, {high:.3f}]" if low is not None else ""
                lines.append(f"{name} {value:.3f}{span}")
        if self.arousal_auc is not None:
            lines.append(f"arousal AUC {self.arousal_auc:.3f}")
        if self.trust is not None:
            lines.append(f"area under risk-coverage {self.trust.aurc:.3f}")
        lines += [f"recall {name} {value:.3f}" for name, value in self.recall.items()]
        lines += [f"{name} {value:.3f}" for name, value in self.multilabel.items()]
        lines += [f"r {name} {value:.3f}" for name, value in self.correlation.items()]
        return [*lines, f"{self.ms_p50:.2f} ms a sample (median)"]


def evaluate(
    kind: str,
    data: Path,
    labels: Sequence[str] | None = None,
    cropped: bool = False,
    catalog: Catalog | None = None,
    model: str | None = None,
    groups: Sequence[str] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> EvaluationReport:
    """Run the model of a sense ("face", "voice", "text") over the samples of a folder.

    `labels` restricts the choice: other rows are left out and the probabilities of the allowed
    labels are scaled to sum to 1. `cropped` says that pictures are faces already. `model` is
    another classifier of the sense than the usual one, `groups` restricts the rows to these.
    `progress` is told after each sample how many are done, and of how many.

    Raises DataError for a folder that cannot be read, WeightsError for weights that are missing
    or not the catalog's.
    """
    if kind not in SENSES:
        raise DataError(f"{kind!r} is none of {', '.join(SENSES)}")
    catalog = catalog or load_catalog()
    allowed = _allowed(labels)
    samples = _of_groups(read_samples(data, kind, allowed), groups)
    sense = SENSES[kind]
    usual, *helpers = sense.models
    if model is not None and model not in {usual, *sense.instead}:
        raise DataError(f"{model!r} is none of {', '.join((usual, *sense.instead))}")
    chosen_model = model or usual
    digests = [catalog.verify(one) for one in (chosen_model, *helpers)]
    read = sense.reader(catalog, cropped, chosen_model)
    answers, spent = _run(read, samples.rows, progress)
    rows, chosen, probabilities = _choices(samples.rows, answers, allowed)
    intervals: dict[str, tuple[float, float]] = {}
    return EvaluationReport(
        kind=kind,
        model=chosen_model,
        sha256=digests[0],
        labels=tuple(allowed),
        n=len(samples.rows),
        groups=len({row.group for row in samples.rows}),
        unread=sum(answer is None for answer in answers),
        left_out=samples.left_out,
        ms_p50=1e3 * float(np.median(spent)),
        multilabel=_multilabel(samples, answers, intervals),
        correlation=_correlation(samples.rows, answers, intervals),
        arousal_auc=_arousal_auc(rows, probabilities, allowed) if kind == "voice" else None,
        data=data.resolve().name,
        data_sha256=sha256_of(data / "labels.csv"),
        intervals=intervals,
        **_label_figures(rows, chosen, probabilities, allowed, intervals),
    )


def _allowed(labels: Sequence[str] | None) -> tuple[Emotion, ...]:
    if labels is None:
        return EMOTIONS
    unknown = [name for name in labels if name.strip().lower() not in SYNONYMS]
    if unknown or not labels:
        raise DataError(f"labels {', '.join(unknown)!r}: choose from {', '.join(EMOTIONS)}")
    wanted = {SYNONYMS[name.strip().lower()] for name in labels}
    return tuple(emotion for emotion in EMOTIONS if emotion in wanted)


def _of_groups(samples: Samples, groups: Sequence[str] | None) -> Samples:
    if groups is None:
        return samples
    unknown = set(groups) - {row.group for row in samples.rows}
    if unknown:
        raise DataError(f"no row has the group {', '.join(sorted(unknown))}")
    return replace(samples, rows=tuple(row for row in samples.rows if row.group in set(groups)))


def _run(
    read: Reader, rows: Sequence[Sample], progress: Callable[[int, int], None]
) -> tuple[list[Answer | None], list[float]]:
    answers, spent = [], []
    for done, row in enumerate(rows, start=1):
        prepared = read.prepare(row.source)
        began = time.thread_time()
        answers.append(read.answer(prepared))
        spent.append(time.thread_time() - began)
        progress(done, len(rows))
    return answers, spent


def _choices(
    rows: Sequence[Sample], answers: Sequence[Answer | None], allowed: Sequence[Emotion]
) -> tuple[list[Sample], metrics.Labels, metrics.Floats]:
    """Return the rows that have a label, the answer to each (-1 for none) and its probabilities."""
    columns = [EMOTIONS.index(emotion) for emotion in allowed]
    labelled = [(row, answer) for row, answer in zip(rows, answers, strict=True) if row.label]
    probabilities = np.zeros((len(labelled), len(allowed)))
    chosen = np.full(len(labelled), -1, np.intp)
    for place, (_, answer) in enumerate(labelled):
        if answer is not None:
            shares = np.asarray(answer.probabilities)[columns]
            # A model that knows none of the allowed labels has no answer.
            if shares.sum() > 0:
                probabilities[place] = shares / shares.sum()
                chosen[place] = int(probabilities[place].argmax())
    return [row for row, _ in labelled], chosen, probabilities


def _label_figures(
    rows: Sequence[Sample],
    chosen: metrics.Labels,
    probabilities: metrics.Floats,
    allowed: Sequence[Emotion],
    intervals: dict[str, tuple[float, float]],
) -> dict[str, Any]:
    if not rows:
        return {"accuracy": None, "macro_f1": None, "uar": None, "recall": {}, "ece": None}
    truth = np.array([allowed.index(row.label) for row in rows if row.label], np.intp)
    read = chosen >= 0
    figures: dict[str, Callable[[metrics.Labels, metrics.Labels], float]] = {
        "accuracy": metrics.accuracy,
        "macro_f1": metrics.macro_f1,
        "uar": metrics.uar,
    }
    groups = [row.group for row in rows]
    for name, figure in figures.items():
        drawn = partial(_of_rows, figure, truth, chosen)
        intervals[name] = metrics.bootstrap_interval(drawn, groups, DRAWS)
    recalls = metrics.recalls(truth, chosen)
    return {
        **{name: figure(truth, chosen) for name, figure in figures.items()},
        "recall": {str(allowed[label]): recall for label, recall in recalls.items()},
        "ece": metrics.ece(truth[read], probabilities[read]) if read.any() else None,
        "confusion": confusion(truth, chosen, len(allowed)),
        "trust": trust(truth, chosen, probabilities.max(1)),
    }


def _arousal_auc(
    rows: Sequence[Sample], probabilities: metrics.Floats, allowed: Sequence[Emotion]
) -> float | None:
    """Return it over the rows that have an answer; None where all are roused, or none is."""
    read = probabilities.any(axis=1)
    roused = np.array([row.label in AROUSED for row in rows], np.bool_)[read]
    if roused.all() or not roused.any():
        return None
    columns = [place for place, emotion in enumerate(allowed) if emotion in AROUSED]
    return metrics.auc(roused, probabilities[read][:, columns].sum(axis=1))


def _of_rows(
    figure: Callable[[Any, Any], float],
    truth: NDArray[Any],
    chosen: NDArray[Any],
    rows: metrics.Labels,
) -> float:
    return figure(truth[rows], chosen[rows])


def _multilabel(
    samples: Samples, answers: Sequence[Answer | None], intervals: dict[str, tuple[float, float]]
) -> dict[str, float]:
    """Return macro-F1 at each grain of GoEmotions; an unread text has no emotion."""
    grains = next((answer.grains for answer in answers if answer and answer.grains), None)
    if not samples.multilabel or grains is None:
        return {}
    groups = [row.group for row in samples.rows]
    result = {}
    for name, grain in grains.items():
        truth = np.array(
            [[bool(row.emotions & members) for members in grain.members] for row in samples.rows]
        )
        passed = np.array(
            [
                answer.grains[name].passed if answer else [False] * len(grain.members)
                for answer in answers
            ]
        )
        result[f"macro_f1_{name}"] = metrics.multilabel_macro_f1(truth, passed)
        figure = partial(_of_rows, metrics.multilabel_macro_f1, truth, passed)
        intervals[f"macro_f1_{name}"] = metrics.bootstrap_interval(figure, groups, DRAWS)
    return result


def _correlation(
    rows: Sequence[Sample],
    answers: Sequence[Answer | None],
    intervals: dict[str, tuple[float, float]],
) -> dict[str, float]:
    result = {}
    for axis, name in enumerate(AXES):
        pairs = [
            (row.ratings[axis], answer.ratings[axis], row.group)
            for row, answer in zip(rows, answers, strict=True)
            if answer and axis < len(answer.ratings) and row.ratings[axis] is not None
        ]
        if len(pairs) > 1:
            truth, said = (np.array([pair[i] for pair in pairs], np.float64) for i in (0, 1))
            result[name] = metrics.pearson(truth, said)
            figure = partial(_of_rows, metrics.pearson, truth, said)
            groups = [group for _, _, group in pairs]
            intervals[f"r_{name}"] = metrics.bootstrap_interval(figure, groups, DRAWS)
    return result
