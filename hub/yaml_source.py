"""YAML that remembers where each key stood, so that an error can name file and line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hub.errors import ConfigError, Problem

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
"""A configuration is far smaller; aliases could otherwise unfold without end."""
MAX_OPEN = 64
"""Brackets open at once: PyYAML looks at all of them again at each character."""

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands."""

    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of configuration: its data, and the place of every key path in it."""

    data: dict[str, Any]
    places: Mapping[KeyPath, Place]


def read_yaml(path: Path) -> Layer:
    """Read a YAML file as plain data with places.

    Raises ConfigError for a file that cannot be read, is too large, is not YAML, is nested too
    deeply, repeats a key, or is not a mapping at its top.
    """
    shown = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError((Problem(shown, None, "", f"larger than {MAX_BYTES} bytes"),))
        text = path.read_text(encoding="utf-8")
    except OSError as err:
        raise ConfigError((Problem(shown, None, "", f"cannot be read: {err.strerror}"),)) from err
    except UnicodeDecodeError as err:
        raise ConfigError((Problem(shown, None, "", "is not UTF-8 text"),)) from err
    return parse_yaml(text, shown)


def parse_yaml(text: str, shown: str) -> Layer:
    """Read YAML text as plain data with places; `shown` names it in problems.

    Raises ConfigError for what is not YAML, is nested too deeply, repeats a key, or is not a
    mapping at its top.
    """
    if _most_open(text) > MAX_OPEN:
        raise ConfigError((Problem(shown, None, "", "nested too deeply"),))
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return Layer({}, {})
        reader = _Reader(shown)
        data = reader.value(root, ())
    except RecursionError:
        raise ConfigError((Problem(shown, None, "", "nested too deeply"),)) from None
    except yaml.MarkedYAMLError as err:
        line = None if err.problem_mark is None else err.problem_mark.line + 1
        raise ConfigError((Problem(shown, line, "", f"not YAML: {err.problem}"),)) from err
    except yaml.YAMLError as err:
        raise ConfigError((Problem(shown, None, "", f"not YAML: {err}"),)) from err
    if not isinstance(data, dict):
        reader.problems.append(Problem(shown, 1, "", "must be a mapping of sections"))
    if reader.problems:
        raise ConfigError(tuple(reader.problems))
    return Layer(data, reader.places)


def _most_open(text: str) -> int:
    """Return how many brackets are open at once at most; those in quotes count as well."""
    most = now = 0
    for found in re.finditer(r"[\[\]{}]", text):
        now = now + 1 if found[0] in "[{" else max(now - 1, 0)
        most = max(most, now)
    return most


_PLAIN = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


class _Reader:
    """Turns the node tree into data; collects places and problems on the way."""

    def __init__(self, file: str) -> None:
        self.places: dict[KeyPath, Place] = {}
        self.problems: list[Problem] = []
        self._file = file
        self._nodes = 0
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self._nodes += 1
        line = node.start_mark.line + 1
        if self._nodes > MAX_NODES:
            raise ConfigError((Problem(self._file, line, "", f"more than {MAX_NODES} values"),))
        self.places.setdefault(path, Place(self._file, line))
        if isinstance(node, yaml.CollectionNode) and node.tag not in _PLAIN:
            self.problems.append(
                Problem(self._file, line, ".".join(path), f"unknown tag {node.tag!r}")
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, str(i))) for i, item in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as err:
            message = err.problem if isinstance(err, yaml.MarkedYAMLError) else err
            self.problems.append(Problem(self._file, line, ".".join(path), str(message)))
            return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(
                    Problem(self._file, line, ".".join(path), "a key must be plain text")
                )
                continue
            # `on`, `off`, `yes`, `no` as keys are words here, whatever YAML 1.1 makes of them.
            key = str(key_node.value)
            where = (*path, key)
            if key in result:
                self.problems.append(
                    Problem(self._file, line, ".".join(where), "stands here a second time")
                )
            self.places[where] = Place(self._file, line)
            result[key] = self.value(value_node, where)
        return result
