"""A rule as text: the YAML that people write, read with every mistake at its line."""

from typing import Any

import yaml
from pydantic import ValidationError

from hub.config import placed, problem_at
from hub.config_rules import contradictions
from hub.errors import ConfigError, Problem
from hub.settings import Rule, Settings
from hub.yaml_source import KeyPath, parse_yaml

SHOWN = "rule"


def write_rule(rule: Rule) -> str:
    """Return a rule as it would stand in a configuration file, defaults left out."""
    plain = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return yaml.dump(plain, Dumper=_Dumper, allow_unicode=True, sort_keys=False)


def read_rule(text: str, settings: Settings) -> Rule:
    """Read a rule that could stand among `settings`.

    Raises ConfigError with everything that is wrong, each at its line.
    """
    below: KeyPath = ("rules", SHOWN)
    layer = parse_yaml(text, SHOWN)
    places = {below + path: place for path, place in layer.places.items()}
    try:
        rule = Rule.model_validate(layer.data)
    except ValidationError as err:
        found = [problem_at(detail, places, below) for detail in err.errors()]
        raise ConfigError(tuple(_short(problem) for problem in found)) from err
    alone = settings.model_copy(update={"rules": {SHOWN: rule}})
    prefix = ".".join(below)
    wrong = [
        _short(placed(key, message, places))
        for key, message in contradictions(alone)
        if key.startswith(prefix)
    ]
    if wrong:
        raise ConfigError(tuple(wrong))
    return rule


def _short(problem: Problem) -> Problem:
    key = problem.key.removeprefix(f"rules.{SHOWN}").lstrip(".")
    return Problem(problem.file, problem.line, key, problem.message)


class _Dumper(yaml.SafeDumper):
    """Spans and lists of plain values on one line, as people write them."""

    def represent_sequence(
        self, tag: str, sequence: Any, flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        """Write every sequence on one line."""
        return super().represent_sequence(
            tag, sequence, flow_style=True if flow_style is None else flow_style
        )
