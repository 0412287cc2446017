"""A small load client: keep-alive HTTP/1.1 connections that ask again as soon as they are answered."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What came back: answers a second, times in milliseconds."""

    rps: float
    p50_ms: float
    p99_ms: float
    answers: int
    size_bytes: int


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """One request on a connection; the body's size. Raises AssertionError unless it is a 200."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head[:200]
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            size = int(line.split(b":")[1])
            await reader.readexactly(size)
            return size
    raise AssertionError("the answer does not say how long it is")


async def _keep_asking(port: int, request: bytes, until: float, times: list[float]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 0
    while (started := time.perf_counter()) < until:
        size = await _ask(reader, writer, request)
        times.append(time.perf_counter() - started)
    writer.close()
    return size


async def _load(port: int, path: str, connections: int, seconds: float) -> Load:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html,application/json\r\n"
        "Accept-Encoding: identity\r\n\r\n"
    ).encode()
    await _keep_asking(port, request, time.perf_counter() + 0.5, [])  # warm
    times: list[float] = []
    started = time.perf_counter()
    sizes = await asyncio.gather(*(_keep_asking(port, request, started + seconds, times) for _ in range(connections)))
    took = time.perf_counter() - started
    times.sort()
    return Load(
        rps=len(times) / took,
        p50_ms=times[len(times) // 2] * 1000,
        p99_ms=times[int(len(times) * 0.99)] * 1000,
        answers=len(times),
        size_bytes=sizes[0],
    )


def load(port: int, path: str, *, connections: int = 16, seconds: float = 8) -> Load:
    """Ask for a path on so many connections at once for so many seconds."""
    return asyncio.run(_load(port, path, connections, seconds))
