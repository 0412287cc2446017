"""Take a programme in: read it, compare it, note it as an import, and apply it when that is wanted."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from server.accounts.actor import Actor
from server.core.db import Db
from server.core.ids import new_id
from server.core.jobs import enqueue
from server.core.runtime import Runtime
from server.events.errors import EventNotFound
from server.events.models import Event
from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.read import read_programme
from server.sessions.imports.apply import (
    INLINE_SESSIONS,
    Task,
    apply_import,
    describe,
    plan_import,
    write_import,
)
from server.sessions.imports.changes import tell_import
from server.sessions.imports.errors import ImportTooLarge, NotToBeApplied
from server.sessions.imports.facts import Plan, make_plan, name_the_rest, read_facts
from server.sessions.imports.history import discard_older, find_import
from server.sessions.imports.models import APPLYING, SHOWN, UNCHANGED, Import, ProgrammeSource
from server.sessions.imports.packed import pack
from server.sessions.imports.returned import is_returned
from server.sessions.imports.sources import find_source, source_for_file, source_like
from server.sessions.jobs import ApplyProgramme

MOST_BYTES = 10 * 1024 * 1024
POLL, FILE, COMMAND = "poll", "file", "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A file and who brought it. `url`: where it came from; `source_id`: what it is the newer version of, if said."""

    event_id: str
    data: bytes
    name: str = ""
    url: str = ""
    source_id: str = ""
    way: str = FILE
    by_user_id: str | None = None
    by_name: str = ""


def brought_by(actor: Actor) -> dict[str, Any]:
    """Who an import is by."""
    return {"by_user_id": actor.user_id, "by_name": (actor.name or actor.email)[:200]}


async def read_brought(runtime: Runtime, brought: Brought) -> ReadProgramme:
    """What the file says, in the event's time zone. Raises ImportTooLarge, BadProgramme, EventNotFound."""
    if len(brought.data) > MOST_BYTES:
        raise ImportTooLarge
    async with runtime.database.read() as db:
        event = await db.get(Event, brought.event_id)
    if event is None:
        raise EventNotFound
    programme = await asyncio.to_thread(
        read_programme, brought.data, name=brought.name, base_url=brought.url, time_zone=event.time_zone
    )
    from_here = is_returned(programme, base_url=runtime.base_url, slug=event.slug)
    return msgspec.structs.replace(programme, from_here=True) if from_here else programme


async def take_programme(runtime: Runtime, brought: Brought, *, apply: bool, later: bool = True) -> Import:
    """Note the file as an import: shown, applied, or unchanged. A large one is applied by a job, if `later`.

    Raises what reading it raises; then nothing is noted.
    """
    return await take_read(runtime, brought, await read_brought(runtime, brought), apply=apply, later=later)


async def take_read(
    runtime: Runtime, brought: Brought, programme: ReadProgramme, *, apply: bool, later: bool = True
) -> Import:
    """The same with a file that was read already."""
    source_id = brought.source_id
    async with runtime.database.write() as db:
        if source_id:
            source: ProgrammeSource = await find_source(db, brought.event_id, source_id)
        else:
            source = await source_for_file(db, brought.event_id, brought.name, programme)
        source_id = source.id
        if not programme.from_here:
            source.form = programme.form[:40]
    row = _noted(brought, source_id, programme)
    if apply and later and len(programme.sessions) > INLINE_SESSIONS:
        return await _note_for_job(runtime, row, programme)
    return await _note(runtime, row, programme, await plan_import(runtime.database, source_id, programme), apply=apply)


async def _note_for_job(runtime: Runtime, row: Import, programme: ReadProgramme) -> Import:
    """Note a large import that a job compares and applies."""
    row.state = APPLYING
    row.programme = await asyncio.to_thread(pack, programme)
    async with runtime.database.write() as db:
        db.add(row)
        await db.flush()
        if not programme.from_here:
            await discard_older(db, row)
        await enqueue(db, ApplyProgramme(programme_import=row.id), subject=row.id)
        tell_import(db, runtime, row, act="created")
    return row


async def _note(runtime: Runtime, row: Import, programme: ReadProgramme, plan: Plan, *, apply: bool) -> Import:
    """Note an import with what it changes, and apply it in the same commit, if that is wanted.

    What changes nothing that is seen needs nobody's yes: what edits are compared with is brought up to date.
    """
    describe(row, plan, notes=programme.notes)
    row.state = SHOWN if plan.has_news else UNCHANGED
    if row.way == POLL and not plan.has_news:
        return row  # a look that brought nothing new is the source's to note
    at_once = plan.has_news and (apply or plan.diff.is_empty)
    if plan.has_news and not at_once:
        row.programme = await asyncio.to_thread(pack, programme)
    async with runtime.database.write() as db:
        db.add(row)
        await db.flush()
        if not programme.from_here:  # what waits of its source still does
            await discard_older(db, row)
        tell_import(db, runtime, row, act="created")
        if not at_once:
            return row
        task = Task(id=row.id, source_id=row.source_id, state=row.state, programme=programme)
        if await write_import(db, runtime, task, plan) is not None:
            return row
        row.programme = pack(programme)  # somebody was quicker: decided anew below
    return await apply_import(runtime, row.id)


def _noted(brought: Brought, source_id: str, programme: ReadProgramme) -> Import:
    return Import(
        id=new_id(),
        event_id=brought.event_id,
        source_id=source_id,
        way=brought.way,
        by_user_id=brought.by_user_id,
        by_name=brought.by_name,
        filename=brought.name[:200],
        url=brought.url[:2000],
        form=programme.form[:40],
        generator=programme.generator[:200],
        programme_version=programme.version[:300],
        size_bytes=len(brought.data),
        sessions=len(programme.sessions),
        counts={},
        diff={},
        notes=[],
        undo={},
        programme="",
        version=1,
    )


async def order_apply(db: Db, runtime: Runtime, row: Import) -> None:
    """Have a large import applied by a job. `row` is locked by the caller and waits."""
    row.state = APPLYING
    row.version += 1
    await enqueue(db, ApplyProgramme(programme_import=row.id), subject=row.id)
    tell_import(db, runtime, row, act="changed")


def digest_of(data: bytes) -> str:
    """What tells whether a file is the one that was taken last."""
    return hashlib.sha256(data).hexdigest()


async def apply_now(runtime: Runtime, event_id: str, import_id: str) -> Import:
    """Apply an import that waits: while the asker waits, or, a large one, by a job.

    Raises ImportNotThere, NotToBeApplied, ImportMoved.
    """
    async with runtime.database.write() as db:
        row = await find_import(db, event_id, import_id, lock=True)
        if row.state != SHOWN:
            raise NotToBeApplied
        if row.sessions > INLINE_SESSIONS:
            await order_apply(db, runtime, row)
            return row
    await apply_import(runtime, import_id)
    async with runtime.database.read() as db:
        return await find_import(db, event_id, import_id)


async def dry_run(runtime: Runtime, brought: Brought) -> tuple[ReadProgramme, Plan]:
    """What the file would change, noting nothing. Raises what reading it raises."""
    programme = await read_brought(runtime, brought)
    async with runtime.database.read() as db:
        source = await source_like(db, brought.event_id, brought.name, programme)
        if source is None:  # nobody's yet; never written
            source = ProgrammeSource(id=new_id(), event_id=brought.event_id, version=1, answers={})
        facts = await read_facts(db, source, programme)
        return programme, await name_the_rest(db, make_plan(facts, programme))
