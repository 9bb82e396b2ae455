"""What was wanted of a model, beside what its reports say: the `aims` blocks of cards and docs.

A block stands between `<!-- aims: NAME -->` and `<!-- end -->`. Whether an aim is met is decided on
the figure as measured, not as printed; what only a training measures (cross-validation) is taken
from the card's own tables, which the training wrote. Times are no aims here: they are a machine's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from card_tables import corpora_left_out, speech_rejected, tables

Reports = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Aim:
    """`goal` is the least that was wanted, or with `at_most` the most."""

    what: str
    goal: float
    reached: Callable[[Reports], float]
    at_most: bool = False

    def row(self, reports: Reports) -> list[str]:
        """Return the table's row: what, wanted, reached, met or missed by how much."""
        value = self.reached(reports)
        short = value - self.goal if self.at_most else self.goal - value
        sign = "at most" if self.at_most else "at least"
        verdict = f"**missed by {short:.3f}**" if short > 0.0 else "met"
        return [self.what, f"{sign} {self.goal:.3f}", f"{value:.3f}", verdict]


def _emotions(figure: str) -> Callable[[Reports], float]:
    return lambda reports: float(reports["text_emotions"]["multilabel"][figure])


def _rating(axis: str) -> Callable[[Reports], float]:
    return lambda reports: float(reports["text_ratings"]["correlation"][axis])


def _fusion_loss(noise: str) -> Callable[[Reports], float]:
    return lambda reports: float(reports["fusion"]["loss"][noise])


def _off_neurokit(reports: Reports) -> float:
    """Return the largest relative distance to NeuroKit2 on the same beats."""
    return max(
        abs(one["same"][name] / theirs - 1.0)
        for one in reports["heart"]["records"]
        for name, theirs in one["neurokit"].items()
    )


def card_aims(name: str, card: str) -> Sequence[Aim] | None:
    """Return the aims that are read from a card's own tables; None for other names."""
    if name == "face":
        return tuple(_face(card))
    return tuple(_voice(card)) if name.startswith("voice") else None


def _face(card: str) -> Iterator[Aim]:
    figures = tables(card)["figure"][0]
    accuracy = figures["accuracy"]
    yield _fixed("accuracy, 8 classes", 0.85, accuracy["int8"])
    yield _fixed("macro-F1", 0.65, figures["macro-F1"]["int8"])
    yield _fixed("ECE", 0.04, figures["ECE (15 bins)"]["int8"], at_most=True)
    apart = abs(accuracy["int8"] - accuracy["float"])
    yield _fixed("accuracy, int8 from float", 0.005, apart, at_most=True)


def _voice(card: str) -> Iterator[Aim]:
    found = tables(card)
    recipe, noise = found["corpus"][0], found["disturbance (dB of signal to noise)"][0]
    for corpus, goal in (("RAVDESS", 0.74), ("nEMO", 0.70), ("EmoDB", 0.90)):
        row = recipe.get(corpus) or recipe[f"{corpus}, never heard"]
        yield _fixed(f"UAR, {corpus}, speakers never heard", goal, row["UAR"])
        yield _fixed(f"arousal AUC, {corpus}", 0.92, row["arousal AUC"])
    for kind, goal in (("white20", 0.66), ("white10", 0.58), ("pink10", 0.58), ("music10", 0.58)):
        yield _fixed(f"UAR, RAVDESS in {kind}", goal, noise[kind]["UAR"])
    for corpus, uar in sorted(corpora_left_out(card).items()):
        yield _fixed(f"UAR, {corpus}, the corpus never heard", 0.60, uar)
    yield _fixed("share of no speech that is turned away", 0.99, speech_rejected(card))


def _fixed(what: str, goal: float, value: float, *, at_most: bool = False) -> Aim:
    return Aim(what, goal, lambda _reports: value, at_most)


AIMS: Mapping[str, Sequence[Aim]] = {
    "text": (
        Aim("macro-F1, 28 emotions", 0.46, _emotions("macro_f1_28")),
        Aim("macro-F1, 7 (Ekman)", 0.60, _emotions("macro_f1_7")),
        Aim("macro-F1, 4 (sentiment)", 0.67, _emotions("macro_f1_4")),
        Aim("r valence", 0.75, _rating("valence")),
        Aim("r arousal", 0.52, _rating("arousal")),
    ),
    "body": (
        Aim(
            "AUC on people left out",
            0.70,
            lambda reports: float(reports["body"]["auc_left_out"]),
        ),
        Aim("distance to NeuroKit2, share of its figure, same beats", 0.02, _off_neurokit, True),
    ),
    "fusion": (
        Aim(
            "gain in macro-F1 over the best sense",
            0.03,
            lambda reports: float(reports["fusion"]["gain"]),
        ),
        Aim(
            "calibration error of all senses",
            0.05,
            lambda reports: float(reports["fusion"]["senses"]["face+voice+text"]["ece"]),
            True,
        ),
        Aim("loss, a sense replaced by noise (`guess`)", 0.01, _fusion_loss("guess"), True),
        Aim(
            "loss, a sense replaced by a sure stranger (`stranger`)",
            0.01,
            _fusion_loss("stranger"),
            True,
        ),
    ),
}
