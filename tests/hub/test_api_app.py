"""The app's files as browsers get them: types, caching, compression, and what is not handed out."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from hub.api.pages import CSP, app_file, how_to_https
from hub.phrase import Language, best_language

pytestmark = pytest.mark.slow

INDEX = "<!doctype html><title>the app</title>"
SCRIPT = "export const answer = 42;\n" * 40


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "manifest.webmanifest").write_text("{}")
    (folder / "sw.js").write_text("self.x = 1;")
    (folder / ".made-from").write_text("secret enough")
    (folder / "assets" / "app-1a2b.js").write_text(SCRIPT)
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "outside.js").write_text("not yours")
    return folder


@pytest.fixture
async def browser(dist: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async def answer(request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Accept-Language", "")
        return app_file(request.path, best_language(asked, "en"), dist)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(url, auto_decompress=False) as session:
            yield session
    finally:
        await runner.cleanup()


async def test_every_address_of_a_page_is_the_app_and_is_asked_for_anew(
    browser: aiohttp.ClientSession,
) -> None:
    for path in ("/", "/history", "/rooms/living_room", "/pair"):
        async with browser.get(path) as answer:
            assert (answer.status, await answer.text()) == (200, INDEX)
            assert answer.content_type == "text/html"
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.headers["Content-Security-Policy"] == CSP
            assert "unsafe" not in CSP
            etag = answer.headers["ETag"]
        async with browser.get(path, headers={"If-None-Match": etag}) as again:
            assert again.status == 304


async def test_built_files_are_kept_for_good_and_sent_compressed(
    browser: aiohttp.ClientSession,
) -> None:
    wanted = {"Accept-Encoding": "gzip"}
    async with browser.get("/assets/app-1a2b.js", headers=wanted) as answer:
        assert answer.content_type == "text/javascript"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(await answer.read()).decode() == SCRIPT
    async with browser.get("/assets/app-1a2b.js", headers={"Accept-Encoding": ""}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert await answer.text() == SCRIPT


async def test_types_are_the_ones_that_browsers_insist_on(browser: aiohttp.ClientSession) -> None:
    for path, kind in {
        "/manifest.webmanifest": "application/manifest+json",
        "/sw.js": "text/javascript",
    }.items():
        async with browser.get(path) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            assert answer.headers["Cache-Control"] == "no-cache"


async def test_nothing_else_is_handed_out(browser: aiohttp.ClientSession) -> None:
    for path in ("/%2e%2e/outside.js", "/assets/gone-77.js", "/.made-from", "/x/../../outside.js"):
        async with browser.get(path) as answer:
            text = await answer.text()
            assert answer.status == 404, path
            assert "not yours" not in text
            assert "secret enough" not in text


async def test_without_a_build_the_page_says_how_to_make_one(
    browser: aiohttp.ClientSession, dist: Path
) -> None:
    (dist / "index.html").unlink()
    async with browser.get("/") as answer:
        assert answer.status == 503
        assert "scripts/build-app" in await answer.text()


async def test_pages_of_the_hubs_own_speak_the_readers_language(
    browser: aiohttp.ClientSession, dist: Path
) -> None:
    (dist / "index.html").unlink()
    async with browser.get("/", headers={"Accept-Language": "de-AT"}) as answer:
        assert answer.headers["Content-Language"] == "de"
        assert answer.headers["Vary"] == "Accept-Language"
        text = await answer.text()
    assert '<html lang="de">' in text
    assert "<h1>Die App ist nicht gebaut</h1>" in text
    assert "<code>scripts/build-app</code> im Ordner" in text


@pytest.mark.parametrize(
    ("language", "title", "told"),
    [
        (
            "en",
            "R&amp;D &lt;home&gt;: use the safe address",
            [
                '<p>Open <a href="https://hub.local:8443/">https://hub.local:8443/</a>.</p>',
                '<p>Once on each device: <a href="/ca.crt">get the home&#x27;s certificate</a> and',
                "shows:</p><p><code>AB:CD</code></p>",
            ],
        ),
        (
            "de",
            "R&amp;D &lt;home&gt;: nimm die sichere Adresse",
            [
                '<p>Öffne <a href="https://hub.local:8443/">https://hub.local:8443/</a>.</p>',
                '<p>Einmal auf jedem Gerät: <a href="/ca.crt">das Zertifikat des Zuhauses',
                "den <code>moodsync pair</code> zeigt:</p><p><code>AB:CD</code></p>",
            ],
        ),
    ],
)
def test_who_comes_by_plain_http_is_told_in_their_language_where_to_go(
    language: Language, title: str, told: list[str]
) -> None:
    answer = how_to_https("R&D <home>", "https://hub.local:8443/", "AB:CD", language)
    assert isinstance(answer.text, str)
    assert f"<title>{title}</title>" in answer.text
    for one in told:
        assert one in answer.text
    assert answer.text.count("<a ") == answer.text.count("</a>") == 2
    bare = how_to_https("Home", "https://hub.local:8443/", None, language)
    assert isinstance(bare.text, str)
    assert "ca.crt" not in bare.text
