"""What every answer has: the headers, JSON that is JSON, and the methods where one was wrong."""

import json
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import make_mocked_request

from hub.api.access import Access, Role
from hub.api.answer import HEADERS, to_response
from hub.api.route import Reply, Route
from hub.phrase import Phrase
from tests.hub.api_rig import API, Rig, running, settings_for


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


async def test_every_kind_of_answer_has_the_headers(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER)
    asked = {
        ("GET", f"{API}/status"): 200,
        ("GET", f"{API}/rooms/none"): 404,
        ("POST", f"{API}/privacy/none"): 404,
        ("DELETE", f"{API}/status"): 405,
        ("PUT", f"{API}/guards"): 428,
        ("POST", f"{API}/policies/dry-run"): 422,
        ("GET", "/api/openapi.json"): 200,
        ("GET", "/ca.crt"): 200,
        ("POST", "/"): 405,
    }
    for (method, path), status in asked.items():
        async with owner.request(method, path) as answer:
            assert answer.status == status, (path, await answer.text())
            assert HEADERS.items() <= answer.headers.items(), path
            assert "Cache-Control" in answer.headers, path
    async with rig.client().get(f"{API}/status") as answer:
        assert answer.status == 401
        assert HEADERS.items() <= answer.headers.items()
        assert answer.headers["Cache-Control"] == "no-store"
    async with owner.ws_connect(f"{API}/events") as socket:
        assert HEADERS.items() <= socket._response.headers.items()
        await socket.send_json({"do": "subscribe", "topics": ["moods"]})
        assert (await socket.receive()).type is WSMsgType.TEXT
    backup = {"passphrase": "correct horse battery staple"}
    async with owner.post(f"{API}/system/backup", json=backup) as answer:
        assert answer.status == 200
        assert HEADERS.items() <= answer.headers.items()
        assert len(await answer.read()) > 1000


async def test_a_wrong_method_is_told_which_ones_there_are(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER)
    for method, path, allow in (
        ("DELETE", "status", "GET"),
        ("POST", "rooms/den", "DELETE,GET,PUT"),
        # A fixed path beside a path with a name: the methods of both.
        ("PATCH", "scenes/restore", "DELETE,GET,POST,PUT"),
    ):
        async with owner.request(method, f"{API}/{path}") as answer:
            assert answer.status == 405
            assert answer.headers["Allow"] == allow
            assert (await answer.json(content_type=None))["status"] == 405
    async with owner.delete(f"{API}/scenes/restore") as answer:
        assert answer.status == 404  # a scene's name like any other


def test_what_is_no_number_in_json_is_null_and_phrases_are_texts() -> None:
    async def nothing(_call: object) -> None: ...

    route = Route("GET", "/x", "X", Access.SEE, nothing)
    request = make_mocked_request("GET", "/x")
    answer = {"a": math.nan, "b": [math.inf, 0.5], "why": Phrase("refused.cross_site")}
    for given, status in ((answer, 200), (Reply(answer, 201), 201)):
        for language in ("en", "de"):
            response = to_response(request, route, given, language)
            assert response.status == status
            assert isinstance(response.body, bytes)
            assert json.loads(response.body) == {
                "a": None,
                "b": [None, 0.5],
                "why": Phrase("refused.cross_site").in_language(language),
            }
    assert to_response(request, route, None, "en").status == 204
    assert "Content-Type" not in to_response(request, route, None, "en").headers
