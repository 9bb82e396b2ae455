"""The figures of a voice model as the card's text, so that no figure is written by hand.

`python -m models.training.voice_card FIGURES.json CARD.md` writes them into the card.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from models.training.voice_data import NOISY_CORPUS

_SHORT: Final = {"emodb": "EmoDB", "nemo": "nEMO", "ravdess": "RAVDESS"}
_BEGIN: Final = "<!-- figures: written by models.training.voice_card -->"
_END: Final = "<!-- end of figures -->"
_HEAD: Final = (
    "n", "UAR", "95 % by speaker", "accuracy", "macro-F1", "ECE", "arousal AUC", "women", "men"
)  # fmt: skip


def figures_text(told: Mapping[str, Any]) -> str:
    """Render what `models.training.voice` wrote to its JSON file."""
    parts = [_head(told), _recipe(told), _file(told), _noise(told), _people(told), _folds(told)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_card(card: Path, text: str) -> None:
    """Put the text between the card's marks; raises ValueError when it has none."""
    before, begin, rest = card.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{card.name} has no marks for figures")
    card.write_text(f"{before}{begin}\n{text}{end}{after}", "utf-8")


def _head(told: Mapping[str, Any]) -> str:
    tuned = told["chosen_on"].get("tuned")
    return (
        f"File: {told['bytes']:,} bytes, sha256 `{told['sha256']}`, "
        f"temperature {told['temperature']:.4f}.\n"
        f"Classes: {', '.join(told['classes'])}. Fitted on {_names(told['learnt'])}; encoder "
        f"{'tuned for ' + str(tuned['steps']) + ' batches' if tuned else 'frozen'}; "
        f"{told['copies']} disturbed copies of each clip; seed {told['seed']}."
    )


def _recipe(told: Mapping[str, Any]) -> str:
    """Render the cross-validated figures: every speaker is judged by a head that never heard."""
    chosen = told["chosen_on"]
    rows = [_row(told, corpus, found) for corpus, found in chosen["corpora"].items()]
    intro = "**The recipe**, cross-validated: every speaker judged once by who never heard them."
    if set(chosen["corpora"]) - set(told["learnt"]):
        intro += " Corpora that were not fitted on are judged by who never heard the corpus."
    tables = [_confusion(told, corpus, found) for corpus, found in chosen["corpora"].items()]
    return "\n\n".join([intro, _table(("corpus", *_HEAD), rows), *tables])


def _file(told: Mapping[str, Any]) -> str:
    rows = [_row(told, corpus, found) for corpus, found in told["reported"].items()]
    intro = (
        f"**This file**, on the speakers whom it never heard "
        f"({', '.join(told['reported_speakers'])}): few, hence the wide intervals."
    )
    strange = [corpus for corpus in told["reported"] if corpus not in told["learnt"]]
    if strange:
        intro += f" All of {' and '.join(_names([one]) for one in strange)} was never heard."
    return f"{intro}\n\n{_table(('corpus', *_HEAD), rows)}"


def _noise(told: Mapping[str, Any]) -> str:
    parts = []
    heard = NOISY_CORPUS in told["learnt"]
    recipe = "cross-validated" if heard else "which was never heard"
    file = "on the RAVDESS speakers whom it never heard" if heard else "on RAVDESS"
    recipe, file = f"the recipe on RAVDESS, {recipe}", f"this file {file}"
    for noises, whose in ((told["chosen_on"]["noise"], recipe), (told["reported_noise"], file)):
        rows = [
            (noise, *(f"{found[name]:.3f}" for name in ("uar", "confidence", "ece")))
            for noise, found in noises.items()
        ]
        head = ("disturbance (dB of signal to noise)", "UAR", "mean confidence", "ECE")
        if rows:
            parts.append(f"**In noise**, {whose}.\n\n{_table(head, rows)}")
    return "\n\n".join(parts)


def _people(told: Mapping[str, Any]) -> str:
    """Render what a corpus left out costs, and what knowing the person would bring."""
    chosen = told["chosen_on"]
    if "corpus_left_out" not in chosen:
        return ""
    every, neutral = chosen["calibrated"], chosen["calibrated_neutral"]
    plain = chosen.get("frozen", chosen)
    rows = [
        (
            _SHORT.get(corpus, corpus),
            *(f"{uar:.3f}" for uar in (found["uar"], every[corpus]["uar"], neutral[corpus]["uar"])),
            f"{plain['corpus_left_out'][corpus]:.3f}",
            *(f"{one[corpus]['left_out']:.3f}" for one in (every, neutral)),
        )
        for corpus, found in plain["corpora"].items()
    ]
    head = ("corpus", "speakers left out", "centred on all", "on neutral", "corpus left out",
            "centred on all", "on neutral")  # fmt: skip
    intro = (
        "**Per-person calibration** and **transfer**, UAR: statistics as they are, centred on the "
        "mean of all the person's clips (every emotion equally often), and on the mean of the "
        "neutral ones. The file uses the first."
    )
    if "frozen" in chosen:
        tuned = ", ".join(
            f"{_SHORT.get(corpus, corpus)} {uar:.3f}"
            for corpus, uar in chosen["corpus_left_out"].items()
        )
        intro += (
            " The table is that of the frozen encoder, from which this file was tuned; "
            f"tuned, a corpus left out is read at: {tuned}."
        )
    return f"{intro}\n\n{_table(head, rows)}"


def _folds(told: Mapping[str, Any]) -> str:
    lines = [f"{number}. {', '.join(names)}" for number, names in enumerate(told["folds"], start=1)]
    return "**Folds** (speakers left out together).\n\n" + "\n".join(lines)


def _row(told: Mapping[str, Any], corpus: str, found: Mapping[str, Any]) -> Sequence[object]:
    new = "" if corpus in told["learnt"] else ", never heard"
    genders, (low, high) = found["by_gender"], found["uar_95"]
    return (
        _SHORT.get(corpus, corpus) + new,
        found["n"],
        f"{found['uar']:.3f}",
        f"{low:.3f}-{high:.3f}" if low < high else "one speaker",
        *(f"{found[name]:.3f}" for name in ("accuracy", "macro_f1", "ece", "arousal_auc")),
        *(f"{genders[gender]:.3f}" if gender in genders else "-" for gender in ("F", "M")),
    )


def _confusion(told: Mapping[str, Any], corpus: str, found: Mapping[str, Any]) -> str:
    rows = [
        (name, *counts)
        for name, counts in zip(told["classes"], found["confusion"], strict=True)
        if any(counts)
    ]
    return _table((f"{_SHORT.get(corpus, corpus)}: true \\ said", *told["classes"]), rows)


def _names(corpora: Sequence[str]) -> str:
    return ", ".join(_SHORT.get(corpus, corpus) for corpus in corpora)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    figures, card = map(Path, sys.argv[1:3])
    write_card(card, figures_text(json.loads(figures.read_text("utf-8"))))
