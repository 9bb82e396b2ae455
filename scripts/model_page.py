"""Makes docs/models.md and its plots from the catalog and the reports in models/cards/figures.

A report is what `moodsync evaluate ... --out FILE` writes, or a table: {"kind": "table", "title",
"model", "note", "columns", "rows"}, for what a training measures (robustness, harms). Cards take
their figures from here too: what stands between `<!-- report: NAME -->` and `<!-- end -->`, and
whether they reach what was wanted (`<!-- aims: NAME -->`, see `model_aims.py`).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from model_aims import AIMS, card_aims
from model_plots import plots

from models.catalog import Catalog, Packaged, load_catalog

ROOT = Path(__file__).resolve().parent.parent
CARDS = ROOT / "models" / "cards"
FUSION = ROOT / "docs" / "fusion.md"
FIGURES = CARDS / "figures"
CHANCE = 0.5
_AIM_HEAD = ("aim", "wanted", "reached", "")

Report = Mapping[str, Any]

HEAD = """# Models

Made by `scripts/generate.py` from `models/catalog.toml` and the reports in `models/cards/figures`,
which `moodsync evaluate ... --out FILE` wrote; do not edit. What a figure means and where it fails
stands in the cards. Every weight file is checked against its sha256 before it is measured;
intervals are 95 % bootstrap intervals over people (over samples where nobody is named).

To measure everything again: `scripts/measure-models DATA`. One by one: `python -m
models.training.dev_folders --data DATA --out DEV`, then for instance `moodsync evaluate face --data
DEV/face --cropped`.

