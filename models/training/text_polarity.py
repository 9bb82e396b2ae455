"""Sentences rated by 20 people from very negative to very positive: 23,700 of four kinds.

They are the ground truth of VADER (Hutto and Gilbert, ICWSM 2014; MIT): reviews of films and goods,
editorials, tweets. Layout: `vader/*_GroundTruth.txt`, tab-separated number, rating in [-4, 4],
text; they come in `additional_resources/hutto_ICWSM_2014.tar.gz` of vaderSentiment 2.5's source
archive.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KINDS = ("amazonReviewSnippets", "movieReviewSnippets", "nytEditorialSnippets", "tweets")
REACH = 4.0


@dataclass(frozen=True, slots=True)
class Polarity:
    """`rated` (n, kinds) in [-1, 1], NaN but for the text's own kind: each has its own raters."""

    texts: tuple[str, ...]
    rated: NDArray[np.float32]


def load_polarity(folder: Path, every: int = 1) -> Polarity:
    """Read the four files; without the folder `vader` there are no sentences."""
    texts: list[str] = []
    rows: list[tuple[int, float]] = []
    for kind, name in enumerate(KINDS):
        path = folder / "vader" / f"{name}_GroundTruth.txt"
        if not path.is_file():
            continue
        for line in path.read_text("latin-1").splitlines()[::every]:
            _, rating, text = line.split("\t", 2)
            texts.append(text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
            rows.append((kind, float(rating) / REACH))
    rated = np.full((len(texts), len(KINDS)), np.nan, np.float32)
    for place, (kind, value) in enumerate(rows):
        rated[place, kind] = value
    return Polarity(tuple(texts), rated)
