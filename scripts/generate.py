"""Writes what is made from code: the configuration's schema and the reference pages.

`scripts/generate.py` writes them; `scripts/generate.py --check` fails when one is not fresh.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fault_page import page as faults
from model_page import pages
from pydantic_core import PydanticUndefined

from drivers.registry import KNOWN
from hub.api.access import TABLE, Role
from hub.api.openapi import document
from hub.api.table import ROUTES
from hub.cli.main import build_parser
from hub.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def schema() -> str:
    """Return the configuration's JSON Schema, for editors."""
    return json.dumps(Settings.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"


def openapi() -> str:
    """Return the API's OpenAPI document."""
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def api_routes() -> str:
    """Return docs/api-routes.md from the table of routes and the permission table."""
    parts = [
        "# Routes of the API",
        "",
        "Made by `scripts/generate.py` from `hub/api/table.py` and `access.py`; do not edit.",
        "Paths are below `/api/v1`. See [api.md](api.md) for what holds of all of them.",
        "",
        "| | path | what | needs | owner | adult | child | guest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for route in sorted(ROUTES, key=lambda one: (one.tag, one.path, one.method)):
        may = ["yes" if route.access in TABLE[role] else "" for role in Role]
        cells = (route.method, f"`{route.path}`", route.summary, route.access.value, *may)
        parts.append(f"| {' | '.join(cells)} |")
    return "\n".join(parts) + "\n"


def commands() -> str:
    """Return docs/commands.md from the parser's own help."""
    parser = build_parser()
    parts = [
        "# Commands",
        "",
        "Made by `scripts/generate.py` from the program's own help; do not edit.",
        "",
        f"{parser.epilog}",
        "",
        "Every command takes `--config FILE` and `--json`.",
    ]
    (subparsers,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))  # noqa: SLF001
    for name, sub in subparsers.choices.items():
        # The help of options alone: argparse wraps usage lines differently between versions.
        parts += ["", f"## `moodsync {name}`", "", f"{sub.description}.", ""]
        for action in sub._actions:  # noqa: SLF001
            if action.dest in {"help", "config", "json"}:
                continue
            label = ", ".join(action.option_strings) or action.metavar or action.dest
            if action.option_strings and action.nargs != 0:
                label += f" {action.metavar or action.dest.upper()}"
            choices = f" (one of {', '.join(map(str, action.choices))})" if action.choices else ""
            parts.append(f"- `{label}` {action.help or ''}{choices}".rstrip())
    return "\n".join(parts) + "\n"


def configuration() -> str:
    """Return docs/configuration.md from the settings' types and docstrings."""
    defs: dict[str, Any] = Settings.model_json_schema(by_alias=True)
    parts = ["# Configuration", "", CONFIGURATION_INTRO]
    for title, section in [("Settings", defs), *sorted(defs["$defs"].items())]:
        parts += ["", f"## {title}", "", section.get("description", "").strip(), ""]
        if "enum" in section:
            parts.append(", ".join(f"`{value}`" for value in section["enum"]))
            continue
        parts += ["| key | what | default |", "|---|---|---|"]
        parts += [
            f"| `{key}` | {_type(field)} | {_default(key, field, section)} |"
            for key, field in section.get("properties", {}).items()
        ]
    return "\n".join(parts) + "\n"


def _type(field: dict[str, Any]) -> str:
    match field:
        case {"$ref": ref}:
            name = str(ref).rsplit("/", 1)[1]
            text = f"[{name}](#{name.lower()})"
        case {"anyOf": options}:
            text = " or ".join(_type(option) for option in options)
        case {"enum": values}:
            text = " or ".join(f"`{value}`" for value in values)
        case {"const": value}:
            text = f"`{value}`"
        case {"type": "object", "patternProperties": patterns}:
            text = f"by name: {_type(next(iter(patterns.values())))}"
        case {"type": "object", "additionalProperties": dict(values)}:
            text = f"by name: {_type(values)}"
        case {"type": "array", "items": dict(items)}:
            text = f"list of {_type(items)}"
        case _:
            text = " ".join([str(field.get("type", "any")), *_limits(field)])
    return text


def _limits(field: dict[str, Any]) -> list[str]:
    signs = (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="))
    return [f"{sign} {field[key]}" for key, sign in signs if key in field]


def _default(key: str, field: dict[str, Any], section: dict[str, Any]) -> str:
    if key in section.get("required", []):
        return "required"
    default = field.get("default", PydanticUndefined)
    if default is PydanticUndefined or isinstance(default, dict):
        return ""
    return f"`{json.dumps(default)}`"


CONFIGURATION_INTRO = """\
Made by `scripts/generate.py` from `hub/settings/` and `drivers/*_settings.py`; do not edit.

Your file is `~/.config/moodsync/hub.yaml` or `/etc/moodsync/hub.yaml`, or the one named by
`--config` or `$MOODSYNC_CONFIG`; start from `config/hub.example.yaml`. Environment variables such
as `MOODSYNC__log__level=debug` override it. `moodsync check` lists every error at once.
`config/schema.json` lets editors complete and check it."""

DEVICES_INTRO = """\
# Devices

Made by `scripts/generate.py` from `drivers/registry.py` and the pages in `docs/devices/`; do not
edit.

A driver is set up under `drivers:` in the configuration; `scripts/run` installs the packages that
it needs. `moodsync devices` lists what was found; `moodsync network` lists what people can do with
a network (let devices join, pair, back up). To write a driver:
[adding-a-driver.md](adding-a-driver.md).
"""


def devices() -> str:
    """Return docs/devices.md: what is supported, and what each driver is tested against."""
    rows = [
        "| driver | kinds of devices | tested against | limits | packages |",
        "|---|---|---|---|---|",
    ]
    for name, known in sorted(KNOWN.items()):
        page = (ROOT / "docs" / "devices" / f"{name}.md").read_text()
        title = page.partition("\n")[0].removeprefix("# ")
        told = [_field(name, page, field) for field in ("Kinds", "Tested against", "Limits")]
        extra = f"`[{known.extra}]`" if known.extra else "with the hub"
        rows.append("| " + " | ".join([f"[{title}](devices/{name}.md)", *told, extra]) + " |")
    return "\n".join([DEVICES_INTRO, *rows]) + "\n"


def _field(name: str, page: str, field: str) -> str:
    """Return what stands after `**Field:**`, up to the next such field or empty line."""
    _, marked, rest = page.partition(f"**{field}:** ")
    if not marked:
        raise SystemExit(f"docs/devices/{name}.md does not say **{field}:**")
    lines = []
    for line in rest.splitlines():
        if not line.strip() or (lines and line.startswith("**")):
            break
        lines.append(line.strip())
    return " ".join(lines).replace("|", "\\|")


OUTPUTS = {
    "config/schema.json": schema,
    "config/openapi.json": openapi,
    "docs/api-routes.md": api_routes,
    "docs/commands.md": commands,
    "docs/configuration.md": configuration,
    "docs/devices.md": devices,
    "docs/faults.md": faults,
}


def main() -> int:
    """Write or check every generated file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a file is not fresh")
    check = parser.parse_args().check
    stale = []
    texts = {name: make() for name, make in OUTPUTS.items()} | pages()
    for name, text in texts.items():
        path = ROOT / name
        if path.is_file() and path.read_text() == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    for name in stale:
        print(f"{name}: {'not fresh; run scripts/generate.py' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
