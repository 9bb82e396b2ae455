"""Folders of labelled samples: `labels.csv` and, for faces and voices, the files that it names.

Columns: `file` (or, for texts, `text`) and `label`, optionally `group` (the person: intervals are
drawn over groups). Texts may instead have `valence`, `arousal`, `dominance` (any of them), or
labels that are GoEmotions' names joined by `|`.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError
from models.text_types import FAMILIES
from models.types import Emotion

SYNONYMS: Mapping[str, Emotion] = {
    **{emotion.value: emotion for emotion in Emotion},
    **dict.fromkeys(("angry", "ang", "mad"), Emotion.ANGER),
    **dict.fromkeys(("contemptuous",), Emotion.CONTEMPT),
    **dict.fromkeys(("disgusted", "dis"), Emotion.DISGUST),
    **dict.fromkeys(("fearful", "afraid", "scared", "fea"), Emotion.FEAR),
    **dict.fromkeys(("happy", "joy", "joyful", "hap"), Emotion.HAPPINESS),
    **dict.fromkeys(("calm", "neu", "none"), Emotion.NEUTRAL),
    **dict.fromkeys(("sad", "unhappy"), Emotion.SADNESS),
    **dict.fromkeys(("surprised", "sur"), Emotion.SURPRISE),
}
"""What label files call our labels."""

GOEMOTIONS = frozenset(name for names in FAMILIES.values() for name in names)
AXES = ("valence", "arousal", "dominance")


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: `source` is a file's path or the text itself.

    `label` is one of ours, or None when the row has none (ratings only, or several emotions).
    """

    source: str
    group: str
    label: Emotion | None
    emotions: frozenset[str]
    ratings: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Samples:
    """All rows of a folder.

    `left_out` counts rows by the name of a label that is none of ours or was not allowed.
    `multilabel` is true when the labels are GoEmotions' names.
    """

    rows: tuple[Sample, ...]
    left_out: Mapping[str, int]
    multilabel: bool


def read_samples(folder: Path, kind: str, allowed: Sequence[Emotion]) -> Samples:
    """Read `labels.csv` of the folder; raises DataError that names the line."""
    rows = _rows(folder / "labels.csv")
    column = "text" if kind == "text" else "file"
    names = rows[0][1].keys()
    if column not in names or ("label" not in names and not names & set(AXES)):
        raise DataError(
            f"labels.csv needs the columns {column} and label; it has {', '.join(names)}"
        )
    texts = kind == "text"
    multilabel = texts and _is_multilabel(row.get("label", "") for _, row in rows)
    samples, left_out = [], Counter[str]()
    for line, row in rows:
        source = row[column] if texts else str(_file(folder, row[column], line))
        group = row.get("group") or str(line)
        name = row.get("label", "").strip().lower()
        emotions = _names(name, line) if multilabel else frozenset[str]()
        label = _family(emotions) if multilabel else SYNONYMS.get(name)
        rated = tuple(_rating(row.get(axis, ""), line) for axis in AXES)
        keep = multilabel or label in allowed or (not name and any(r is not None for r in rated))
        if keep:
            samples.append(Sample(source, group, label, emotions, rated))
        else:
            left_out[name or "(none)"] += 1
    if not samples:
        raise DataError(f"labels.csv has no row with a label out of {', '.join(allowed)}")
    return Samples(tuple(samples), dict(left_out), multilabel)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise DataError(f"{path} cannot be read ({err})") from err
    if not rows:
        raise DataError(f"{path} has no rows")
    for line, row in rows:
        if None in row or None in row.values():
            raise DataError(f"{path.name} line {line}: not as many columns as the first line")
    return rows


def _is_multilabel(labels: Iterable[str]) -> bool:
    names = {name for label in labels for name in label.strip().lower().split("|")} - {""}
    return bool(names) and names <= GOEMOTIONS and not names <= SYNONYMS.keys()


def _names(label: str, line: int) -> frozenset[str]:
    names = frozenset(label.split("|"))
    if not names <= GOEMOTIONS:
        unknown = ", ".join(sorted(names - GOEMOTIONS))
        raise DataError(f"labels.csv line {line}: {unknown!r} is no emotion of GoEmotions")
    return names


def _family(emotions: frozenset[str]) -> Emotion | None:
    """Return the one family that all the emotions belong to, None when there are more."""
    families = [family for family, names in FAMILIES.items() if emotions & set(names)]
    return families[0] if len(families) == 1 else None


def _rating(value: str, line: int) -> float | None:
    if not value.strip():
        return None
    try:
        rating = float(value)
    except ValueError:
        rating = math.nan
    if not math.isfinite(rating):  # "nan" and "inf" are numbers to float(), not to a correlation
        raise DataError(f"labels.csv line {line}: {value!r} is no number")
    return rating


def _file(folder: Path, name: str, line: int) -> Path:
    path = folder / name
    if not path.is_file():
        raise DataError(f"labels.csv line {line}: {name} is not there")
    return path
