"""What browsers get besides the API: the app's files, the page on plain http, the authority."""

import html
from pathlib import Path

from aiohttp import web

from hub.phrase import Language, Phrase

DIST = Path(__file__).resolve().parents[1] / "web" / "dist"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
)
PAGE_CSP = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
PAIR, BUILD = "moodsync pair", "scripts/build-app"
_CERTIFICATE = '<a href="/ca.crt">'
_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}
"""What the machine's own table of types may lack; browsers refuse scripts of another type."""

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>
<body><h1>{title}</h1>{body}</body></html>
"""


def app_file(path: str, language: Language, dist: Path = DIST) -> web.StreamResponse:
    """Return a file of the app; any path that is none is the app itself, which finds its page.

    Built files carry a hash in their names and are kept for good; the rest is asked for anew. The
    build leaves a .br and a .gz beside each text, which are served to browsers that take them.
    """
    index = dist / "index.html"
    if not index.is_file():
        said = Phrase("page.not_built_help", command=BUILD)
        told = _told(said, language, BUILD, "<code>")
        return page(Phrase("page.not_built"), told, language, status=503)
    file = (dist / path.lstrip("/")).resolve()
    if not file.is_relative_to(dist.resolve()) or not file.is_file() or file.name[0] == ".":
        if "." in path.rsplit("/", 1)[-1]:
            told = _told(Phrase("page.no_such_file"), language)
            return page(Phrase("page.not_found"), told, language, status=404)
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


def how_to_https(home: str, link: str, fingerprint: str | None, language: Language) -> web.Response:
    """Return the page for those who came by plain http."""
    told = [
        _told(Phrase("page.not_encrypted"), language),
        _told(Phrase("page.open", link=link), language, link, f'<a href="{html.escape(link)}">'),
    ]
    if fingerprint is not None:
        get, compare = Phrase("page.get_certificate"), Phrase("page.compare", command=PAIR)
        told += [
            _told(Phrase("page.once", get=get), language, get.in_language(language), _CERTIFICATE),
            _told(compare, language, PAIR, "<code>"),
            f"<p><code>{html.escape(fingerprint)}</code></p>",
        ]
    return page(Phrase("page.safe_address", home=home), "".join(told), language)


def nothing_sent_here(language: Language) -> web.Response:
    """Return the answer to whoever sends something to a page."""
    told = _told(Phrase("page.nothing_to_send"), language)
    return page(Phrase("page.not_found"), told, language, status=405)


def page(title: Phrase, body: str, language: Language, status: int = 200) -> web.Response:
    """Return a page of our own; `body` is HTML that holds no foreign text unescaped."""
    return web.Response(
        status=status,
        text=_PAGE.format(
            language=language, title=html.escape(title.in_language(language)), body=body
        ),
        content_type="text/html",
        headers={
            "Content-Security-Policy": PAGE_CSP,
            "Content-Language": language,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
        },
    )


def _told(said: Phrase, language: Language, marked: str = "", tag: str = "") -> str:
    """Return a sentence as a paragraph, what is marked in it within an element."""
    text = html.escape(said.in_language(language))
    if marked:
        inner, name = html.escape(marked), tag[1:].partition(" ")[0].rstrip(">")
        text = text.replace(inner, f"{tag}{inner}</{name}>", 1)
    return f"<p>{text}</p>"
