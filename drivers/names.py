"""Host names become addresses without holding anybody up."""

import asyncio
import contextlib
import socket
import threading


async def addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host, the preferred one first; the caller sets the time limit.

    A look-up cannot be cancelled. It runs in a thread of its own that nobody waits for: the
    threads of the loop's executor would be waited for when the hub stops. Raises OSError.
    """
    with contextlib.suppress(OSError):
        return _ask(host, port, socket.AI_NUMERICHOST)  # an address is its own answer
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str] | None, problem: OSError | None) -> None:
        if answer.done():
            return
        if problem is not None:
            answer.set_exception(problem)
        elif found is not None:
            answer.set_result(found)

    def look_up() -> None:
        found: list[str] | None = None
        problem: OSError | None = None
        try:
            found = _ask(host, port)
        except OSError as err:
            problem = err
        with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
            loop.call_soon_threadsafe(settle, found, problem)

    threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    return await answer


def _ask(host: str, port: int, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
