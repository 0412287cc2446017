"""Put many files into the storage, several at once; memory stays at a few segments."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from server.core.storage import ObjectStore

AT_ONCE = 6


async def put_all(store: ObjectStore, prefix: str, files: Sequence[tuple[str, bytes | Path, str]]) -> None:
    """Store every (path below the prefix, bytes or file, content type); raises the first error once all have ended."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def put(path: str, body: bytes | Path, content_type: str) -> None:
        async with slots:
            data = body if isinstance(body, bytes) else await asyncio.to_thread(body.read_bytes)
            await store.put(prefix + path, data, content_type=content_type)

    outcomes = await asyncio.gather(*(put(*file) for file in files), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
