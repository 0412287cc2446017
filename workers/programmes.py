"""Programmes from elsewhere: look at a source, apply a large import. Each handler may run twice."""

import asyncio
from pathlib import Path

from server.core.db import Db
from server.core.errors import Conflict, NotFound
from server.core.fetch import Fetched, FetchFailed, FetchLimits, fetch
from server.core.runtime import Runtime
from server.sessions.formats.refused import BadProgramme
from server.sessions.imports.apply import apply_import
from server.sessions.imports.changes import tell_import
from server.sessions.imports.models import APPLYING, FAILED, Import
from server.sessions.imports.poll import ToPoll, note_failure, note_look, what_to_poll
from server.sessions.imports.take import MOST_BYTES, POLL, Brought, read_brought, take_read
from server.sessions.jobs import ApplyProgramme, PollProgramme
from workers.runtime import Work, handles, on_failure
from workers.scratch import scratch_directory

LIMITS = FetchLimits(size_bytes=MOST_BYTES, all_s=300)


@handles(PollProgramme)
async def poll_programme(job: PollProgramme, work: Work) -> None:
    """Ask for the file if it is newer; what came of it is the import, and the source's state."""
    async with work.read() as db:
        task = await what_to_poll(db, job.source)
    if task is None:
        return
    with scratch_directory(work.runtime.scratch, f"{job.source}-programme", room_bytes=MOST_BYTES) as folder:
        path = folder / "file"
        try:
            got = await fetch(task.url, path, limits=LIMITS, validator=task.validator)
            if got.is_new and got.sha256 != task.sha256:
                await _take(work.runtime, task, path, got)
        except (FetchFailed, BadProgramme) as error:
            async with work.transaction(last=True) as db:
                await note_failure(db, work.runtime, task.source_id, error)
            return
    async with work.transaction(last=True) as db:
        await note_look(db, work.runtime, task, validator=got.validator, sha256=got.sha256)


async def _take(runtime: Runtime, task: ToPoll, path: Path, got: Fetched) -> None:
    brought = Brought(
        event_id=task.event_id,
        data=await asyncio.to_thread(path.read_bytes),
        name=got.filename or task.name,
        url=task.url,
        source_id=task.source_id,
        way=POLL,
        by_name="",
    )
    programme = await read_brought(runtime, brought)
    await take_read(runtime, brought, programme, apply=task.apply_itself, later=False)


@on_failure(PollProgramme)
async def poll_failed(db: Db, runtime: Runtime, job: PollProgramme, code: str, detail: str) -> None:
    """Say on the source why nothing came of it."""
    await note_failure(db, runtime, job.source, (code, detail))


@handles(ApplyProgramme)
async def apply_programme(job: ApplyProgramme, work: Work) -> None:
    """Apply; an import that was applied, discarded or removed meanwhile is no error."""
    work.progress(0.1)
    try:
        await apply_import(work.runtime, job.programme_import)
    except NotFound:
        return
    except Conflict as error:
        if error.retryable:
            raise


@on_failure(ApplyProgramme)
async def apply_failed(db: Db, runtime: Runtime, job: ApplyProgramme, code: str, detail: str) -> None:
    """Say on the import why it was not applied."""
    row = await db.get(Import, job.programme_import, with_for_update=True)
    if row is not None and row.state == APPLYING:
        row.state, row.error_code, row.error_detail = FAILED, code, detail
        row.version += 1
        tell_import(db, runtime, row, act="failed")
