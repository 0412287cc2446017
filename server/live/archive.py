"""The archive of live broadcasts: each closed segment goes to the disk spool, into a row, and into the object storage.

    closed → spool file → live_segments row → its objects → `archived_at` → spool file removed

Every step is repeated until it succeeds, so neither the storage nor the database may stall a broadcast; a process that
starts goes on with what it finds in the spool. A segment that overlaps a talk that must not be recorded is never put
into the storage: its row says `dropped_at`, and its file is removed at once.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from server.core.clock import now
from server.core.db import Database, Db
from server.core.errors import SemmaError
from server.core.storage import ObjectStore
from server.live import storage_keys
from server.live.models import Broadcast, LiveSegment
from server.live.spool import ClosedSegment, Spool
from server.media.live import AUDIO, VIDEO_TIMESCALE

log = structlog.get_logger(__name__)

# (broadcast, from, to) → whether what was shown then may be kept
Keeps = Callable[[Db, str, datetime, datetime], Awaitable[bool]]
# Called once a segment is settled: its number, and whether it was kept
Settled = Callable[[int, bool], None]
# Waits until it is decided which talks were on up to this moment
Decided = Callable[[datetime], Awaitable[None]]

AT_ONCE = 4  # segments that are put at the same time
_AGAIN_S = (0.3, 1.0, 2.0, 5.0)
_FOR_EVER = "public, max-age=31536000, immutable"


class Archive:
    """The archive of one ingest process, for all its rooms."""

    def __init__(self, database: Database, store: ObjectStore, spool: Spool, *, keeps: Keeps) -> None:
        self._database, self._store, self._spool, self._keeps = database, store, spool, keeps
        self._notes: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._puts: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._waiting: dict[str, dict[int, int]] = {}  # broadcast → segment → bytes
        self._unnoted: Counter[str] = Counter()
        self._unspooled: dict[tuple[str, int], ClosedSegment] = {}
        self._inits: set[str] = set()
        self._settled: dict[str, Settled] = {}
        self._decided: dict[str, Decided] = {}
        self._done = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin, with what an earlier process left in the spool."""
        for path in await asyncio.to_thread(self._spool.open):
            segment = await asyncio.to_thread(self._spool.read, path)
            if segment is not None:
                self._expect(segment)
                self._notes.put_nowait((segment.broadcast_id, segment.msn))
        works = [self._note_rows(), *(self._put_objects() for _ in range(AT_ONCE))]
        self._tasks = [asyncio.create_task(work, name="archive") for work in works]

    async def close(self) -> None:
        """Stop where it is; the spool has the rest."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def watch(self, broadcast_id: str, *, settled: Settled, decided: Decided) -> None:
        """A room says what to tell it, and what to wait for, while it writes this broadcast."""
        self._settled[broadcast_id], self._decided[broadcast_id] = settled, decided

    def unwatch(self, broadcast_id: str) -> None:
        """The room has written the broadcast's end."""
        self._settled.pop(broadcast_id, None)
        self._decided.pop(broadcast_id, None)

    async def add(self, segment: ClosedSegment) -> None:
        """Take a segment: on return it is in the spool (or in memory, when the disk refuses it). Never raises."""
        self._expect(segment)
        try:
            await asyncio.to_thread(self._spool.write, segment)
        except OSError as error:
            log.error("archive.spool_refused", broadcast=segment.broadcast_id, msn=segment.msn, error=str(error))
            self._unspooled[segment.broadcast_id, segment.msn] = segment
        self._notes.put_nowait((segment.broadcast_id, segment.msn))

    def waiting(self, broadcast_id: str) -> dict[int, int]:
        """Segments that the storage does not have yet, by number, with their bytes."""
        return self._waiting.get(broadcast_id, {})

    async def noted(self, broadcast_id: str) -> None:
        """Wait until every segment of the broadcast that is in the spool has its row."""
        while self._unnoted.get(broadcast_id):
            self._done.clear()
            await self._done.wait()

    async def settle(self, broadcast_id: str) -> None:
        """Wait until every segment of the broadcast is in the storage, or dropped."""
        while self._waiting.get(broadcast_id):
            self._done.clear()
            await self._done.wait()

    def _expect(self, segment: ClosedSegment) -> None:
        self._waiting.setdefault(segment.broadcast_id, {})[segment.msn] = segment.size_bytes
        self._unnoted[segment.broadcast_id] += 1

    # ---- the steps

    async def _note_rows(self) -> None:
        while True:
            broadcast_id, msn = await self._notes.get()
            segment = await self._segment(broadcast_id, msn)
            if segment is not None and await self._until_done(self._note, segment):
                self._puts.put_nowait((broadcast_id, msn))
            else:
                await self._forget(broadcast_id, msn, kept=False, is_readable=segment is not None)
            self._unnoted[broadcast_id] -= 1
            self._done.set()

    async def _put_objects(self) -> None:
        while True:
            broadcast_id, msn = await self._puts.get()
            segment = await self._segment(broadcast_id, msn)
            kept = segment is not None and await self._until_done(self._keep, segment)
            await self._forget(broadcast_id, msn, kept=kept, is_readable=segment is not None)

    async def _segment(self, broadcast_id: str, msn: int) -> ClosedSegment | None:
        held = self._unspooled.get((broadcast_id, msn))
        path: Path = self._spool.path_of(broadcast_id, msn)
        return held or await asyncio.to_thread(self._spool.read, path)

    async def _until_done(self, step: Callable[[ClosedSegment], Awaitable[bool]], segment: ClosedSegment) -> bool:
        """Do a step, again and again while an engine is away."""
        failures = 0
        while True:
            try:
                return await step(segment)
            except (SemmaError, SQLAlchemyError, OSError) as error:
                wait_s = _AGAIN_S[min(failures, len(_AGAIN_S) - 1)]
                failures += 1
                log.warning(
                    "archive.again",
                    broadcast=segment.broadcast_id,
                    msn=segment.msn,
                    failures=failures,
                    error=str(error),
                )
                await asyncio.sleep(wait_s)

    async def _note(self, segment: ClosedSegment) -> bool:
        """The segment's row; False when its broadcast is gone."""
        async with self._database.write() as db:
            if await db.get(Broadcast, segment.broadcast_id) is None:
                log.warning("archive.broadcast_gone", broadcast=segment.broadcast_id, msn=segment.msn)
                return False
            if await db.get(LiveSegment, (segment.broadcast_id, segment.msn)) is None:
                db.add(row_of(segment))
        return True

    async def _keep(self, segment: ClosedSegment) -> bool:
        """Put the objects, unless what they show must not be kept; whether they are there now."""
        start, end = moments_of(segment)
        decided = self._decided.get(segment.broadcast_id)
        if decided is not None:
            await decided(end)
        async with self._database.read() as db:
            wanted = await self._keeps(db, segment.broadcast_id, start, end)
        if wanted:
            await self._put(segment)
        async with self._database.write() as db:
            kept = wanted and await self._keeps(db, segment.broadcast_id, start, end)
            await _mark(db, segment, kept=kept)
        if wanted and not kept:
            await self._store.delete_many([key for key, _body in objects_of(segment)])
        return kept

    async def _put(self, segment: ClosedSegment) -> None:
        prefix = storage_keys.broadcast_prefix(segment.broadcast_id)
        inits = [
            (prefix + storage_keys.init_path(name, track.init_name), track.init)
            for name, track in segment.tracks.items()
        ]
        missing = [(key, body) for key, body in inits if key not in self._inits]
        objects = [*missing, *objects_of(segment)]
        await asyncio.gather(
            *(self._store.put(key, body, content_type=_type_of(key), cache=_FOR_EVER) for key, body in objects)
        )
        self._inits.update(key for key, _body in missing)

    async def _forget(self, broadcast_id: str, msn: int, *, kept: bool, is_readable: bool) -> None:
        """The segment is settled. A file that cannot be read stays for whoever can repair it."""
        if is_readable:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._spool.remove, broadcast_id, msn)
        self._unspooled.pop((broadcast_id, msn), None)
        waiting = self._waiting.get(broadcast_id, {})
        waiting.pop(msn, None)
        if not waiting:
            self._waiting.pop(broadcast_id, None)
        settled = self._settled.get(broadcast_id)
        if settled is not None:
            settled(msn, kept)
        self._done.set()


