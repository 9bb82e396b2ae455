"""What browsers get besides the API: the app's files, the page on plain http, the authority."""

import html
from pathlib import Path

from aiohttp import web

DIST = Path(__file__).resolve().parents[1] / "web" / "dist"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
)
PAGE_CSP = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}
"""What the machine's own table of types may lack; browsers refuse scripts of another type."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>
<body><h1>{title}</h1>{body}</body></html>
"""


def app_file(path: str, dist: Path = DIST) -> web.StreamResponse:
    """Return a file of the app; any path that is none is the app itself, which finds its page.

    Built files carry a hash in their names and are kept for good; the rest is asked for anew. The
    build leaves a .br and a .gz beside each text, which are served to browsers that take them.
    """
    index = dist / "index.html"
    if not index.is_file():
        return page(
            "The app is not built",
            "<p>The hub works, and so do its API and its commands. To build the app, run "
            "<code>scripts/build-app</code> in the hub's folder and load this page again.</p>",
            status=503,
        )
    file = (dist / path.lstrip("/")).resolve()
    if not file.is_relative_to(dist.resolve()) or not file.is_file() or file.name[0] == ".":
        if "." in path.rsplit("/", 1)[-1]:
            return page("Not found", "<p>There is no such file.</p>", status=404)
        file = index
    hashed = file.is_relative_to(dist.resolve() / "assets")
    headers = {
        "Content-Security-Policy": CSP,
        "Cache-Control": _FOREVER if hashed else "no-cache",
        "Permissions-Policy": "camera=(), microphone=(self), geolocation=()",
    }
    if file.suffix in _TYPES:
        headers["Content-Type"] = _TYPES[file.suffix]
    return web.FileResponse(file, headers=headers)


def how_to_https(home: str, link: str, fingerprint: str | None) -> web.Response:
    """Return the page for those who came by plain http."""
    trust = ""
    if fingerprint is not None:
        trust = (
            '<p>Once on each device: <a href="/ca.crt">get the home\'s certificate</a>, install it '
            "as a trusted authority, and compare its SHA-256 fingerprint with the one that "
            f"<code>moodsync pair</code> shows:</p><p><code>{html.escape(fingerprint)}</code></p>"
        )
    return page(
        f"{home}: use the safe address",
        "<p>This address is not encrypted, so the app does not run here.</p>"
        f'<p>Open <a href="{html.escape(link)}">{html.escape(link)}</a>.</p>{trust}',
    )


def page(title: str, body: str, status: int = 200) -> web.Response:
    """Return a page of our own; `body` is HTML that holds no foreign text unescaped."""
    return web.Response(
        status=status,
        text=_PAGE.format(title=html.escape(title), body=body),
        content_type="text/html",
        headers={"Content-Security-Policy": PAGE_CSP, "Cache-Control": "no-store"},
    )
