"""A person's answers to what an import asks: the same talk or another one; really gone. They are kept."""

from sqlalchemy import select

from server.core.db import Db
from server.core.runtime import Runtime
from server.sessions.imports.apply import describe, plan_import
from server.sessions.imports.changes import tell_import, tell_sessions
from server.sessions.imports.history import find_import, remember_answer, remember_gone
from server.sessions.imports.models import APPLIED, SHOWN, Import
from server.sessions.imports.packed import unpack
from server.sessions.imports.twins import join_twins


async def answer_twin(db: Db, runtime: Runtime, row: Import, *, key: str, session: str, same: bool) -> None:
    """Keep the answer; of an import that was applied already, join the two at once. `row` is locked.

    Raises AnswerInvalid.
    """
    await remember_answer(db, row, key=key, session=session, same=same)
    if same and row.state == APPLIED and await join_twins(db, row, key=key, session=session):
        tell_sessions(db, runtime, row.event_id, {"new": {}, "changed": {session: {}}, "back": {}})
    row.version += 1
    tell_import(db, runtime, row, act="changed")
    await db.flush()


async def answer_gone(db: Db, runtime: Runtime, row: Import, *, block: str) -> None:
    """Keep that a part of the programme is really gone; its sessions are flagged by the next apply. `row` is locked.

    Raises AnswerInvalid.
    """
    await remember_gone(db, row, block=block)
    row.version += 1
    tell_import(db, runtime, row, act="changed")
    await db.flush()


async def look_again(runtime: Runtime, event_id: str, import_id: str) -> Import:
    """Compare an import that waits anew, as after an answer; returns it, whatever its state."""
    async with runtime.database.read() as db:
        row = await find_import(db, event_id, import_id)
        packed = await db.scalar(select(Import.programme).where(Import.id == import_id)) if row.state == SHOWN else None
    if not packed:
        return row
    programme = unpack(packed)
    plan = await plan_import(runtime.database, row.source_id, programme)
    async with runtime.database.write() as db:
        row = await find_import(db, event_id, import_id, lock=True)
        if row.state == SHOWN:
            describe(row, plan, notes=programme.notes)
            row.version += 1
    return row
