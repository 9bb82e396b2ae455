"""Try the text sense on sentences that each find out one thing: CheckList style.

Ribeiro et al. 2020, arXiv:2005.04118: negation, sarcasm, emoji, slang, and what must not matter.

`behaviour.csv` has the columns kind, expect, text, against. What is expected of a text:

* `positive`, `negative`: the sign of its valence;
* `higher`, `lower`: its valence beside that of `against`, by at least LEAST;
* `unlike_higher`, `unlike_lower`: the same, and another label than that of `against`;
* `same`: the label of `against`, and a valence within MOST.
"""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from models.catalog import Catalog, load_catalog, sha256_of
from models.errors import DataError
from models.text import TextPipeline
from models.text_emotion import MODEL_ID
from models.types import EMOTIONS, Reading

LEAST: Final = 0.1
MOST: Final = 0.25

COLUMNS: Final = ("kind", "expect", "text", "against")


@dataclass(frozen=True, slots=True)
class BehaviourReport:
    """Of each kind, how many cases there are and how many passed; `failed` are their numbers."""

    kind: str
    model: str
    sha256: str
    n: int
    sentences: int
    cases: Mapping[str, int]
    passed: Mapping[str, int]
    failed: tuple[int, ...]
    data: str
    data_sha256: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it as a few lines for a terminal."""
        return [
            f"{self.kind}: {self.model} (sha256 {self.sha256[:12]})",
            f"cases {self.n}, sentences {self.sentences}",
            *(
                f"{kind} {self.passed[kind]}/{count} = {self.passed[kind] / count:.2f}"
                for kind, count in self.cases.items()
            ),
        ]


def evaluate_behaviour(data: Path, catalog: Catalog | None = None) -> BehaviourReport:
    """Try every case of the folder's `behaviour.csv`.

    Raises DataError for a file that is not as described, WeightsError for weights that are not
    the catalog's.
    """
    catalog = catalog or load_catalog()
    digest = catalog.verify(MODEL_ID)
    path = data / "behaviour.csv"
    rows = _read(path)
    read = TextPipeline(catalog)
    cases, passed, failed, sentences = Counter[str](), Counter[str](), [], 0
    for number, (kind, expect, text, against) in enumerate(rows, start=1):
        first = read(text).reading
        second = read(against).reading if against else None
        sentences += 1 + (second is not None)
        cases[kind] += 1
        if _holds(expect, first, second, number):
            passed[kind] += 1
        else:
            failed.append(number)
    return BehaviourReport(
        kind="behaviour",
        model=MODEL_ID,
        sha256=digest,
        n=len(rows),
        sentences=sentences,
        cases=dict(cases),
        passed={kind: passed[kind] for kind in cases},
        failed=tuple(failed),
        data=data.resolve().name,
        data_sha256=sha256_of(path),
    )


def _holds(expect: str, first: Reading, second: Reading | None, number: int) -> bool:
    valence = first.affect.valence
    match (expect, second):
        case ("positive", None):
            return valence > 0.0
        case ("negative", None):
            return valence < 0.0
        case ("higher", Reading()):
            return valence >= second.affect.valence + LEAST
        case ("lower", Reading()):
            return valence <= second.affect.valence - LEAST
        case ("unlike_higher" | "unlike_lower", Reading()):
            moved = _holds(expect.removeprefix("unlike_"), first, second, number)
            return moved and _label(first) != _label(second)
        case ("same", Reading()):
            return _label(first) == _label(second) and abs(valence - second.affect.valence) <= MOST
    raise DataError(f"behaviour.csv case {number}: {expect!r} cannot be expected of it")


def _label(reading: Reading) -> str:
    return max(zip(reading.probabilities, EMOTIONS, strict=True))[1]


def _read(path: Path) -> list[tuple[str, str, str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file, strict=True))
    except (OSError, ValueError, csv.Error) as err:
        raise DataError(f"{path} cannot be read ({err})") from err
    if tuple(header) != COLUMNS or not rows or any(len(row) != len(COLUMNS) for row in rows):
        raise DataError(f"{path.name} needs rows of the columns {', '.join(COLUMNS)}")
    return [(row[0], row[1], row[2], row[3]) for row in rows]
