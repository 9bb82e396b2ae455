"""A connection to a Hue bridge: pinned certificate, pairing by the link button, event stream.

aiohue asks and retries; it checks no certificate, and its event stream hides that it was lost and
loses what was deleted meanwhile. So requests are pinned here, and the stream is read here.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohue.errors import AiohueException, BridgeBusy, Unauthorized
from aiohue.v2 import HueBridgeV2

from drivers import web
from drivers.names import addresses
from drivers.types import BadCredentials, Refused, Unreachable
from drivers.web import Names, read_whole

ANSWER_LIMIT_S = 5.0
CLOSE_LIMIT_S = 0.3
LONGEST_LINE = 1 << 20
REQUESTS_AT_ONCE = 3
"""A bridge refuses more. The event stream has a connection of its own."""
LINK_BUTTON = 101
"""The bridge's error code for "link button not pressed"."""
MOST_BYTES = 16_000_000
"""Of one answer: all resources of a full bridge, with hundreds of scenes, are some megabytes."""
_STREAM = "text/event-stream"
_SAFE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Pairing:
    """What pairing gave; secret. `certificate` is the SHA-256 of the bridge's, in hexadecimal."""

    host: str
    port: int
    bridge_id: str
    key: str
    certificate: str

    def save(self, folder: Path) -> None:
        """Keep it, readable by us alone. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = folder / "bridge.json.new"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / "bridge.json")


def load(folder: Path) -> Pairing | None:
    """Return what was kept; None if nothing. Raises BadCredentials when it cannot be used."""
    try:
        return Pairing(**json.loads((folder / "bridge.json").read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as err:
        raise BadCredentials("bridge.json cannot be read; pair the bridge anew") from err


class Bridge(HueBridgeV2):  # type: ignore[misc] # aiohue ships no types
    """aiohue's bridge, but it speaks only to the one that we paired with."""

    def __init__(self, pairing: Pairing, session: aiohttp.ClientSession) -> None:
        super().__init__(f"{pairing.host}:{pairing.port}", pairing.key)
        self._session = session
        self._pin = aiohttp.Fingerprint(bytes.fromhex(pairing.certificate))
        self._secret = pairing.key

    @contextlib.asynccontextmanager
    async def create_request(
        self, method: str, path: str, **more: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """See HueBridgeV2."""
        headers = {"hue-application-key": self._secret, **more.pop("headers", {})}
        url = f"https://{self.host}/{path}"
        async with self._session.request(
            method, url, headers=headers, ssl=self._pin, allow_redirects=False, **more
        ) as answer:
            if answer.content_type != _STREAM:
                await read_whole(answer, MOST_BYTES)
            yield answer

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer's data. Raises Unreachable or BadCredentials."""
        with errors():
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await self.request(method, f"clip/v2/resource{path}", json=body)

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield what the event stream sends, a JSON text each; raises Unreachable when it ends.

        The first is empty: the stream is open, so what changes from now on will be told.
        """
        with errors():
            async with self.create_request(
                "get",
                "eventstream/clip/v2",
                headers={"Accept": _STREAM},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_LIMIT_S),
            ) as answer:
                if answer.status == 403:  # noqa: PLR2004 - HTTP's
                    raise Unauthorized
                answer.raise_for_status()
                yield b""
                async for line in answer.content:
                    if line.startswith(b"data:"):
                        yield line[5:].strip()
        raise Unreachable("the bridge closed the event stream")


@contextlib.asynccontextmanager
async def connect(pairing: Pairing) -> AsyncIterator[Bridge]:
    """Give a bridge to ask; nothing is sent yet."""
    connector = _Connector(
        limit_per_host=REQUESTS_AT_ONCE + 1, keepalive_timeout=60, resolver=Names()
    )
    async with aiohttp.ClientSession(
        connector=connector,
        read_bufsize=LONGEST_LINE,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
    ) as session:
        yield Bridge(pairing, session)


class _Connector(aiohttp.TCPConnector):
    """Cuts connections that are not used again, instead of saying goodbye in TLS.

    A bridge that hangs does not answer a goodbye: the socket would stay open past our end.
    """

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        if should_close or protocol.should_close:
            protocol.abort()
        super()._release(key, protocol, should_close=should_close)


@contextlib.contextmanager
def errors() -> Any:
    """Turn what aiohue and aiohttp raise into ours."""
    try:
        yield
    except aiohttp.ServerFingerprintMismatch as err:
        raise BadCredentials(
            "the bridge shows another certificate than when it was paired; if it was replaced, "
            "pair it anew"
        ) from err
    except Unauthorized as err:
        raise BadCredentials("the bridge does not know our key any more; pair it anew") from err
    except BridgeBusy as err:
        raise Unreachable("the bridge is overloaded") from err
    except AiohueException as err:
        raise Unreachable(f"the bridge says: {_SAFE.sub('', str(err))[:200]}") from err
    except (aiohttp.ClientError, OSError, TimeoutError) as err:
        raise Unreachable(f"the bridge does not answer ({type(err).__name__})") from err
    except (ValueError, KeyError, AttributeError, TypeError) as err:
        raise Unreachable("the bridge answers what its protocol does not allow") from err


async def pair(host: str, port: int) -> Pairing:
    """Ask the bridge for a key; its link button was pressed in the last 30 s.

    The certificate that it shows now is the one it has to show from now on. Raises Refused when the
    button was not pressed, Unreachable.
    """
    with errors():
        async with asyncio.timeout(ANSWER_LIMIT_S):
            certificate = await _certificate(host, port)
            pin = aiohttp.Fingerprint(certificate)
            async with web.session() as session:  # nobody is known yet, so nobody is trusted
                base = f"https://{host}:{port}/api"
                async with session.get(f"{base}/config", ssl=pin) as answer:
                    config = await answer.json()
                body = {"devicetype": "moodsync#hub", "generateclientkey": True}
                async with session.post(base, json=body, ssl=pin) as answer:
                    (result,) = await answer.json()
            if "error" in result and result["error"].get("type") == LINK_BUTTON:
                raise Refused("the button on the bridge was not pressed")
            key = str(result["success"]["username"])
            return Pairing(host, port, str(config["bridgeid"]).lower(), key, certificate.hex())


async def _certificate(host: str, port: int) -> bytes:
    # Whoever answers is trusted this once, while somebody stands at the bridge and presses its
    # button; bridges sign their own certificates.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = (await addresses(host, port))[0]
    _, writer = await asyncio.open_connection(address, port, ssl=context)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return hashlib.sha256(shown).digest()
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await writer.wait_closed()
