"""docs/sharing.md: its examples are accepted, and what it shows literally is what is sent."""

import re
from pathlib import Path

import pytest

from hub.config import load
from hub.settings import Settings
from hub.share import webhook_sender
from hub.share.ha_messages import Topics, mood_payload
from hub.share.moods import rounded
from hub.share.signing import TOLERANCE_S, Key
from hub.share.webhook_sender import QUEUE, Message
from models.types import Emotion, MoodEstimate, Sense

PAGE = (Path(__file__).parents[2] / "docs" / "sharing.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HOME = """
rooms: {living_room: {}, bedroom: {}}
people: {ada: {}}
scenes: {soft_evening: {lights: {level: 0.3}}}
"""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def mood(valence: float, arousal: float, label: Emotion, confidence: float) -> MoodEstimate:
    return MoodEstimate(valence, arousal, label, confidence, {Sense.FACE: 1.0}, 0.0)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_valid_configuration(example: str, tmp_path: Path) -> None:
    for name in re.findall(r"_file: (\S+?)[,}\s]", example):
        (tmp_path / name).write_text("x" * 32)
    path = tmp_path / "hub.yaml"
    path.write_text(HOME + example)
    assert load(path, {}).share != Settings().share


def test_home_assistant_is_sent_what_the_page_shows() -> None:
    topics = Topics.of(Settings())
    happy = mood(0.4249, 0.18, Emotion.HAPPINESS, 0.71)
    for payload in (mood_payload(happy), mood_payload(None)):
        assert f"{topics.mood('living_room')}      {payload.decode()}" in PAGE
    for topic in (topics.availability, topics.privacy, topics.scene("living_room", "soft_evening")):
        assert topic in PAGE


def test_a_webhook_is_sent_what_the_page_shows() -> None:
    sad = mood(-0.45, -0.1, Emotion.SADNESS, 0.66)
    data = {"room": "living_room", "mood": rounded(sad)}
    body = Message.of("mood.entered", data, 1_700_000_000).body
    assert body.decode() in PAGE
    signature = Key(SECRET).sign("msg_CVp4bNL2Y9cXN1U0c2Zp9zqA", 1_700_000_000, body)
    assert f"webhook-signature: {signature}" in PAGE


def test_the_figures_are_those_of_the_code() -> None:
    flat = PAGE.replace("\n", " ")
    waits = [f"{wait:g}" for wait in webhook_sender.RETRY_S]
    assert f"after {', '.join(waits[:-1])} and {waits[-1]} s" in flat
    assert f"Up to {QUEUE} messages wait" in flat
    assert TOLERANCE_S == 5 * 60
