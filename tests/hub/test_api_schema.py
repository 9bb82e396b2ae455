"""Schemathesis throws what the OpenAPI document allows, and forbids, at a running hub."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from hub.api.access import Access, Role
from hub.api.openapi import document
from hub.api.table import ROUTES
from tests.hub.api_rig import running, settings_for

EXAMPLES = 3
UNTOUCHED = {
    *("get_events", "end_session", "unpair_client", "remove_member", "erase_records"),
    "look_around",
}
"""What would end the test's own session or memberships, takes long, and the WebSocket."""


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_nothing_in_the_document_breaks_the_hub(state: Path) -> None:
    async with running(settings_for(state)) as rig:
        rig.hub.api._server._context_made.commands._per_s = 1e6  # type: ignore[union-attr]
        rig.hub.api._server._context_made.strangers._per_s = 1e6  # type: ignore[union-attr]
        tokens = {"owner": await rig.token(Role.OWNER, "ada"), "nobody": ""}
        before = rig.hub.edits.path.exists(), len(rig.hub.store.accounts.members)
        wrong = await asyncio.to_thread(throw, rig.plain, tokens["nobody"], False)
        assert wrong == []
        # Without a session nothing was written.
        assert before == (rig.hub.edits.path.exists(), len(rig.hub.store.accounts.members))
        assert await asyncio.to_thread(throw, rig.plain, tokens["owner"], True) == []


def throw(url: str, token: str, conforms: bool) -> list[str]:
    """Send examples to every operation; return what was wrong."""
    schema = schemathesis.openapi.from_dict(document())
    public = {route.name for route in ROUTES if route.access is Access.PUBLIC}
    wrong: list[str] = []
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    checks: list[Any] = [not_a_server_error]
    if conforms:
        checks += [response_schema_conformance, content_type_conformance]
    for found in schema.get_all_operations():
        assert not isinstance(found, Err)
        operation = found.ok()
        name = operation.definition.raw["operationId"]
        if name in UNTOUCHED:
            continue

        def send(case: schemathesis.Case[Any]) -> None:
            name = case.operation.definition.raw["operationId"]
            answer = case.call(base_url=url, headers=headers)
            status = answer.status_code
            if status >= 500 and status not in (501, 503, 504):
                wrong.append(f"{name}: {status} {answer.text[:200]}")
            if not token and name not in public and status not in (401, 429, 404, 405):
                wrong.append(f"{name}: {status} without a session")
            if conforms and status < 300:
                try:
                    case.validate_response(answer, checks=checks)
                except Exception as err:  # noqa: BLE001 - collected, to see all at once
                    wrong.append(f"{name}: {str(err)[:300]}")

        few = settings(
            max_examples=EXAMPLES if token else 1,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        few(given(case=operation.as_strategy())(send))()
    return wrong
