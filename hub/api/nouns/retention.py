"""privacy/retention: for how long each kind of record is kept, and what a change would delete."""

from typing import Annotated, Any

from pydantic import Field

from hub.api.access import Access
from hub.api.answer import check_match, etag_of
from hub.api.route import Body, Call, Reply, Route, Shape
from hub.settings import StoreSettings


class Keep(Body):
    """Days; a tenth of one is allowed for what senses read."""

    keep_readings_days: Annotated[float, Field(gt=0, le=365)]
    keep_moods_days: Annotated[float, Field(gt=0, le=3650)]


class RetentionShape(Shape):
    """What senses read, and everything else but the summaries, which stay."""

    keep_readings_days: float
    keep_moods_days: float
    etag: str


class WouldGo(Shape):
    """How many records of each table are older, as far as the hub's hourly marks tell."""

    tables: dict[str, int]


async def get_retention(call: Call) -> Reply:
    """How long records are kept."""
    shown, tag = _shown(call)
    return Reply(shown | {"etag": tag}, etag=tag)


async def put_retention(call: Call) -> Reply:
    """Keep records shorter or longer; what is too old goes within a minute. Needs If-Match."""
    hub, sent = call.context.hub, call.sent(Keep)
    async with hub.edits.lock:
        check_match(call.request, _shown(call)[1])
        await hub.edits.put_retention(hub.settings, sent.model_dump(), call.identity.by)
    return await get_retention(call)


async def count_older(call: Call) -> dict[str, Any]:
    """What would go if records were kept for so long."""
    sent = call.sent(Keep)
    found = await call.context.hub.store.older_than(sent.keep_readings_days, sent.keep_moods_days)
    return {"tables": dict(found)}


def _shown(call: Call) -> tuple[dict[str, float], str]:
    store: StoreSettings = call.context.hub.settings.store
    shown = {
        "keep_readings_days": store.keep_readings_days,
        "keep_moods_days": store.keep_moods_days,
    }
    return shown, etag_of(str(shown))


_RETENTION = "/privacy/retention"
ROUTES = (
    Route(
        *("GET", _RETENTION, "How long records are kept", Access.SEE, get_retention),
        answer=RetentionShape,
        etag=True,
    ),
    Route(
        *("PUT", _RETENTION, "Keep records shorter or longer", Access.ADMIN, put_retention),
        body=Keep,
        answer=RetentionShape,
        etag=True,
        proof=True,
    ),
    Route(
        *("POST", f"{_RETENTION}/counts", "What would go", Access.ADMIN, count_older),
        body=Keep,
        answer=WouldGo,
    ),
)
