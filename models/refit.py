"""Refit a sense's temperature on labelled samples: its probabilities then mean "right this often".

The stored calibration is softmax(z / temperature + bias). A new temperature t on top of it is
softmax of log(p) / t, so both stored numbers change by it and the order of the answers never does.
Fitted by negative log-likelihood (Guo et al. 2017, arXiv:1706.04599). Whether it helps is judged on
people that it was not fitted on. Never refit on samples that figures are reported on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models import metrics
from models.catalog import PACKAGE, Catalog, load_catalog
from models.errors import DataError
from models.evaluate_data import read_samples
from models.evaluate_senses import SENSES
from models.types import EMOTIONS

KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "face": ("temperature", "bias"),
    "voice": ("temperature", "bias"),
    "text": ("family_temperature", "family_bias"),
}
"""What the catalog calls the temperature and the bias (which may be missing) of a sense."""

LEAST: Final = 40
_LEAST_P: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Refit:
    """The factor t on the stored temperature and what the entry then holds.

    `ece` and `nll` are on the half of the people that a trial fit had not seen, before and after.
    """

    kind: str
    model: str
    n: int
    factor: float
    ece: tuple[float, float]
    nll: tuple[float, float]
    calibration: Mapping[str, float | tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it as a few lines for a terminal."""
        return [
            f"{self.kind}: {self.model}, {self.n} samples",
            f"temperature times {self.factor:.3f}",
            f"ECE on other people {self.ece[0]:.3f} -> {self.ece[1]:.3f}",
            f"negative log-likelihood {self.nll[0]:.3f} -> {self.nll[1]:.3f}",
        ]


def refit(kind: str, data: Path, cropped: bool = False, catalog: Catalog | None = None) -> Refit:
    """Fit on a folder as `models.evaluate` reads it; nothing is changed.

    Raises DataError for a folder that cannot be read or has too few samples, WeightsError for
    weights that are not the catalog's.
    """
    if kind not in KEYS:
        raise DataError(f"{kind!r} is none of {', '.join(KEYS)}")
    catalog = catalog or load_catalog()
    for model in SENSES[kind].models:
        catalog.verify(model)
    truth, logits, groups = _answers(kind, data, cropped, catalog)
    if len(truth) < LEAST or len(set(groups)) < 2:  # noqa: PLR2004 - one half of them is judged
        raise DataError(f"{data} needs {LEAST} labelled samples of at least two groups")
    fitted, judged = _halves(groups)
    trial = metrics.fit_temperature(truth[fitted], logits[fitted])
    before, after = (metrics.softmax(logits[judged] / t) for t in (1.0, trial))
    factor = metrics.fit_temperature(truth, logits)
    entry = catalog.entry(SENSES[kind].models[0])
    temperature, bias = KEYS[kind]
    found: dict[str, float | tuple[float, ...]] = {temperature: entry.number(temperature) * factor}
    if bias in entry.calibration:
        found[bias] = tuple(value / factor for value in entry.numbers(bias))
    return Refit(
        kind=kind,
        model=entry.id,
        n=len(truth),
        factor=factor,
        ece=(metrics.ece(truth[judged], before), metrics.ece(truth[judged], after)),
        nll=(metrics.nll(truth[judged], before), metrics.nll(truth[judged], after)),
        calibration=found,
    )


def write(found: Refit, path: Path = PACKAGE / "catalog.toml") -> None:
    """Put the new numbers into the catalog, leaving all else as it stands.

    Raises DataError when the catalog has no such lines.
    """
    text = path.read_text("utf-8")
    head = f"[{found.model}.calibration]\n"
    start = text.find(head)
    if start < 0:
        raise DataError(f"{path.name} has no {head.strip()}")
    start += len(head)
    end = text.find("\n[", start)
    section = text[start:] if end < 0 else text[start:end]
    for name, value in found.calibration.items():
        line = re.compile(rf"^{re.escape(name)} = .*$", re.MULTILINE)
        if not line.search(section):
            raise DataError(f"{path.name} has no {name} in {head.strip()}")
        section = line.sub(f"{name} = {_toml(value)}", section)
    rest = "" if end < 0 else text[end:]
    path.write_text(text[:start] + section + rest, "utf-8")


def _answers(
    kind: str, data: Path, cropped: bool, catalog: Catalog
) -> tuple[metrics.Labels, metrics.Floats, list[str]]:
    """Return truth, log probabilities over the classes the model knows, and groups."""
    sense = SENSES[kind]
    reader = sense.reader(catalog, cropped, sense.models[0])
    truth, rows, groups = [], [], []
    for sample in read_samples(data, kind, EMOTIONS).rows:
        answer = reader.answer(reader.prepare(sample.source))
        if answer is None or sample.label is None:
            continue
        label = EMOTIONS.index(sample.label)
        if answer.probabilities[label] > 0.0:
            truth.append(label)
            rows.append(answer.probabilities)
            groups.append(sample.group)
    logits = np.log(np.maximum(np.array(rows).reshape(-1, len(EMOTIONS)), _LEAST_P))
    known = np.flatnonzero((logits > np.log(_LEAST_P)).any(0))
    places = {int(column): place for place, column in enumerate(known)}
    return np.array([places[t] for t in truth], np.intp), logits[:, known], groups


def _halves(groups: Sequence[str]) -> tuple[metrics.Labels, metrics.Labels]:
    names = np.random.default_rng(0).permutation(sorted(set(groups)))
    first = set(names[: len(names) // 2])
    chosen = np.array([group in first for group in groups])
    return np.flatnonzero(chosen), np.flatnonzero(~chosen)


def _toml(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f"{number:.5g}" for number in value) + "]"
    return f"{value:.5g}"
