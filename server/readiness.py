"""Whether a process can serve: each engine asked, each answer named. Also the gauges that must be looked up."""

import asyncio
import shutil
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import QUEUED, JobRow
from server.core.metrics import (
    DISK_FREE_BYTES,
    JOB_OLDEST_S,
    JOBS_WAITING,
    LIVE_OLDEST_S,
    LIVE_ROOMS,
    LIVE_WAITING,
    RECORDINGS,
)
from server.core.queue import QUEUES
from server.core.runtime import Runtime
from server.live.models import ON_AIR, Broadcast, LiveSegment
from server.recordings.models import Recording

_PATIENCE_S = 3.0


async def _ask(act: Awaitable[Any]) -> dict[str, Any]:
    """Run one check with a limit; its outcome, time and error in words."""
    started = time.perf_counter()
    try:
        await asyncio.wait_for(act, _PATIENCE_S)
    except Exception as error:
        return {"ok": False, "detail": str(error) or type(error).__name__}
    return {"ok": True, "ms": round((time.perf_counter() - started) * 1000, 1)}


async def _ask_database(runtime: Runtime) -> None:
    async with runtime.database.read() as db:
        await db.execute(text("SELECT version_num FROM alembic_version"))


async def _ask_redis(runtime: Runtime) -> None:
    await runtime.redis.ping()


async def look(runtime: Runtime) -> dict[str, Any]:
    """`{"ready": bool, "checks": {name: {"ok": bool, …}}}`.

    Only the database decides: without Redis or S3 the pages, the programme and the sign-in still work, so taking the
    process out of the balancer would make a partial outage a whole one.
    """
    database, redis, store = await asyncio.gather(
        _ask(_ask_database(runtime)), _ask(_ask_redis(runtime)), _ask(runtime.store.check())
    )
    return {"ready": database["ok"], "checks": {"database": database, "redis": redis, "storage": store}}


async def measure(runtime: Runtime) -> None:
    """Set the gauges that come from the database and the disk."""
    async with runtime.database.read() as db:
        waiting = await db.execute(
            select(JobRow.queue, func.count(), func.min(JobRow.run_after))
            .where(JobRow.state == QUEUED, JobRow.run_after <= now())
            .group_by(JobRow.queue)
        )
        rows = {queue: (count, oldest) for queue, count, oldest in waiting}
        states = await db.execute(
            select(Recording.state, func.count()).where(Recording.deleted_at.is_(None)).group_by(Recording.state)
        )
        RECORDINGS.clear()
        for state, count in states:
            RECORDINGS.labels(state).set(count)
        await _measure_live(db)
    for queue in QUEUES:
        count, oldest = rows.get(queue, (0, None))
        JOBS_WAITING.labels(queue).set(count)
        JOB_OLDEST_S.labels(queue).set((now() - oldest).total_seconds() if oldest else 0)
    DISK_FREE_BYTES.set(shutil.disk_usage(_existing(runtime.scratch)).free)


async def _measure_live(db: Db) -> None:
    rooms = select(Broadcast.encoder, func.count()).where(Broadcast.state == ON_AIR).group_by(Broadcast.encoder)
    LIVE_ROOMS.clear()
    for encoder, count in await db.execute(rooms):
        LIVE_ROOMS.labels(encoder).set(count)
    unfinished = select(Broadcast.id).where(Broadcast.closed_at.is_(None))
    waiting = select(func.count(), func.min(LiveSegment.wall)).where(
        LiveSegment.broadcast_id.in_(unfinished),  # a broadcast is closed once all of it is stored
        LiveSegment.archived_at.is_(None),
        LiveSegment.dropped_at.is_(None),
    )
    count, oldest = (await db.execute(waiting)).one()
    LIVE_WAITING.set(count)
    LIVE_OLDEST_S.set((now() - oldest).total_seconds() if oldest else 0)


def _existing(path: Path) -> Path:
    """The path, or its nearest parent that is there."""
    return next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