The last printed digits can differ on a processor of another kind (of a small set's calibration
error more): its floating-point kernels round otherwise, and rounding to int8 carries that on.
`scripts/measure-models DATA --check` lists such digits."""


def pages() -> dict[str, str]:
    """Return what is to be written, by its path from the root of the project."""
    catalog = load_catalog()
    reports = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FIGURES.glob("*"))}
    parts = [HEAD, "## Files", _files(catalog), "## Figures"]
    result = {}
    for name, report in reports.items():
        parts += [f"### {_title(name, report)}", *_section(report, catalog)]
        shown = []
        for what, svg in plots(report).items():
            result[f"docs/plots/{name}_{what}.svg"] = svg
            shown.append(f"![{what} of {name}](plots/{name}_{what}.svg)")
        if shown:
            parts.append(" ".join(shown))
    result["docs/models.md"] = "\n\n".join(parts) + "\n"
    filled = {f"models/cards/{card.name}": card for card in sorted(CARDS.glob("*.md"))}
    for name, path in {**filled, "docs/fusion.md": FUSION}.items():
        text = path.read_text("utf-8")
        if re.search("<!-- (report|aims): ", text):
            result[name] = _filled(text, reports, catalog)
    return result


def _filled(card: str, reports: Mapping[str, Report], catalog: Catalog) -> str:
    def block(found: re.Match[str]) -> str:
        kind, name = found.groups()
        if kind == "report":
            said = _section(reports[name], catalog)
        else:
            aims = card_aims(name, card) or AIMS[name]
            said = [_table(_AIM_HEAD, [aim.row(reports) for aim in aims])]
        return "\n\n".join([f"<!-- {kind}: {name} -->", *said, "<!-- end -->"])

    return re.sub(r"<!-- (report|aims): (\w+) -->.*?<!-- end -->", block, card, flags=re.DOTALL)


def _files(catalog: Catalog) -> str:
    rows = []
    for entry in catalog.entries.values():
        origin = entry.origin
        source = f"{origin.package} {origin.version}" if isinstance(origin, Packaged) else "ours"
        card = f"[{entry.card}](../models/cards/{entry.card})"
        size = f"{entry.bytes / 1024:,.0f}"
        rows.append([f"`{entry.id}`", size, entry.licence, source, entry.use.value, card])
    return _table(["id", "KB", "licence", "from", "used", "card"], rows)


def _title(name: str, report: Report) -> str:
    if report["kind"] == "table":
        return str(report["title"])
    return f"{report['kind']}: `{report['model']}` on `{report.get('data') or name}`"


def _section(report: Report, catalog: Catalog) -> list[str]:
    """Return the paragraphs of one report."""
    old = _older(report, catalog)
    return [*([old] if old else []), *_SECTIONS.get(report["kind"], _sense)(report)]


def _older(report: Report, catalog: Catalog) -> str:
    digests = dict(report.get("models", {}))
    if "sha256" in report:
        digests[report["model"]] = report["sha256"]
    known = {entry.sha256 for entry in catalog.entries.values()}
    other = sorted(name for name, digest in digests.items() if digest not in known)
    return (
        f"**Of an earlier weight file ({', '.join(other)}): to be measured again.**"
        if other
        else ""
    )


def _sense(report: Report) -> list[str]:
    spans = report["intervals"]
    rows = []
    for key, name in _HEADLINES:
        if report.get(key) is not None:
            rows.append([name, f"{report[key]:.3f}", _span(spans.get(key))])
    if report.get("trust"):
        rows.append(["area under risk-coverage", f"{report['trust']['aurc']:.3f}", ""])
    rows += [
        [_NAMES.get(k, k), f"{v:.3f}", _span(spans.get(k))] for k, v in report["multilabel"].items()
    ]
    rows += [
        [f"r {k}", f"{v:.3f}", _span(spans.get(f"r_{k}"))] for k, v in report["correlation"].items()
    ]
    said = f"n = {report['n']}, groups {report['groups']}, without an answer {report['unread']}."
    if report["recall"]:
        recalls = ", ".join(f"{name} {value:.2f}" for name, value in report["recall"].items())
        said += f" Recall: {recalls}."
    return [said, _table(["figure", "value", "95 %"], rows)]


def _body(report: Report) -> list[str]:
    own = sorted(report["auc_of_people"].values())
    said = (
        f"{report['people']} people, {report['n']} readings. Within one person the AUC goes from "
        f"{own[0]:.2f} to {own[-1]:.2f}, median {own[len(own) // 2]:.2f}; above .5 in "
        f"{sum(one > CHANCE for one in own)} of {len(own)}. Mean arousal "
        f"{report['arousal']['rest']:+.2f} at rest, "
        f"{report['arousal']['stress']:+.2f} under stress."
    )
    rows = [
        ["AUC, shipped weights", f"{report['auc']:.3f}", _span(report["intervals"]["auc"])],
        [
            "AUC, weights fitted on the other people",
            f"{report['auc_left_out']:.3f}",
            _span(report["intervals"]["auc_left_out"]),
        ],
        *([f"AUC, {k} alone", f"{v:.3f}", ""] for k, v in report["auc_of_measures"].items()),
    ]
    return [said, _table(["figure", "value", "95 %"], rows)]


def _heart(report: Report) -> list[str]:
    rows = []
    for one in report["records"]:
        for name, theirs in one["neurokit"].items():
            ours, raw = one["same"][name], one["found"][name]
            off = f"{raw:.2f} ({100 * (raw / theirs - 1):+.1f} %)"
            same = f"{ours:.2f} ({100 * (ours / theirs - 1):+.1f} %)"
            plain = f"{one['uncorrected'][name]:.2f}"
            rejected = f"{one['rejected']:.3f}"
            rows.append([one["record"], name, f"{theirs:.2f}", same, plain, off, rejected])
    head = [
        "recording",
        "figure",
        "NeuroKit2",
        "ours, same beats",
        "NeuroKit2, beats as found",
        "ours, beats as found",
        "rejected",
    ]
    moved = [
        f"In {one['record']} it moved or added {one['moved']} beats, {one['off_wave']} of them to "
        "where the ECG has no R wave."
        for one in report["records"]
    ]
    return [" ".join(["NeuroKit2 finds the beats and corrects them.", *moved]), _table(head, rows)]


def _behaviour(report: Report) -> list[str]:
    rows = [
        [kind, str(count), str(report["passed"][kind]), f"{report['passed'][kind] / count:.2f}"]
        for kind, count in report["cases"].items()
    ]
    said = f"{report['sentences']} sentences in {report['n']} cases."
    return [said, _table(["kind", "cases", "passed", "rate"], rows)]


def _fusion(report: Report) -> list[str]:
    rows = [[name.replace("+", " + "), *_figures(one)] for name, one in report["senses"].items()]
    for kind, senses in report["noise"].items():
        rows += [
            [f"all, {sense} replaced by a {kind}", *_figures(one)] for sense, one in senses.items()
        ]
    losses = "; ".join(f"a {kind} {value:.3f}" for kind, value in report["loss"].items())
    said = (
        f"{report['n']} synthetic moments of {', '.join(report['labels'])}: samples of different "
        "people that have the same label. A `guess` is a random distribution, a `stranger` a real "
        f"and as sure reading of some other moment. All senses gain {report['gain']:+.3f} macro-F1 "
        f"over the best one; largest loss against the best sense left: {losses}."
    )
    return [said, _table(["senses", "macro-F1", "accuracy", "ECE", "mean confidence"], rows)]


def _figures(one: Mapping[str, float]) -> list[str]:
    return [f"{one[key]:.3f}" for key in ("macro_f1", "accuracy", "ece", "confidence")]


def _plain(report: Report) -> list[str]:
    rows = [[_cell(value) for value in row] for row in report["rows"]]
    note = str(report.get("note", ""))
    return [*([note] if note else []), _table(report["columns"], rows)]


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _span(interval: Sequence[float] | None) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


_HEADLINES = (
    ("accuracy", "accuracy"),
    ("macro_f1", "macro-F1"),
    ("uar", "unweighted average recall"),
    ("arousal_auc", "area under the ROC curve, roused or calm"),
    ("ece", "calibration error (ECE, 15 bins)"),
)
_NAMES = {
    "macro_f1_28": "macro-F1, 28 emotions",
    "macro_f1_7": "macro-F1, 7 (Ekman)",
    "macro_f1_4": "macro-F1, 4 (sentiment)",
}
_SECTIONS: Mapping[str, Callable[[Report], list[str]]] = {
    "body": _body,
    "heart": _heart,
    "behaviour": _behaviour,
    "fusion": _fusion,
    "table": _plain,
}
