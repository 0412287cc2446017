"""What was edited here of an imported session, and going back to what its programme says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.events.models import Room, Track
from server.sessions.imports.errors import NotImported
from server.sessions.imports.facts import chunks
from server.sessions.imports.known import read_links_of, read_speakers_of, values_of
from server.sessions.imports.merge import is_edited
from server.sessions.imports.models import ImportedSession, ProgrammeSource
from server.sessions.imports.wanted import FIELDS, Values
from server.sessions.imports.write_sessions import write_changed
from server.sessions.models import Session, Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedField:
    """A field that was edited here."""

    field: str
    here: Any
    programme: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAs:
    """A session and what its source says of it. `names`: what ids of rooms, tracks and speakers are called."""

    row: ImportedSession
    source: ProgrammeSource
    values: Values
    edited: Sequence[EditedField]
    names: dict[str, str]


async def imported_as(db: Db, session: Session) -> ImportedAs | None:
    """What a programme says of the session and was edited here; None when none names it."""
    statement = (
        select(ImportedSession, ProgrammeSource)
        .join(ProgrammeSource, ProgrammeSource.id == ImportedSession.source_id)
        .where(ImportedSession.session_id == session.id, ImportedSession.withdrawn.is_(False))
        .where(ProgrammeSource.deleted_at.is_(None))
        .order_by(ImportedSession.seen_at.desc())
        .limit(1)
    )
    found = (await db.execute(statement)).one_or_none()
    if found is None:
        return None
    row, source = found
    speakers = await read_speakers_of(db, session.event_id, session_id=session.id)
    links = await read_links_of(db, session.event_id, session_id=session.id)
    values = values_of(session, speakers[session.id], links[session.id])
    said = row.values
    edited = [
        EditedField(field=name, here=values[name], programme=said[name])
        for name in FIELDS
        if name in said and is_edited(name, said[name], values[name])
    ]
    return ImportedAs(row=row, source=source, values=values, edited=edited, names=await _names(db, edited))


async def revert_fields(db: Db, session: Session, wanted: Sequence[str] | None) -> list[str]:
    """Make the named fields (None: all that were edited) what the programme says; returns those that changed.

    Raises NotImported. Writes past the session object: read it again afterwards.
    """
    found = await imported_as(db, session)
    if found is None:
        raise NotImported
    fields = [one for one in found.edited if wanted is None or one.field in wanted]
    if not fields:
        return []
    after = {**found.values, **{one.field: one.programme for one in fields}}
    await db.flush()
    await write_changed(db, [(session.id, found.values, after)], now())
    await db.refresh(session)
    return [one.field for one in fields]


async def _names(db: Db, edited: Sequence[EditedField]) -> dict[str, str]:
    """What rooms, tracks and speakers are called."""
    names: dict[str, str] = {}
    for field, model in (("room", Room), ("track", Track), ("speakers", Speaker)):
        ids: set[str] = set()
        for one in edited:
            if one.field == field:
                for side in (one.here, one.programme):
                    ids |= set(side) if isinstance(side, list) else {side} - {None}
        for part in chunks(sorted(ids)):
            rows = await db.execute(select(model.id, model.name).where(model.id.in_(part)))
            names |= {thing_id: name for thing_id, name in rows}
    return names


async def missing_sessions(db: Db, event_id: str) -> dict[str, ImportedSession]:
    """Rows of an event's sessions that their source no longer names, by session: for the board."""
    statement = select(ImportedSession).where(
        ImportedSession.event_id == event_id, ImportedSession.missing_since.is_not(None)
    )
    return {row.session_id: row for row in await db.scalars(statement)}
