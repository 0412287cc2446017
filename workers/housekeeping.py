"""Housekeeping: ring lost bells, remove what is due. Each round is idempotent; two at once do no harm."""

import time
from datetime import timedelta

import structlog
from sqlalchemy import delete

from server.accounts.sweep import sweep_access
from server.core.clock import now
from server.core.jobs import ENDED, JobRow, dead_jobs, due_bells
from server.core.queue import QUEUES
from server.core.redis import empty_lists, first_within
from server.core.removals import remove_due
from server.core.runtime import Runtime
from server.orphans import sweep_orphans
from server.sessions.imports.settle import hide_missing
from server.sessions.imports.sources import order_polls
from server.slides.add import order_missing
from server.slides.changes import tell
from server.slides.linked import order_looks, settle_links, unsettled_sessions
from server.upload_purposes import make_desk
from server.uploads.end import sweep_uploads
from workers.downloads import look_after_downloads
from workers.purge import purge
from workers.runtime import record_failure
from workers.scratch import sweep_scratch
from workers.webhooks import forget_deliveries

log = structlog.get_logger(__name__)

SCRATCH_AGE_S = 6 * 3600  # longer than any job may take
JOBS_KEPT = timedelta(days=30)


async def housekeep(runtime: Runtime) -> None:
    """One round."""
    silent = await empty_lists(runtime.redis, QUEUES)
    async with runtime.database.write() as db:
        rung = await due_bells(db, queues=silent)
        for row in await dead_jobs(db):
            await record_failure(db, runtime, row, row.error_code or "", row.error_detail or "")
        await sweep_access(db)
        for deck in await order_missing(db):
            tell(db, runtime, deck)
    await follow_links(runtime)
    await follow_programmes(runtime)
    uploads = await sweep_uploads(make_desk(runtime))
    removed = await remove_due(runtime.database, runtime.store)
    sweep_scratch(runtime.scratch, older_than_s=SCRATCH_AGE_S, moment_s=time.time())
    if await first_within(runtime.redis, "housekeeping:hour", seconds=3600):
        await _hourly(runtime)
    if rung or removed or any(uploads.values()):
        log.info("housekeeping.done", rung=rung, removed=removed, uploads=uploads)


async def follow_links(runtime: Runtime) -> None:
    """Links to slides that came, went, or are to be looked at again."""
    async with runtime.database.read() as db:
        sessions = await unsettled_sessions(db)
    for session_id in sessions:
        async with runtime.database.write() as db:
            for deck in await settle_links(db, session_id, undo_s=runtime.limits.undo_s):
                tell(db, runtime, deck)
    async with runtime.database.write() as db:
        await order_looks(db)


async def follow_programmes(runtime: Runtime) -> None:
    """Sources of programmes that are to be looked at; sessions that have been missing from theirs for too long."""
    async with runtime.database.write() as db:
        await order_polls(db)
        await hide_missing(db, runtime)


async def _hourly(runtime: Runtime) -> None:
    """What needs a look at everything: objects without an owner, rows of work long done."""
    purged = await purge(runtime)
    await look_after_downloads(runtime)
    orphans = await sweep_orphans(runtime.database, runtime.store)
    async with runtime.database.write() as db:
        await forget_deliveries(db)
        await db.execute(delete(JobRow).where(JobRow.state.in_(ENDED), JobRow.updated_at < now() - JOBS_KEPT))
    log.info("housekeeping.hourly", purged=purged, orphans=orphans)
