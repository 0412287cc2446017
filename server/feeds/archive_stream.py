"""A ZIP that is written while it is sent: nothing of it is kept, memory stays at one piece of one file.

zipstream reads its members as ordinary iterators, so it works in a thread; what is stored is fetched by the loop, piece
by piece, as it asks for it.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

import structlog
from zipstream import ZIP_DEFLATED, ZIP_STORED, ZipStream

from server.core.storage import ObjectMissing, ObjectStore
from server.feeds.archive import Member

log = structlog.get_logger(__name__)
T = TypeVar("T")
_PIECE_BYTES = 256 * 1024


class _Archive:
    """The archive as an iterator for a thread of its own; `missing` are the paths of what is not stored any more."""

    def __init__(self, store: ObjectStore, members: Sequence[Member], comment: str) -> None:
        self._store, self._members, self._comment = store, members, comment
        self._loop = asyncio.get_running_loop()
        self.missing: list[str] = []

    def pieces(self) -> Iterator[bytes]:
        """All of it, in order."""
        made = ZipStream(compress_type=ZIP_DEFLATED)
        made.comment = self._comment
        for member in self._members:
            yield from self._stored(made, member) if member.key else _small(made, member)
        if self.missing:
            yield from _small(made, Member(path="missing.txt", body="\n".join([*self.missing, ""]).encode()))
        yield from made.finalize()

    def _stored(self, made: ZipStream, member: Member) -> Iterator[bytes]:
        try:
            _found, chunks = self._wait(self._store.open(member.key, chunk_bytes=_PIECE_BYTES))
        except ObjectMissing:
            self.missing.append(member.path)
            return
        made.add(self._read(chunks), member.path, compress_type=ZIP_STORED)
        yield from made.all_files()

    def _read(self, chunks: AsyncIterator[bytes]) -> Iterator[bytes]:
        while piece := self._wait(_next(chunks)):
            yield piece

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def stream_zip(store: ObjectStore, members: Sequence[Member], *, comment: str = "") -> AsyncIterator[bytes]:
    """The archive's bytes. What is not stored any more is left out, and told in missing.txt at the end."""
    archive = _Archive(store, members, comment)
    pieces = archive.pieces()
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
    if archive.missing:
        log.warning("archive.members_missing", members=len(archive.missing))


def _small(made: ZipStream, member: Member) -> Iterator[bytes]:
    made.add(member.body, member.path)
    yield from made.all_files()


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    """The next piece, empty at the end."""
    return await anext(chunks, b"")