def row_of(segment: ClosedSegment) -> LiveSegment:
    """The segment's row, before anything is in the storage."""
    return LiveSegment(
        broadcast_id=segment.broadcast_id,
        msn=segment.msn,
        start=segment.start,
        duration=segment.duration,
        wall=segment.wall,
        discontinuity=segment.discontinuity,
        slate=segment.slate,
        tracks={name: [track.duration, len(track.data), track.init_name] for name, track in segment.tracks.items()},
    )


def objects_of(segment: ClosedSegment) -> list[tuple[str, bytes]]:
    """The segment's objects (without inits): key and bytes."""
    prefix = storage_keys.broadcast_prefix(segment.broadcast_id)
    return [
        (prefix + storage_keys.segment_path(name, segment.msn), track.data) for name, track in segment.tracks.items()
    ]


def moments_of(segment: ClosedSegment) -> tuple[datetime, datetime]:
    """The wall time the segment covers."""
    return segment.wall, segment.wall + timedelta(seconds=segment.duration / VIDEO_TIMESCALE)


def _type_of(key: str) -> str:
    return "audio/mp4" if f"/{AUDIO}/" in key else "video/mp4"


async def _mark(db: Db, segment: ClosedSegment, *, kept: bool) -> None:
    """Say that the objects are there, or that they must not be. What was dropped by an organiser meanwhile stays so."""
    moment = now()
    await db.execute(
        update(LiveSegment)
        .where(
            LiveSegment.broadcast_id == segment.broadcast_id,
            LiveSegment.msn == segment.msn,
            LiveSegment.dropped_at.is_(None),
        )
        .values({"archived_at": moment} if kept else {"dropped_at": moment})
        .execution_options(synchronize_session=False)
    )


async def last_segment(db: Db, broadcast_id: str) -> LiveSegment | None:
    """The newest segment that has a row."""
    return await db.scalar(
        select(LiveSegment).where(LiveSegment.broadcast_id == broadcast_id).order_by(LiveSegment.msn.desc()).limit(1)
    )
