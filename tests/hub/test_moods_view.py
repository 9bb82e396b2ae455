import io
from collections import deque
from typing import Any

import pytest
from rich.console import Console

from hub.cli.moods import HEIGHT, WIDTH, Trail, plane, render
from hub.words import how_sure, seems


def mood(valence: float, arousal: float, confidence: float = 0.8) -> dict[str, Any]:
    return {
        "valence": valence,
        "arousal": arousal,
        "label": "happiness",
        "confidence": confidence,
    }


@pytest.mark.parametrize(
    ("valence", "arousal", "column", "row"),
    [
        (0, 0, WIDTH // 2, HEIGHT // 2),
        (1, 1, WIDTH - 1, 0),
        (-1, -1, 0, HEIGHT - 1),
        (5, -5, WIDTH - 1, HEIGHT - 1),
    ],
)
def test_the_present_stands_where_it_belongs(
    valence: float, arousal: float, column: int, row: int
) -> None:
    # The words in the corners cover the outermost moods, so the grid is looked at without them.
    trail: Trail = deque()
    lines = plane(mood(valence, arousal), trail).plain.split("\n")
    assert len(lines) == HEIGHT
    assert {len(line) for line in lines} == {WIDTH}
    if 0 < row < HEIGHT - 1:
        assert lines[row][column] == "@"


def test_the_trail_and_doubt_show() -> None:
    sure = plane(mood(0.5, 0, 1.0), deque([(-0.5, 0.3)])).plain
    unsure = plane(mood(0.5, 0, 0.0), deque()).plain
    assert "." in sure
    assert "(@)" in sure.replace("-", "")
    (line,) = (line for line in unsure.split("\n") if "@" in line)
    assert line.index(")") - line.index("(") == 8
    assert "@" not in plane(None, deque()).plain


def test_the_whole_view_says_what_is_sensed_and_why_it_acted() -> None:
    snapshot = {
        "privacy": True,
        "sensing": [
            {"sense": "face", "source": "camera:c", "state": "on", "simulated": True},
            {"sense": "voice", "source": "microphone:m", "state": "off", "simulated": False},
        ],
        "rooms": [
            {
                "room": "den",
                "name": "Den",
                "mood": mood(0.5, 0.2),
                "senses": [
                    {
                        "sense": "face",
                        "source": "camera:c",
                        "valence": 0.5,
                        "arousal": 0.2,
                        "weight": 0.7,
                        "quality": 0.9,
                        "age_s": 1.0,
                    }
                ],
                "decisions": [
                    {
                        "time": "10:00:00",
                        "what": "scene x",
                        "because": "Dimmed because of it.",
                        "held": False,
                    }
                ],
            },
            {"room": "attic", "name": "Attic", "mood": None, "senses": [], "decisions": []},
        ],
    }
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(render(snapshot, {}))
    text = console.export_text()
    for part in (
        "camera:c (simulated) on",
        "microphone:m off",
        "privacy mode",
        "seems content, very sure (80%)",
        "Dimmed because of it.",
        "nothing to go by yet",
        "no decision yet",
    ):
        assert part in text


def test_words_never_claim_more_than_is_known() -> None:
    assert seems("sadness") == "seems low"
    assert seems("unheard of") == "seems unheard of"
    assert [how_sure(c) for c in (1.0, 0.6, 0.5, 0.0)] == [
        "very sure",
        "fairly sure",
        "a guess",
        "barely a guess",
    ]
