"""music: a placeholder until the hub plays music by itself; players are devices meanwhile."""

from hub.api.access import Access
from hub.api.problem import Problem
from hub.api.route import Call, Route
from hub.phrase import Phrase


async def get_music(_call: Call) -> None:
    """What plays and why: not yet."""
    raise Problem(501, "not_yet", Phrase("refused.no_music"), Phrase("mend.music"))


async def command_music(_call: Call) -> None:
    """Skip, like, start towards a mood: not yet."""
    raise Problem(501, "not_yet", Phrase("refused.no_music"), Phrase("mend.music"))


ROUTES = (
    Route("GET", "/music", "What plays (not yet: 501)", Access.SEE, get_music, status=501),
    Route(
        *("POST", "/music/commands", "Music commands (not yet: 501)", Access.CONTROL),
        command_music,
        status=501,
    ),
)
