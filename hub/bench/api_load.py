"""Reads one address as fast as it answers; run as a process of its own beside what it measures.

Prints one line of JSON: reads a second and the median of one read in seconds. It speaks HTTP/1.1
itself, since a client library would cost more than the server that is measured.
"""

import asyncio
import json
import sys
import time
from statistics import median

LIMIT_S = 120.0


async def _read(port: int, request: bytes, times: int, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head[:20]:
            raise SystemExit(f"not answered: {head!r}")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        took.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()


async def _load(port: int, path: str, token: str, connections: int, times: int) -> None:
    lines = f"GET {path} HTTP/1.1", f"Host: localhost:{port}", f"Authorization: Bearer {token}"
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    took: list[float] = []
    began = time.perf_counter()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(_read(port, request, times, took), name=f"reader {number}")
    rate = len(took) / (time.perf_counter() - began)
    sys.stdout.write(json.dumps({"per_s": rate, "p50_s": median(took)}))


if __name__ == "__main__":
    sent = json.loads(sys.stdin.readline())
    asyncio.run(_load(**sent))
