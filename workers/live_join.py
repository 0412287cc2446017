"""Join the archived segments of a cut into one file, and plan the better encode from it. May run twice.

Nothing is decoded and nothing is kept on disk: segments are fetched ahead, their samples copied into the parts of a
multipart object. The first part is stored last, because the file's head says how long it is.
"""

import msgspec
from sqlalchemy import select

from server.core.db import Db
from server.core.storage import MIN_PART_BYTES, ObjectStore, Part
from server.media.join_mp4 import HEAD_BYTES, Mp4Joiner
from server.media.live import AUDIO, VIDEO_TIMESCALE
from server.media.probe import probe
from server.media.source_info import SourceInfo
from server.recordings.better import JOIN_SHARE, list_to_join
from server.recordings.jobs import JoinCut
from server.recordings.keys import joined_path, recording_prefix
from server.recordings.live_list import LiveList
from server.recordings.models import Recording, Rendition
from server.recordings.pieces import Piece, live_pieces
from server.recordings.plan import decide, plan_better
from workers.fetch_pieces import fetched
from workers.recordings import SOURCE_URL_S, tell
from workers.runtime import Work, handles


@handles(JoinCut)
async def join(job: JoinCut, work: Work) -> None:
    """Make the file unless it is there; look at it; write down chunks and their jobs."""
    async with work.read() as db:
        recording = await db.get(Recording, job.recording)
        live = list_to_join(recording, job.generation) if recording is not None else None
        if recording is None or live is None:
            return
        pieces = await _pieces(db, recording, live)

    async def carry(db: Db, share: float) -> None:
        fresh = await db.get(Recording, job.recording, with_for_update={"skip_locked": True})
        if fresh is not None and fresh.next_generation == job.generation and share > fresh.next_progress:
            fresh.next_progress = share
            fresh.version += 1
            tell(db, work.runtime, fresh)

    work.on_beat = carry
    key = recording_prefix(recording.id) + joined_path(job.generation)
    await _write(work, key, pieces)
    info = await probe(await work.store.presign(key, expires_s=SOURCE_URL_S))
    info = at_borders(info, live, recording.duration_ms or 0)
    limits = work.runtime.limits
    plan = decide(info, ladder=limits.ladder, chunk_ms=limits.chunk_s * 1000, preset=limits.encode_preset)
    async with work.transaction(last=True) as db:
        fresh = await db.get(Recording, job.recording, with_for_update=True)
        if fresh is not None:
            await plan_better(db, fresh, info, plan, job.generation)
            await db.flush()
            tell(db, work.runtime, fresh)


def at_borders(info: SourceInfo, live: LiveList, duration_ms: int) -> SourceInfo:
    """The joined file holds whole segments: the talk begins and ends inside them."""
    origin_us = round(live.clip[0] * 1_000_000 / VIDEO_TIMESCALE)
    return msgspec.structs.replace(info, origin_us=origin_us, duration_ms=duration_ms)


async def _pieces(db: Db, recording: Recording, live: LiveList) -> list[Piece]:
    """The segments of the highest rung and the sound, in order."""
    rungs = await db.scalars(
        select(Rendition.name)
        .where(Rendition.recording_id == recording.id, Rendition.generation == live.generation)
        .where(Rendition.kind == "video")
        .order_by(Rendition.position)
        .limit(1)
    )
    return await live_pieces(db, live, [*rungs, AUDIO])


async def _write(work: Work, key: str, pieces: list[Piece]) -> None:
    """Write the file as a multipart object; raises SourceGone when a segment is not there any more."""
    for left in await work.store.open_multiparts(key):
        await work.store.abort_multipart(left.key, left.upload_id)
    multipart = await work.store.begin_multipart(key, content_type="video/mp4")
    try:
        joiner, parts = Mp4Joiner(), _Parts(work.store, key, multipart)
        done = 0
        async for piece, init, data in fetched(work.store, pieces):
            await parts.add(joiner.add(piece.track, init, data, shift=piece.shift))
            done += 1
            work.progress(JOIN_SHARE * done / len(pieces))
        await parts.end(joiner.head(), joiner.finish())
        await work.store.complete_multipart(key, multipart, parts.stored)
    except BaseException:
        await work.store.abort_multipart(key, multipart)
        raise


class _Parts:
    """Bytes that come one after the other, stored in parts of one size; the first waits for the file's head."""

    def __init__(self, store: ObjectStore, key: str, multipart: str) -> None:
        self._store, self._key, self._multipart = store, key, multipart
        self._first = b""
        self._held = bytearray(HEAD_BYTES)  # the head's place
        self._others: list[Part] = []

    async def add(self, data: bytes) -> None:
        """The next bytes."""
        self._held += data
        while len(self._held) >= MIN_PART_BYTES:
            part = bytes(self._held[:MIN_PART_BYTES])
            del self._held[:MIN_PART_BYTES]
            await self._put(part)

    async def _put(self, part: bytes) -> None:
        if not self._first:
            self._first = part
            return
        number = len(self._others) + 2
        self._others.append(await self._store.put_part(self._key, self._multipart, number, part))

    async def end(self, head: bytes, tail: bytes) -> None:
        """The last bytes, and the head over the first ones."""
        await self.add(tail)
        if self._held:
            await self._put(bytes(self._held))
        first = await self._store.put_part(self._key, self._multipart, 1, head + self._first[HEAD_BYTES:])
        self.stored = [first, *self._others]
