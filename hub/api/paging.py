"""Pages of lists: how many, and a cursor for the next."""

from typing import Annotated

from pydantic import Field

from hub.api.route import Body
from hub.store.queries import Where

Limit = Annotated[int, Field(ge=1, le=1000)]
Millis = Annotated[int, Field(ge=0, le=1 << 53)]


class Page(Body):
    """Which part of a list."""

    room: str | None = Field(default=None, max_length=40)
    person: str | None = Field(default=None, max_length=40)
    since_ms: Millis | None = None
    until_ms: Millis | None = None
    before: Annotated[int, Field(ge=1, le=1 << 53)] | None = None
    """The cursor: `next` of the page before."""
    limit: Limit = 100

    def where(self) -> Where:
        """Return it as the store's question."""
        return Where(
            room=self.room,
            person=self.person,
            since_ms=self.since_ms,
            until_ms=self.until_ms,
            before_id=self.before,
            limit=self.limit,
        )
