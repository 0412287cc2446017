"""Put many files into the storage, several at once; memory stays at a few segments."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from server.core.storage import ObjectStore, Part, part_size_for

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


async def put_file(store: ObjectStore, key: str, path: Path, content_type: str) -> int:
    """Store one large file in parts, one in memory at a time; returns its size."""
    size_bytes = (await asyncio.to_thread(path.stat)).st_size
    for left in await store.open_multiparts(key):
        await store.abort_multipart(left.key, left.upload_id)
    multipart = await store.begin_multipart(key, content_type=content_type)
    try:
        parts: list[Part] = []
        part_bytes = part_size_for(size_bytes)
        with path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, part_bytes):
                parts.append(await store.put_part(key, multipart, len(parts) + 1, part))
        await store.complete_multipart(key, multipart, parts)
    except BaseException:
        await store.abort_multipart(key, multipart)
        raise
    return size_bytes
