"""The figures of a voice model as the card's text, so that no figure is written by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.training.voice_report import NOISES

_SHORT = {"emodb": "EmoDB", "nemo": "nEMO", "ravdess": "RAVDESS"}


def figures_text(told: Mapping[str, Any]) -> str:
    """Render what `models.training.voice` wrote to its JSON file."""
    parts = [_head(told), _reported(told), _noise(told), _chosen(told), _confusions(told)]
    return "\n\n".join(parts) + "\n"


def _head(told: Mapping[str, Any]) -> str:
    return (
        f"File: {told['bytes']:,} bytes, sha256 `{told['sha256']}`, "
        f"temperature {told['temperature']:.4f}.\n"
        f"Classes: {', '.join(told['classes'])}. Encoder "
        f"{'tuned with the head' if told['tuned'] else 'frozen'}; seed {told['seed']}.\n"
        f"Speakers of the figures: {', '.join(told['reported_speakers'])}."
    )


def _reported(told: Mapping[str, Any]) -> str:
    rows = [
        (
            _SHORT.get(corpus, corpus),
            found["n"],
            f"{found['uar']:.3f}",
            f"{found['uar_95'][0]:.3f}-{found['uar_95'][1]:.3f}",
            f"{found['accuracy']:.3f}",
            f"{found['macro_f1']:.3f}",
            f"{found['ece']:.3f}",
            f"{found['arousal_auc']:.3f}",
        )
        for corpus, found in told["reported"].items()
        if corpus not in NOISES
    ]
    head = ("corpus", "n", "UAR", "95 % by speaker", "accuracy", "macro-F1", "ECE", "arousal AUC")
    return _table(head, rows)


def _noise(told: Mapping[str, Any]) -> str:
    rows = [
        (noise, f"{found['uar']:.3f}", f"{found['confidence']:.3f}", f"{found['ece']:.3f}")
        for noise, found in told["reported"].items()
        if noise in NOISES
    ]
    return _table(("disturbance (dB of signal to noise)", "UAR", "mean confidence", "ECE"), rows)


def _chosen(told: Mapping[str, Any]) -> str:
    chosen = told["chosen_on"]
    rows = [
        (
            _SHORT.get(corpus, corpus),
            f"{found['clean']['uar']:.3f}",
            ", ".join(f"{uar:.3f}" for uar in found["disturbed_uar"]),
            f"{chosen.get('corpus_left_out', {}).get(corpus, float('nan')):.3f}",
        )
        for corpus, found in chosen.items()
        if isinstance(found, Mapping) and "clean" in found
    ]
    text = _table(("frozen encoder, other speakers", "UAR", "disturbed", "corpus left out"), rows)
    if tuned := chosen.get("tuned"):
        text += (
            f"\n\nOn the fold left out of tuning ({tuned['steps']} batches), UAR clean and "
            f"disturbed: frozen {tuned['frozen_uar'][0]:.3f} and {tuned['frozen_uar'][1]:.3f}, "
            f"tuned {tuned['tuned_uar'][0]:.3f} and {tuned['tuned_uar'][1]:.3f}."
        )
    return text


def _confusions(told: Mapping[str, Any]) -> str:
    parts = []
    for corpus, found in told["reported"].items():
        if corpus in NOISES:
            continue
        rows = [
            (name, *counts)
            for name, counts in zip(told["classes"], found["confusion"], strict=True)
        ]
        head = (f"{_SHORT.get(corpus, corpus)}: true \\ said", *told["classes"])
        parts.append(_table(head, rows))
    return "\n\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
