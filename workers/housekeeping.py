"""Housekeeping: ring lost bells, remove what is due. Each round is idempotent; two at once do no harm."""

import structlog

from server.accounts.sweep import sweep_access
from server.core.jobs import dead_jobs, due_bells
from server.core.removals import remove_due
from server.core.runtime import Runtime
from server.upload_purposes import make_desk
from server.uploads.end import sweep_uploads
from workers.runtime import record_failure

log = structlog.get_logger(__name__)


async def housekeep(runtime: Runtime) -> None:
    """One round."""
    async with runtime.database.write() as db:
        rung = await due_bells(db)
        for row in await dead_jobs(db):
            await record_failure(db, runtime, row, row.error_code or "", row.error_detail or "")
        await sweep_access(db)
    uploads = await sweep_uploads(make_desk(runtime))
    removed = await remove_due(runtime.database, runtime.store)
    if rung or removed or any(uploads.values()):
        log.info("housekeeping.done", rung=rung, removed=removed, uploads=uploads)
