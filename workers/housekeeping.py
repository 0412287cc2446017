"""Housekeeping: ring lost bells, remove what is due. Each round is idempotent; two at once do no harm."""

import structlog

from server.core.jobs import due_bells
from server.core.removals import remove_due
from server.core.runtime import Runtime

log = structlog.get_logger(__name__)


async def housekeep(runtime: Runtime) -> None:
    """One round."""
    async with runtime.database.write() as db:
        rung = await due_bells(db)
    removed = await remove_due(runtime.database, runtime.store)
    if rung or removed:
        log.info("housekeeping.done", rung=rung, removed=removed)
