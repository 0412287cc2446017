"""Apply an import: decide on what is here, write last, and note what taking it back needs. One transaction.

What the decision was made on is compared with what is here when it is written; whoever finds another state decides
anew. So a long decision holds no lock, and no edit is lost.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from server.core.clock import now
from server.core.db import Database, Db
from server.core.runtime import Runtime
from server.sessions.formats.form import Note, ReadProgramme
from server.sessions.imports.changes import tell_import, tell_sessions
from server.sessions.imports.errors import ImportMoved, ImportNotThere, NotToBeApplied
from server.sessions.imports.facts import Plan, make_plan, name_the_rest, read_facts
from server.sessions.imports.known import read_stamp
from server.sessions.imports.models import APPLIED, APPLYING, SHOWN, UNCHANGED, Import, ProgrammeSource
from server.sessions.imports.packed import unpack
from server.sessions.imports.places import ROOM, SPEAKER, TRACK
from server.sessions.imports.write_places import write_places
from server.sessions.imports.write_sessions import Changed, set_deleted, write_changed, write_new, write_rows

_TRIES = 4
# So many sessions are applied while the request waits; more are a job with progress.
INLINE_SESSIONS = 1_000


async def plan_import(database: Database, source_id: str, programme: ReadProgramme) -> Plan:
    """What the programme would change now; holds no transaction while it decides. Raises ImportNotThere."""
    async with database.read() as db:
        source = await db.get(ProgrammeSource, source_id)
        if source is None:
            raise ImportNotThere
        facts = await read_facts(db, source, programme)
    plan = await asyncio.to_thread(make_plan, facts, programme)
    async with database.read() as db:
        return await name_the_rest(db, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An import that is to be applied, as it was read."""

    id: str
    source_id: str
    state: str
    programme: ReadProgramme


async def read_task(db: Db, import_id: str) -> Task:
    """The import with its programme; raises ImportNotThere, NotToBeApplied."""
    columns = (Import.id, Import.source_id, Import.state, Import.programme)
    row = (await db.execute(select(*columns).where(Import.id == import_id))).one_or_none()
    if row is None:
        raise ImportNotThere
    if row.state not in (SHOWN, APPLYING) or not row.programme:
        raise NotToBeApplied
    return Task(id=row.id, source_id=row.source_id, state=row.state, programme=unpack(row.programme))


async def apply_import(runtime: Runtime, import_id: str) -> Import:
    """Apply an import that waits. Raises ImportNotThere, NotToBeApplied, ImportMoved."""
    async with runtime.database.read() as db:
        task = await read_task(db, import_id)
    for _ in range(_TRIES):
        plan = await plan_import(runtime.database, task.source_id, task.programme)
        async with runtime.database.write() as db:
            row = await write_import(db, runtime, task, plan)
        if row is not None:
            return row
    raise ImportMoved


async def write_import(db: Db, runtime: Runtime, task: Task, plan: Plan) -> Import | None:
    """Write the plan, unless something else was changed since it was made (None). Locks the source first."""
    source = await db.get(ProgrammeSource, task.source_id, with_for_update=True, populate_existing=True)
    row = await db.get(Import, task.id, with_for_update=True, populate_existing=True)
    if source is None or row is None:
        raise ImportNotThere
    if row.state not in (SHOWN, APPLYING):
        raise NotToBeApplied
    if source.version != plan.facts.source_version:
        return None
    if await read_stamp(db, source.event_id) != plan.facts.here.stamp:
        return None
    moment = now()
    row.undo = await carry_out(db, source, plan, moment)
    describe(row, plan, notes=task.programme.notes)
    row.state = UNCHANGED if plan.diff.is_empty else APPLIED
    row.applied_at, row.programme = moment, ""
    row.version += 1
    _forget_answers(source, plan)
    tell_import(db, runtime, row, act="applied")
    tell_sessions(db, runtime, row.event_id, row.undo)
    await db.flush()
    return row


def describe(row: Import, plan: Plan, *, notes: Sequence[Note]) -> None:
    """The diff as it stands, in the import's row."""
    row.diff = msgspec.to_builtins(plan.diff)
    row.counts = plan.diff.counts
    row.notes = [msgspec.to_builtins(note) for note in (*notes, *plan.notes)]


def _forget_answers(source: ProgrammeSource, plan: Plan) -> None:
    """What was said to be gone is flagged now; should the part come back and vanish again, that is news again."""
    if plan.decision.missing and source.answers.get("gone"):
        source.answers = {**source.answers, "gone": []}
    source.version += 1


async def carry_out(db: Db, source: ProgrammeSource, plan: Plan, moment: datetime) -> dict[str, Any]:
    """Write everything; returns what undo needs."""
    places: list[list[Any]] = []
    for kind in (ROOM, TRACK, SPEAKER):
        places += await write_places(db, source.event_id, source.id, plan.places[kind])
    steps = plan.decision.steps
    new = [step for step in steps if step.known is None]
    await write_new(db, source.event_id, plan, new, moment)
    await write_changed(db, _changed(plan), moment)
    back = [step.known.session_id for step in steps if step.known is not None and step.restore]
    await set_deleted(db, back, None)
    missing = [one.row.id for one in plan.decision.missing if one.row is not None]
    undo = _undo_of(plan, places)
    if not plan.from_here:
        await write_rows(db, source.event_id, source.id, plan, moment, missing=missing)
    return undo


def _changed(plan: Plan) -> list[Changed]:
    return [
        (step.known.session_id, step.known.values, {**step.known.values, **step.set})
        for step in plan.decision.steps
        if step.known is not None and step.set
    ]


def _undo_of(plan: Plan, places: list[list[Any]]) -> dict[str, Any]:
    """{"new": {session: values}, "changed": {session: {field: [before, after]}}, "rows": {session: row before},
    "said": {session: {field: [base before, base after]}}, "missing": [session], "back": [session], "places": […],
    "from_here": bool}.

    `new` counts those that an undone import had made once.
    """
    new: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    said: dict[str, Any] = {}
    flagged: dict[str, Any] = {}
    for step in plan.decision.steps:
        there, one = step.known, step.wanted
        if there is None:
            new[plan.new_ids[one.key]] = one.values
            continue
        row = None if plan.from_here else there.row
        if row is not None and row.withdrawn:
            new[there.session_id] = one.values
            continue
        if step.set:
            changed[there.session_id] = {name: [there.values[name], value] for name, value in step.set.items()}
        if row is not None and (row.values, row.key) != (one.values, one.key):
            before = {name: row.values.get(name) for name in one.values}
            said[there.session_id] = {
                name: [before[name], value] for name, value in one.values.items() if before[name] != value
            }
        if row is not None and row.missing_since is not None:
            hidden = step.restore
            flagged[there.session_id] = [row.missing_since.isoformat(), hidden]
    return {
        "new": new,
        "changed": changed,
        "said": said,
        "back": flagged,
        "missing": [one.session_id for one in plan.decision.missing],
        "adopted": [
            step.known.session_id
            for step in plan.decision.steps
            if step.known is not None and step.known.row is None and not plan.from_here
        ],
        "places": places,
        "from_here": plan.from_here,
    }
