"""Reads the configuration: defaults, then the household's file, then the environment.

Environment variables are `MOODSYNC__` and the key path joined by `__`, in lower or upper case
(`MOODSYNC__log__level=debug`); their values are read as YAML. Every problem is reported at once,
each with file, line, key and what is allowed.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub.config_rules import contradictions
from hub.config_words import in_words
from hub.edits import FILE, lay_over
from hub.edits import read as read_edits
from hub.errors import ConfigError, Problem
from hub.phrase import Phrase
from hub.settings import Settings, StoreSettings
from hub.yaml_source import KeyPath, Layer, Place, read_yaml

ENV_PREFIX = "MOODSYNC__"
CONFIG_DIR = Path(__file__).resolve().parent.parent / "config"
DEFAULTS = CONFIG_DIR / "defaults.yaml"
DEMO = CONFIG_DIR / "demo.yaml"


def find_config() -> Path:
    """Return the configuration to use when none is named: the household's, or the demo's."""
    named = os.environ.get("MOODSYNC_CONFIG")
    if named:
        return Path(named)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for candidate in (home / "moodsync" / "hub.yaml", Path("/etc/moodsync/hub.yaml")):
        if candidate.is_file():
            return candidate
    return DEMO


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the whole configuration.

    Relative paths in a file are taken from that file's folder. Raises ConfigError.
    """
    layers = [read_yaml(DEFAULTS)]
    if path is not None:
        layers.append(_anchored(read_yaml(path), path.resolve().parent))
    layers.append(_environment(os.environ if environment is None else environment))
    data: dict[str, Any] = {}
    places: dict[KeyPath, Place] = {}
    for layer in layers:
        _merge(data, layer.data)
        places.update(layer.places)
    edits = _edits_file(data)
    for key in lay_over(data, read_edits(edits)):
        places = {k: v for k, v in places.items() if k[: len(key)] != key}
        places[key] = Place(str(edits), None)
    problems: list[Problem] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(data)
    except ValidationError as err:
        problems += [problem_at(detail, places) for detail in err.errors()]
    if settings is not None:
        problems += [placed(key, message, places) for key, message in contradictions(settings)]
    if problems or settings is None:
        raise ConfigError(tuple(sorted(problems, key=lambda p: (p.file, p.line or 0))))
    return settings


def _edits_file(data: Mapping[str, Any]) -> Path:
    """Return where the app's changes lie, in the state directory that the data name."""
    store = data.get("store")
    named = store.get("directory") if isinstance(store, dict) else None
    return Path(str(named or StoreSettings().directory)).expanduser() / FILE


def _environment(environment: Mapping[str, str]) -> Layer:
    data: dict[str, Any] = {}
    places: dict[KeyPath, Place] = {}
    for name, text in sorted(environment.items()):
        if not name.upper().startswith(ENV_PREFIX):
            continue
        path = tuple(name[len(ENV_PREFIX) :].lower().split("__"))
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as err:
            raise ConfigError((Problem(f"${name}", None, "", f"not YAML: {err}"),)) from err
        places[path] = Place(f"${name}", None)
        for key in reversed(path):
            value = {key: value}
        _merge(data, value)
    return Layer(data, places)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> None:
    """Lay `over` on `base`: mappings are merged key by key, everything else is replaced."""
    for key, value in over.items():
        below = base.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            _merge(below, value)
        elif value is not None or key not in base:
            base[key] = value


_PATHS: tuple[KeyPath, ...] = (
    ("store", "directory"),
    ("senses", "cameras", "*", "url"),
)


def _anchored(layer: Layer, folder: Path) -> Layer:
    """Make the file's relative paths absolute, so that the working directory does not matter."""
    for pattern in _PATHS:
        for holder, key in _holders(layer.data, pattern):
            value = holder.get(key)
            if isinstance(value, str) and value and ":" not in value:
                holder[key] = str(folder / Path(value).expanduser())
    for section in ("drivers", "share"):
        _anchor_files(layer.data.get(section), folder)
    return layer


def _anchor_files(data: Any, folder: Path) -> None:
    """Do so for every `*_file` in a section."""
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if isinstance(value, str) and value and str(key).endswith("_file"):
            data[key] = str(folder / Path(value).expanduser())
        else:
            _anchor_files(value, folder)


def _holders(data: Any, pattern: KeyPath) -> list[tuple[dict[str, Any], str]]:
    if not isinstance(data, dict):
        return []
    head, *rest = pattern
    if not rest:
        return [(data, head)]
    keys = list(data) if head == "*" else [head]
    return [found for key in keys for found in _holders(data.get(key), tuple(rest))]


def problem_at(
    detail: ErrorDetails, places: Mapping[KeyPath, Place], below: KeyPath = ()
) -> Problem:
    """Say what a validation error means, at its line; `below` is where what was checked belongs."""
    path = below + tuple(str(part) for part in detail["loc"] if part != "[key]")
    if detail["type"] == "extra_forbidden":
        keys = sorted(_allowed_keys(path[:-1]))
        close, allowed = difflib.get_close_matches(path[-1], keys, n=1), ", ".join(keys)
        message: str = (
            Phrase("config.no_such_key_meant", meant=repr(close[0]), allowed=allowed)
            if close
            else Phrase("config.no_such_key", allowed=allowed)
        )
    else:
        message = in_words(detail)
    return placed(".".join(path), message, places)


def placed(key: str, message: str, places: Mapping[KeyPath, Place]) -> Problem:
    """Return a problem with the place of the nearest key that is written down."""
    path = tuple(key.split(".")) if key else ()
    while path and path not in places:
        path = path[:-1]
    place = places.get(path, Place("configuration", None))
    return Problem(place.file, place.line, key, message)


def _allowed_keys(path: KeyPath) -> set[str]:
    """Return the keys that the section at `path` knows, by walking the settings' types."""
    kind: Any = Settings
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {field.alias or name: field for name, field in kind.model_fields.items()}
            kind = _container(fields[part].annotation) if part in fields else None
        elif get_origin(kind) is dict:
            kind = _container(get_args(kind)[1])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {field.alias or name for name, field in kind.model_fields.items()}
    return set()


def _container(annotation: Any) -> Any:
    """Return the section class or dict type inside `X`, `X | None` or `dict[Name, X]`."""
    if get_origin(annotation) is dict:
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_container(argument) for argument in get_args(annotation)]
    return next((kind for kind in inner if kind is not None), None)
