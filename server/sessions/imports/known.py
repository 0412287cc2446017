"""What is here of an event's programme, in the form it is compared in: sessions, and what a source said of them last.

Read in a fixed number of statements, whatever the number of sessions.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from server.core.db import Db
from server.sessions.imports.models import ImportedSession, ProgrammeSource
from server.sessions.imports.wanted import PLAIN, Values, as_text
from server.sessions.models import Session, SessionLink, SessionSpeaker


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """What the source said of a session last (a row of imported_sessions)."""

    id: str
    key: str
    guid: str
    block: str
    values: Values
    missing_since: datetime | None = None
    hidden_at: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A session as it is here; `row` when this source named it before."""

    session_id: str
    version: int
    guid: str
    slug: str
    values: Values
    deleted_at: datetime | None = None
    updated_at: datetime | None = None
    row: ImportedRow | None = None

    @property
    def row_guid(self) -> str:
        """The guid it has in the source; its own, when the source did not name it yet (it was exported from here)."""
        return self.row.guid if self.row is not None else self.guid

    @property
    def is_hidden(self) -> bool:
        """Hidden because its programme does not name it: nobody deleted it since."""
        return self.deleted_at is not None and self.row is not None and self.row.hidden_at == self.deleted_at

    @property
    def is_out(self) -> bool:
        """Deleted here by a person, or withdrawn: nothing that looks alike is taken for it."""
        if self.row is not None and self.row.withdrawn:
            return True
        return self.deleted_at is not None and not self.is_hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An event's programme as one source sees it. `slugs` and `guids` are all that are taken, `stamp` names this very
    state: an act that finds another one decides anew. `told` are guids that other sources of the event name, and those
    that exports call their sessions by."""

    known: Sequence[Known]
    slugs: frozenset[str]
    guids: frozenset[str]
    stamp: frozenset[tuple[str, int, bool]]
    told: frozenset[str] = frozenset()


_COLUMNS = (
    Session.id,
    Session.version,
    Session.guid,
    Session.slug,
    Session.deleted_at,
    Session.updated_at,
    Session.room_id,
    Session.track_id,
)


async def read_here(db: Db, event_id: str, source_id: str | None) -> Here:
    """Everything the decision needs of an event's sessions; five statements. Without a source (a file that was exported
    from here) `row` is what any source said last."""
    statement = select(*_COLUMNS, *(getattr(Session, name) for name in PLAIN)).where(Session.event_id == event_id)
    sessions = (await db.execute(statement)).all()
    rows, elsewhere = await _rows(db, event_id, source_id)
    speakers = await read_speakers_of(db, event_id)
    links = await read_links_of(db, event_id)
    known = []
    for session in sessions:
        if session.id in elsewhere and session.id not in rows:
            continue  # of another source
        known.append(
            Known(
                session_id=session.id,
                version=session.version,
                guid=session.guid,
                slug=session.slug,
                deleted_at=session.deleted_at,
                updated_at=session.updated_at,
                values=values_of(session, speakers[session.id], links[session.id]),
                row=rows.get(session.id),
            )
        )
    return Here(
        known=known,
        slugs=frozenset(session.slug for session in sessions),
        guids=frozenset(session.guid for session in sessions),
        stamp=frozenset((session.id, session.version, session.deleted_at is None) for session in sessions),
        told=frozenset(guid for guid in elsewhere.values() if guid) | _exported(sessions, rows, elsewhere),
    )


def _exported(sessions: Sequence[Any], rows: Mapping[str, ImportedRow], elsewhere: Mapping[str, str]) -> frozenset[str]:
    """Our guids of the sessions of other sources, but for those this source means something else by."""
    mine = {row.key for row in rows.values()} | {row.guid for row in rows.values()}
    return frozenset(one.guid for one in sessions if one.id in elsewhere and one.id not in rows) - mine


def values_of(session: Any, speakers: Sequence[str], links: Sequence[tuple[str, str, str, str]]) -> Values:
    """A session (row or object) in the form it is compared in."""
    values: Values = {name: getattr(session, name) for name in PLAIN}
    values["starts_at"] = as_text(session.starts_at) if session.starts_at else None
    values["room"], values["track"] = session.room_id, session.track_id
    values["speakers"] = list(speakers)
    values["links"] = [[kind, url, title] for _id, kind, url, title in links]
    return values


async def read_stamp(db: Db, event_id: str) -> frozenset[tuple[str, int, bool]]:
    """The state of an event's sessions, to see whether anybody changed one meanwhile."""
    rows = await db.execute(select(Session.id, Session.version, Session.deleted_at).where(Session.event_id == event_id))
    return frozenset((session_id, version, deleted_at is None) for session_id, version, deleted_at in rows)


async def _rows(db: Db, event_id: str, source_id: str | None) -> tuple[dict[str, ImportedRow], dict[str, str]]:
    """This source's rows by session, and the sessions of other sources that are not removed, with their guids."""
    mine: dict[str, ImportedRow] = {}
    elsewhere: dict[str, str] = {}
    table = ImportedSession.__table__
    removed = select(ProgrammeSource.id).where(
        ProgrammeSource.event_id == event_id, ProgrammeSource.deleted_at.is_not(None)
    )
    gone = set(await db.scalars(removed))
    statement = select(table).where(table.c.event_id == event_id)
    if source_id is None:
        statement = statement.order_by(table.c.seen_at)
    for row in await db.execute(statement):
        if source_id is None and (row.source_id in gone or row.withdrawn):
            continue
        if source_id is not None and row.source_id != source_id:
            if row.source_id not in gone and not row.withdrawn:
                elsewhere[row.session_id] = row.guid
            continue
        mine[row.session_id] = ImportedRow(
            id=row.id,
            key=row.key,
            guid=row.guid,
            block=row.block,
            values=row._mapping["values"],
            missing_since=row.missing_since,
            hidden_at=row.hidden_at,
            withdrawn=row.withdrawn,
        )
    return mine, elsewhere


async def read_speakers_of(db: Db, event_id: str, *, session_id: str | None = None) -> dict[str, list[str]]:
    """Speaker ids in order, by session."""
    found: dict[str, list[str]] = defaultdict(list)
    statement = (
        select(SessionSpeaker.session_id, SessionSpeaker.speaker_id)
        .join(Session, Session.id == SessionSpeaker.session_id)
        .where(Session.event_id == event_id)
        .order_by(SessionSpeaker.position, SessionSpeaker.speaker_id)
    )
    for owner, speaker_id in await db.execute(_of_one(statement, session_id)):
        found[owner].append(speaker_id)
    return found


async def read_links_of(
    db: Db, event_id: str, *, session_id: str | None = None
) -> dict[str, list[tuple[str, str, str, str]]]:
    """Links (id, kind, url, title) in order, by session."""
    found: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    statement = (
        select(SessionLink.session_id, SessionLink.id, SessionLink.kind, SessionLink.url, SessionLink.title)
        .join(Session, Session.id == SessionLink.session_id)
        .where(Session.event_id == event_id, SessionLink.deleted_at.is_(None))
        .order_by(SessionLink.position, SessionLink.id)
    )
    for owner, *link in await db.execute(_of_one(statement, session_id)):
        found[owner].append((link[0], link[1], link[2], link[3]))
    return found


def _of_one(statement: Any, session_id: str | None) -> Any:
    return statement if session_id is None else statement.where(Session.id == session_id)
