"""Where an upload's bytes lie in the object storage until they are one object.

Whole parts go into an S3 multipart under `key`. What is shorter than a part is kept as small objects, tails, and put in
front of the next part that gets full. Everything of an upload lies under `uploads/{id}/`.
"""

import asyncio
from collections.abc import Sequence

from server.core.storage import ObjectMissing, ObjectStore, Part
from server.uploads.errors import Lost
from server.uploads.hold import Tail

# Up to so many tails simply stand side by side; beyond, a new one swallows those before it that are not larger than
# twice itself. Sizes then at least halve from tail to tail, so there are never more than MANY_TAILS + log2(part size),
# and every byte is rewritten O(log n) times even when a client sends its file byte by byte.
MANY_TAILS = 16
MOST_TAILS = 10_000


def prefix_of(upload_id: str) -> str:
    """Everything an upload owns in the storage."""
    return f"uploads/{upload_id}/"


def file_key(upload_id: str) -> str:
    """The object a finished upload is."""
    return f"{prefix_of(upload_id)}file"


def tails_prefix(upload_id: str) -> str:
    """The small objects of an upload that is not finished."""
    return f"{prefix_of(upload_id)}tails/"


def swallowed(tails: Sequence[Tail], size_bytes: int, *, many: int = MANY_TAILS) -> int:
    """How many of the last tails a new one of this size takes in."""
    if len(tails) < many:
        return 0
    count = 0
    while count < len(tails) and tails[-1 - count].size_bytes <= 2 * size_bytes:
        size_bytes += tails[-1 - count].size_bytes
        count += 1
    return count


async def put_tail(
    store: ObjectStore,
    upload_id: str,
    tails: Sequence[Tail],
    body: bytes,
    *,
    start_bytes: int,
    fence: int,
    many: int = MANY_TAILS,
) -> list[Tail]:
    """Keep bytes that follow `tails` as a tail of their own, or joined with some before; returns all tails then."""
    count = swallowed(tails, len(body), many=many)
    kept, taken = list(tails[: len(tails) - count]), tails[len(tails) - count :]
    if taken:
        start_bytes = taken[0].start_bytes
        body = await load_tails(store, taken) + body
    # The fence and the size make the name new: an older writer that is still about can never overwrite this one.
    key = f"{tails_prefix(upload_id)}{start_bytes:015d}-{fence}-{len(body)}"
    await store.put(key, body)
    return [*kept, Tail(start_bytes, len(body), key)]


async def load_tails(store: ObjectStore, tails: Sequence[Tail]) -> bytes:
    """The bytes of tails, joined (less than a part); raises Lost when the storage has them no more."""
    try:
        bodies = await asyncio.gather(*(store.get(tail.key) for tail in tails))
    except ObjectMissing:
        raise Lost from None
    if any(len(body) != tail.size_bytes for body, tail in zip(bodies, tails, strict=True)):
        raise Lost
    return b"".join(bodies)


async def put_part(
    store: ObjectStore, *, key: str, multipart_id: str, number: int, tails: Sequence[Tail], body: bytearray
) -> Part:
    """Store a whole part: its tails, then the bytes held in memory. Raises Lost when the multipart is gone."""
    # Bytes and not a file object: they go to the socket in one piece, and no "100 Continue" is waited for.
    whole = await load_tails(store, tails) + body if tails else body
    try:
        return await store.put_part(key, multipart_id, number, whole)
    except ObjectMissing:
        raise Lost from None
