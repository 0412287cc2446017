"""A bad line: a connection that sends part of a PATCH and then hangs, breaks, or listens."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.server.uploads.world import BYTES, TUS, World


@dataclass
class Line:
    """One connection with a PATCH on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, body: bytes) -> None:
        """Send more of the body."""
        self.writer.write(body)
        await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """The answer's status and all of it; raises when none comes before the connection ends."""
        async with asyncio.timeout(30):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            body = await self.reader.readexactly(int(length[1])) if length else b""
        return int(head.split(b" ", 2)[1]), head + body

    async def cut(self) -> None:
        """End the connection."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


async def open_patch(base_url: str, path: str, world: World, *, offset: int, announced: int, **extra: str) -> Line:
    """Connect and send the head of a PATCH that announces so many bytes."""
    where = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    headers = TUS | BYTES | world.organiser | {"Upload-Offset": str(offset), "Content-Length": str(announced)} | extra
    lines = [
        f"PATCH {path} HTTP/1.1",
        f"Host: {where.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    line = Line(reader, writer)
    await line.send("\r\n".join([*lines, "", ""]).encode())
    return line
