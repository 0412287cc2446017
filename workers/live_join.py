"""Join the archived segments of a cut into one file, and plan the better encode from it. May run twice.

Nothing is decoded and nothing is kept on disk: segments are fetched ahead, their samples copied into the parts of a
multipart object. The first part is stored last, because the file's head says how long it is.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from server.core.db import Db
from server.core.storage import MIN_PART_BYTES, ObjectMissing, ObjectStore, Part
from server.live.models import LiveSegment
from server.live.storage_keys import init_path, segment_path
from server.media.join_mp4 import HEAD_BYTES, Mp4Joiner
from server.media.live import AUDIO, AUDIO_RATE, VIDEO_TIMESCALE
from server.media.probe import probe
from server.media.source_info import SourceInfo
from server.recordings.better import JOIN_SHARE, list_to_join
from server.recordings.jobs import JoinCut
from server.recordings.keys import joined_path, recording_prefix
from server.recordings.live_list import LiveList
from server.recordings.models import Recording, Rendition
from server.recordings.plan import decide, plan_better
from workers.recordings import SOURCE_URL_S, SourceGone, tell
from workers.runtime import Work, handles

AHEAD = 4  # segments fetched before they are needed


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A segment of one track, and how far its times are moved, in the track's ticks."""

    track: str
    key: str
    init: str
    shift: int


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
    plan = decide(info, ladder=limits.ladder, chunk_ms=limits.chunk_s * 1000)
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


async def _pieces(db: Db, recording: Recording, live: LiveList) -> list[_Piece]:
    """The segments of the highest rung and the sound, in order; what was cut away between them is closed up."""
    rungs = await db.scalars(
        select(Rendition.name)
        .where(Rendition.recording_id == recording.id, Rendition.generation == live.generation)
        .where(Rendition.kind == "video")
        .order_by(Rendition.position)
        .limit(1)
    )
    names = [*rungs, AUDIO]
    rows = await db.scalars(
        select(LiveSegment)
        .where(LiveSegment.broadcast_id == live.broadcast)
        .where(LiveSegment.msn.between(live.runs[0][0], live.runs[-1][1]))
        .order_by(LiveSegment.msn)
    )
    pieces, at = [], 0
    for row in rows:
        if not live.lists(row.msn):
            continue
        for name in names:
            if name in row.tracks:
                rate = AUDIO_RATE if name == AUDIO else VIDEO_TIMESCALE
                shift = round((at - row.start) * rate / VIDEO_TIMESCALE)
                key = live.prefix + segment_path(name, row.msn)
                init = live.prefix + init_path(name, row.tracks[name][2])
                pieces.append(_Piece(track=name, key=key, init=init, shift=shift))
        at += row.duration
    return pieces


async def _write(work: Work, key: str, pieces: list[_Piece]) -> None:
    """Write the file as a multipart object; raises SourceGone when a segment is not there any more."""
    for left in await work.store.open_multiparts(key):
        await work.store.abort_multipart(left.key, left.upload_id)
    multipart = await work.store.begin_multipart(key, content_type="video/mp4")
    try:
        joiner, parts = Mp4Joiner(), _Parts(work.store, key, multipart)
        done = 0
        async for piece, init, data in _fetched(work.store, pieces):
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


async def _fetched(store: ObjectStore, pieces: list[_Piece]) -> AsyncIterator[tuple[_Piece, bytes, bytes]]:
    """Each piece with its init and its bytes, a few fetched ahead. Raises SourceGone."""
    inits: dict[str, bytes] = {}
    running: list[asyncio.Task[bytes]] = []
    try:
        for number, piece in enumerate(pieces):
            running += [
                asyncio.ensure_future(store.get(later.key)) for later in pieces[number + len(running) : number + AHEAD]
            ]
            if piece.init not in inits:
                inits[piece.init] = await store.get(piece.init)
            yield piece, inits[piece.init], await running.pop(0)
    except ObjectMissing:
        raise SourceGone from None
    finally:
        for task in running:
            task.cancel()
