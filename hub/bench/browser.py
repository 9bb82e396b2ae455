"""Chromium, driven over its DevTools protocol: for measurements, pictures and the tests of the app.

One WebSocket, one request at a time, no task of its own: events that come while an answer is waited
for are kept with their page. See chromedevtools.github.io/devtools-protocol.
"""

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

START_LIMIT_S = 60.0
ANSWER_LIMIT_S = 60.0
WAIT_LIMIT_S = 60.0
LOOK_EVERY_S = 0.05
MAX_MESSAGE_BYTES = 64 << 20
FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


class BrowserError(Exception):
    """The browser did not do what it was asked; the text says what and why."""


@dataclass(slots=True)
class Page:
    """One tab. `events` are what it told meanwhile, oldest first."""

    browser: "Browser"
    session: str
    context: str
    events: list[dict[str, Any]] = field(default_factory=list)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol. Raises BrowserError."""
        return await self.browser.call(method, self.session, **params)

    async def js(self, expression: str) -> Any:
        """Return what an expression, or the promise that it is, comes to. Raises BrowserError."""
        answer = await self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            told = answer["exceptionDetails"]
            raise BrowserError(told.get("exception", {}).get("description") or told["text"])
        return answer["result"].get("value")

    async def wait(self, expression: str, limit_s: float = WAIT_LIMIT_S) -> Any:
        """Wait until an expression is true and return it. Raises BrowserError with the page."""
        deadline = time.monotonic() + limit_s
        while True:
            # While a page is left for another, there is nothing to ask.
            with contextlib.suppress(BrowserError):
                # An element comes to an empty object, which says nothing.
                found = f"(async (found) => found instanceof Node || found)(await ({expression}))"
                if value := await self.js(f"(async () => {found})()"):
                    return value
            if time.monotonic() > deadline:
                shown = await self.js("document.body?.innerText ?? ''")
                raise BrowserError(f"never true: {expression}\nthe page shows:\n{shown}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def go(self, url: str) -> None:
        """Open an address. Raises BrowserError when it cannot be."""
        answer = await self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise BrowserError(f"{url}: {answer['errorText']}")

    async def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        """Set the size in CSS pixels; a phone has touch and two device pixels for each."""
        scale = 2 if mobile else 1
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=mobile,
        )
        await self.call("Emulation.setTouchEmulationEnabled", enabled=mobile)

    async def scheme(self, name: str, *, still: bool = True) -> None:
        """Set `light` or `dark`; `still` asks for no motion."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        if still:
            features.append({"name": "prefers-reduced-motion", "value": "reduce"})
        await self.call("Emulation.setEmulatedMedia", features=features)

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def picture(self) -> bytes:
        """Return a PNG of what is seen."""
        answer = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])

    async def close(self) -> None:
        """Close it, and forget its cookies and storage."""
        await self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)


class Browser:
    """A running Chromium; made by `chromium()`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._pages: dict[str, Page] = {}
        self._count = 0

    async def page(self) -> Page:
        """Open a tab with cookies and storage of its own."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        page = Page(self, attached["sessionId"], context)
        self._pages[page.session] = page
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.call(f"{domain}.enable")
        return page

    async def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol. Raises BrowserError."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._socket.send_str(json.dumps(message))
                while True:
                    told = json.loads(await self._socket.receive_str())
                    if told.get("id") == self._count:
                        break
                    if told.get("sessionId") in self._pages:
                        self._pages[told["sessionId"]].events.append(told)
        except (TimeoutError, TypeError) as err:
            raise BrowserError(f"{method}: the browser does not answer") from err
        if "error" in told:
            raise BrowserError(f"{method}: {told['error'].get('message')}")
        result: dict[str, Any] = told["result"]
        return result


@contextlib.asynccontextmanager
async def chromium(authority: Path | None = None) -> AsyncIterator[Browser]:
    """Run Debian's Chromium until the block ends; it trusts `authority` as a household's would.

    Raises BrowserError when it, or certutil, is missing or does not start.
    """
    program = shutil.which("chromium")
    if program is None:
        raise BrowserError("chromium is missing: apt-get install chromium")
    with tempfile.TemporaryDirectory(
        prefix="moodsync-chromium-", ignore_cleanup_errors=True
    ) as folder:
        home = Path(folder)
        if authority is not None:
            await asyncio.to_thread(_trust, home, authority)
        arguments = [*FLAGS, f"--user-data-dir={home / 'profile'}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - starting takes milliseconds
            [program, *arguments, "about:blank"],
            env=os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            address = await _address(process, home / "profile" / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as http,
                http.ws_connect(address, max_msg_size=MAX_MESSAGE_BYTES) as socket,
            ):
                yield Browser(socket)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its helpers are of its group
            await asyncio.to_thread(process.wait, 10)


def _trust(home: Path, authority: Path) -> None:
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    program = shutil.which("certutil")
    if program is None:
        raise BrowserError("certutil is missing: apt-get install libnss3-tools")
    where = ["-d", f"sql:{store}"]
    add = ["-A", *where, "-t", "C,,", "-n", "home", "-i", str(authority)]
    for step in (["-N", *where, "--empty-password"], add):
        subprocess.run([program, *step], check=True, capture_output=True, timeout=30)  # noqa: S603


async def _address(process: "subprocess.Popen[bytes]", file: Path) -> str:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        lines = await asyncio.to_thread(_lines, file)
        if len(lines) > 1:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        if process.poll() is not None or time.monotonic() > deadline:
            raise BrowserError("chromium did not start")
        await asyncio.sleep(LOOK_EVERY_S)


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.is_file() else []
