"""The programme as live rooms follow it, composed for every root that needs it: the web process, ingest, the workers.

Live knows no sessions; here the two meet.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from server.core.db import Db
from server.live.programme import PlannedSession, Programme
from server.sessions.models import Session

_COLUMNS = (
    Session.id,
    Session.event_id,
    Session.room_id,
    Session.slug,
    Session.title,
    Session.starts_at,
    Session.duration_ms,
    Session.do_not_record,
    Session.state,
    Session.deleted_at,
)


class RoomProgramme:
    """Reads sessions as live needs them."""

    async def of_room(self, db: Db, room_id: str) -> Sequence[PlannedSession]:
        """The room's sessions in order of time, without the deleted; those without a time stand last."""
        return await self._read(db, Session.room_id == room_id, Session.deleted_at.is_(None))

    async def by_ids(self, db: Db, session_ids: Collection[str]) -> Mapping[str, PlannedSession]:
        """These sessions, deleted ones too."""
        if not session_ids:
            return {}
        return {one.id: one for one in await self._read(db, Session.id.in_(list(session_ids)))}

    async def _read(self, db: Db, *conditions: ColumnElement[bool]) -> list[PlannedSession]:
        order = (Session.starts_at.is_(None), Session.starts_at, Session.id)
        rows = await db.execute(select(*_COLUMNS).where(*conditions).order_by(*order))
        return [_planned(row) for row in rows]


def _planned(row: Any) -> PlannedSession:
    return PlannedSession(
        id=row.id,
        event_id=row.event_id,
        room_id=row.room_id,
        slug=row.slug,
        title=row.title,
        starts_at=row.starts_at,
        duration_ms=row.duration_ms,
        do_not_record=row.do_not_record,
        cancelled=row.state == "cancelled",
        deleted=row.deleted_at is not None,
    )


ROOM_PROGRAMME: Programme = RoomProgramme()
