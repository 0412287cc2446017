"""Imports that were: read them, discard one, answer what one asks, undo one."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, select, update
from sqlalchemy.orm import undefer

from server.core.db import Db
from server.core.runtime import Runtime
from server.sessions.imports.changes import tell_import
from server.sessions.imports.diff import Diff
from server.sessions.imports.errors import AnswerInvalid, ImportNotThere, NotToBeApplied
from server.sessions.imports.models import DISCARDED, SHOWN, Import, ProgrammeSource


def imports_of(event_id: str) -> Select[Import]:
    """An event's imports; without the large columns."""
    return select(Import).where(Import.event_id == event_id)


async def find_import(db: Db, event_id: str, import_id: str, *, lock: bool = False) -> Import:
    """One import of the event, with its diff, notes and undo; raises ImportNotThere."""
    statement = imports_of(event_id).where(Import.id == import_id)
    statement = statement.options(undefer(Import.diff), undefer(Import.notes), undefer(Import.undo))
    row = (await db.scalars(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None:
        raise ImportNotThere
    return row


def diff_of(row: Import) -> Diff:
    """The diff an import came to."""
    return msgspec.convert(row.diff, Diff) if row.diff else Diff()


async def discard_older(db: Db, row: Import) -> None:
    """A newer reading takes the place of those of its source that still wait."""
    older = update(Import).where(Import.source_id == row.source_id, Import.state == SHOWN, Import.id != row.id)
    await db.execute(
        older.values(state=DISCARDED, programme="", version=Import.version + 1).execution_options(
            synchronize_session=False
        )
    )


async def discard_import(db: Db, runtime: Runtime, row: Import) -> None:
    """Do not apply it; raises NotToBeApplied. `row` is locked by the caller."""
    if row.state != SHOWN:
        raise NotToBeApplied
    row.state, row.programme = DISCARDED, ""
    row.version += 1
    tell_import(db, runtime, row, act="discarded")
    await db.flush()


async def remember_answer(db: Db, row: Import, *, key: str, session: str, same: bool) -> ProgrammeSource:
    """Keep a person's answer to "same talk?"; raises AnswerInvalid when the import does not ask that."""
    if all((one.key, one.session) != (key, session) for one in diff_of(row).questions):
        raise AnswerInvalid
    source = await _locked_source(db, row)
    answers: dict[str, Any] = dict(source.answers or {})
    pair = [key, session]
    others = [one for one in answers.get("other", []) if one != pair]
    sames = {one: other for one, other in answers.get("same", {}).items() if one != key and other != session}
    if same:
        sames[key] = session
    else:
        others.append(pair)
    source.answers = {**answers, "same": sames, "other": others}
    source.version += 1
    return source


async def remember_gone(db: Db, row: Import, *, block: str) -> ProgrammeSource:
    """Keep that a part of the programme, which is missing as a whole, is really gone; raises AnswerInvalid."""
    if all(one.block != block for one in diff_of(row).no_news):
        raise AnswerInvalid
    source = await _locked_source(db, row)
    gone: Sequence[str] = (source.answers or {}).get("gone", [])
    source.answers = {**(source.answers or {}), "gone": sorted({*gone, block})}
    source.version += 1
    return source


async def _locked_source(db: Db, row: Import) -> ProgrammeSource:
    source = await db.get(ProgrammeSource, row.source_id, with_for_update=True)
    if source is None:
        raise ImportNotThere
    return source
