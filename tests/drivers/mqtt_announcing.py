"""Announcements of real devices, as their makers document them, put on a broker."""

import json
from typing import Any

import aiomqtt

from tests.fakes.process import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "mqtt"


def announcements(family: str) -> dict[str, Any]:
    """Return the kept messages of a family by topic."""
    kept: dict[str, Any] = json.loads((FIXTURES / f"{family}.json").read_text())
    return kept


async def announce(client: aiomqtt.Client, *families: str) -> None:
    """Publish them all, kept."""
    for family in families:
        for topic, payload in announcements(family).items():
            text = payload if isinstance(payload, str) else json.dumps(payload)
            await client.publish(topic, text, qos=1, retain=True)
