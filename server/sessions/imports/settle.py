"""Hide what has been missing from its programme for longer than its grace period. Housekeeping's; nothing is deleted.

A hidden session is `deleted_at` for everybody who shows sessions. That its row says `hidden_at` keeps it from being
purged, and brings it back when its programme names it again. One that a person restores stays.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from server.core.changes import announce
from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.sessions.imports.models import ImportedSession, ProgrammeSource
from server.sessions.imports.write_sessions import set_deleted
from server.sessions.models import Session

_MOST = 1_000


async def hide_missing(db: Db, runtime: Runtime, *, moment: datetime | None = None) -> list[str]:
    """Hide what is due; returns the ids of the sessions."""
    moment = moment or now()
    hidden: list[str] = []
    for source in await _sources_with_missing(db):
        before = moment - timedelta(seconds=source.grace_s)
        statement = (
            select(ImportedSession, Session.deleted_at)
            .join(Session, Session.id == ImportedSession.session_id)
            .where(
                ImportedSession.source_id == source.id,
                ImportedSession.missing_since <= before,
                ImportedSession.hidden_at.is_(None),
            )
            .limit(_MOST)
        )
        due: list[str] = []
        for row, deleted_at in await db.execute(statement):
            row.hidden_at = moment
            if deleted_at is None:
                due.append(row.session_id)
        await set_deleted(db, due, moment)
        for session_id in due[:50]:
            change = {"kind": "session", "id": session_id, "act": "deleted"}
            announce(db, runtime.redis, event_id=source.event_id, change=change)
        hidden += due
    await db.flush()
    return hidden


async def _sources_with_missing(db: Db) -> Sequence[ProgrammeSource]:
    waiting = select(ImportedSession.source_id).where(
        ImportedSession.missing_since.is_not(None), ImportedSession.hidden_at.is_(None)
    )
    return (
        await db.scalars(
            select(ProgrammeSource).where(
                ProgrammeSource.id.in_(waiting.distinct()), ProgrammeSource.deleted_at.is_(None)
            )
        )
    ).all()


def hidden_by_programmes() -> Select[str]:
    """Ids of sessions that are hidden because their programme does not name them: kept for their return."""
    return (
        select(ImportedSession.session_id)
        .join(Session, Session.id == ImportedSession.session_id)
        .where(ImportedSession.hidden_at == Session.deleted_at)
    )
