"""Two sessions that turn out to be one: a new one that an import made, and the one whose guid had changed."""

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.sessions.imports.diff import compare
from server.sessions.imports.known import Known, read_here
from server.sessions.imports.models import Import, ImportedSession
from server.sessions.imports.wanted import Wanted
from server.sessions.imports.write_sessions import set_deleted, write_changed


async def join_twins(db: Db, row: Import, *, key: str, session: str) -> bool:
    """Let the older session take what the source says, and withdraw the one that was made for it.

    Returns False when there is nothing to join: the import made no session of its own. What people did to the newer
    one (its recording, its slides) stays with it for the undo time; nothing is removed.
    """
    known = (await read_here(db, row.event_id, row.source_id)).known
    newer = next((one for one in known if one.row is not None and one.row.key == key), None)
    older = next((one for one in known if one.session_id == session), None)
    if newer is None or older is None or newer.session_id == older.session_id:
        return False
    await _pass_on(db, row, newer, older)
    return True


async def _pass_on(db: Db, row: Import, newer: Known, older: Known) -> None:
    moment = now()
    said = newer.row
    assert said is not None
    wanted = Wanted(key=said.key, guid=said.guid, block=said.block, values=said.values)
    step, _entry = compare(wanted, older, "answer", {})
    mine = await _row_of(db, row.source_id, newer.session_id)
    if mine is not None:
        await db.delete(mine)
        await db.flush()
    if newer.deleted_at is None:
        await set_deleted(db, [newer.session_id], moment)
    await write_changed(
        db, [(older.session_id, older.values, {**older.values, **step.set})] if step.set else [], moment
    )
    if step.restore:
        await set_deleted(db, [older.session_id], None)
    kept = await _row_of(db, row.source_id, older.session_id)
    if kept is None:
        kept = ImportedSession(source_id=row.source_id, event_id=row.event_id, session_id=older.session_id)
        db.add(kept)
    kept.key, kept.guid, kept.block, kept.values = said.key, said.guid, said.block, said.values
    kept.seen_at, kept.missing_since, kept.hidden_at, kept.withdrawn = moment, None, None, False
    await db.flush()


async def _row_of(db: Db, source_id: str, session_id: str) -> ImportedSession | None:
    statement = select(ImportedSession).where(
        ImportedSession.source_id == source_id, ImportedSession.session_id == session_id
    )
    return (await db.scalars(statement.execution_options(populate_existing=True))).one_or_none()
