"""docs/rules.md: its examples are accepted, its tables are complete, its sentence is real."""

import re
from pathlib import Path

import pytest

from hub.config import load
from hub.decide.engine import EXPIRES_S
from hub.decide.explain import because
from hub.decide.guards import Guard
from hub.decide.policy import goal_of
from hub.mood.context import Facts
from hub.settings import When
from models.types import Emotion, MoodEstimate, Sense

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

HOME = """
home: {latitude: 52.5, longitude: 13.4}
rooms: {living_room: {name: Living room, devices: [mqtt:motion, mqtt:climate]}}
people: {ada: {name: Ada}}
drivers:
  mqtt:
    devices:
      motion: {kind: sensor, state_topic: motion, measures: [occupancy]}
      climate: {kind: sensor, state_topic: climate, measures: [temperature]}
scenes:
  soft_evening: {name: Soft evening, lights: {level: 0.3}}
  welcome: {lights: {level: 0.7}}
  airy: {target_c: 18}
  night: {lights: {level: 0.05}}
"""


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_valid_configuration(example: str, tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text(HOME + example)
    settings = load(path, {})
    assert settings.rules or settings.guards.quiet_hours


def test_every_guard_and_every_condition_is_in_its_table() -> None:
    for name in [*Guard, *When.model_fields]:
        assert f"| `{name}` |" in PAGE


def test_the_expiry_times_are_those_of_the_code() -> None:
    mood, sensor, time, press = EXPIRES_S.values()
    told = f"mood {mood:.0f} s, sensor {sensor:.0f} s, time of day {time:.0f} s"
    assert f"({told}, button {press:.0f} s)" in PAGE


def test_the_sentence_is_what_the_hub_says(tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text(HOME + EXAMPLES[0])
    settings = load(path, {})
    rule = settings.rules["unwind"]
    mood = MoodEstimate(-0.5, 0.2, Emotion.SADNESS, 0.72, {Sense.VOICE: 0.6, Sense.BODY: 0.4}, 0.0)
    facts = Facts(1200, sun_up=False, presence=None)
    said = because("unwind", rule, goal_of(rule.then), settings, mood, facts, "", None)
    assert said in PAGE.replace("\n> ", " ")
