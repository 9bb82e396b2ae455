"""sharing: what leaves the hub and to whom, and the code that pairs Apple Home."""

from typing import Any

from hub.api.access import Access
from hub.api.route import Body, Call, Route, Shape


class Sharing(Shape):
    """What is told to others in plain words, and how each way out is."""

    leaves: list[str]
    ways: dict[str, dict[str, Any]]


class AppleHomeShape(Shape):
    """How many controllers are paired; the code only until the first one is."""

    paired: int
    code: str | None
    link: str | None


class Nothing(Body):
    """Nothing is sent."""


async def get_sharing(call: Call) -> dict[str, Any]:
    """What leaves the hub."""
    return await call.context.operations(call.identity.by).ask("sharing")


async def show_apple_home_code(call: Call) -> dict[str, Any]:
    """Show the code; that it was shown is noted."""
    return await call.context.operations(call.identity.by).ask("apple_home")


async def forget_apple_home(call: Call) -> dict[str, Any]:
    """Forget every paired controller, and make a new code."""
    return await call.context.operations(call.identity.by).ask("apple_home", forget=True)


ROUTES = (
    Route("GET", "/sharing", "What leaves the hub", Access.SEE, get_sharing, answer=Sharing),
    Route(
        *("POST", "/sharing/apple-home/code", "Show Apple Home's code", Access.ADMIN),
        show_apple_home_code,
        body=Nothing,
        answer=AppleHomeShape,
    ),
    Route(
        *("POST", "/sharing/apple-home/forget", "Forget its controllers", Access.ADMIN),
        forget_apple_home,
        body=Nothing,
        answer=AppleHomeShape,
        proof=True,
    ),
)
