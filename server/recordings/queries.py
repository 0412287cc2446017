"""Reading recordings; who may see which is said here, once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, false, or_, select, true
from sqlalchemy.sql import ColumnElement

from server.accounts.actor import Actor
from server.accounts.policy import Action, Subject, can, require
from server.core.db import Db
from server.events.models import CLOSED, Event
from server.recordings.errors import RecordingNotFound
from server.recordings.models import READY, RECEIVING, Chunk, Recording, Rendition
from server.sessions.models import Session
from server.uploads.models import Upload


@dataclass(frozen=True)
class Found:
    """A recording with what decides who may see it."""

    recording: Recording
    session: Session
    event: Event

    @property
    def subject(self) -> Subject:
        """The subject of every policy question about this recording."""
        return Subject(event_id=self.event.id, visibility=self.event.visibility, session_id=self.session.id)


def sees(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor sees a recording: published where they are let in, or theirs to preview."""
    if actor.scopes is not None and "read" not in actor.scopes:
        return false()
    if actor.is_admin:
        return true()
    let_in = or_(
        Event.visibility != CLOSED,
        Event.id.in_(list(actor.viewer_of | actor.speaks_at)),
    )
    published = and_(
        Recording.published_at.is_not(None),
        Recording.deleted_at.is_(None),
        Session.deleted_at.is_(None),
        Event.deleted_at.is_(None),
        let_in,
    )
    own = or_(Event.id.in_(list(actor.organiser_of)), Session.id.in_(list(actor.speaker_of)))
    return or_(published, own)


def _joined() -> Select[Recording, Session, Event]:
    return (
        select(Recording, Session, Event)
        .join(Session, Session.id == Recording.session_id)
        .join(Event, Event.id == Session.event_id)
    )


async def get_recording(
    db: Db, actor: Actor, recording_id: str, action: Action = Action.SEE, *, lock: bool = False
) -> Found:
    """The recording, if the actor may see it and do this to it; raises RecordingNotFound, Forbidden…"""
    query = _joined().where(Recording.id == recording_id, sees(actor))
    row = (await db.execute(query.with_for_update(of=Recording) if lock else query)).one_or_none()
    if row is None:
        raise RecordingNotFound
    found = Found(row[0], row[1], row[2])
    require(actor, action, found.subject)
    return found


def current_first() -> tuple[ColumnElement[bool], ColumnElement[object]]:
    """Order of a session's recordings: a complete one before one in the making, then the newest."""
    return (Recording.state == READY).desc(), Recording.created_at.desc()  # type: ignore[return-value]


async def recordings_of_sessions(
    db: Db, actor: Actor, session_ids: Sequence[str], *, watchable_only: bool = False
) -> dict[str, Recording]:
    """The present recording of each session that has one the actor sees, in one query."""
    conditions = [Recording.session_id.in_(session_ids), Recording.deleted_at.is_(None), sees(actor)]
    if watchable_only:
        conditions += [Recording.published_at.is_not(None), Recording.playable.is_(True)]
    rows = await db.execute(_joined().where(*conditions).order_by(*current_first()))
    chosen: dict[str, Recording] = {}
    for recording, _session, _event in rows:
        shown = chosen.get(recording.session_id)
        # What viewers can watch now goes before newer work that they cannot.
        if shown is None or (shown.published_at is None and recording.published_at is not None):
            chosen[recording.session_id] = recording
    return chosen


async def all_recordings_of(db: Db, session_id: str, *, deleted: bool = False) -> list[Recording]:
    """Every recording of a session for its organisers, newest first."""
    query = select(Recording).where(Recording.session_id == session_id).order_by(Recording.created_at.desc())
    return list(await db.scalars(query if deleted else query.where(Recording.deleted_at.is_(None))))


async def progress_of(db: Db, recordings: Sequence[Recording]) -> dict[str, float]:
    """How far each is (0…1): of those that are being received, the share of the bytes that has come."""
    found = {row.id: row.progress for row in recordings}
    coming = [row.id for row in recordings if row.state == RECEIVING]
    if coming:
        rows = await db.execute(
            select(Upload.id, Upload.offset_bytes, Upload.length_bytes).where(Upload.id.in_(coming))
        )
        found |= {row.id: row.offset_bytes / row.length_bytes for row in rows if row.length_bytes}
    return found


async def find_watched(db: Db, recording_id: str) -> Found | None:
    """The recording with its session and event, whoever asks: media routes judge by token instead."""
    row = (await db.execute(_joined().where(Recording.id == recording_id))).one_or_none()
    return None if row is None else Found(row[0], row[1], row[2])


async def renditions_and_chunks(db: Db, recording: Recording) -> tuple[list[Rendition], list[Chunk]]:
    """What manifests are made of: the present generation's renditions and finished chunks, in order."""
    renditions = await db.scalars(
        select(Rendition)
        .where(Rendition.recording_id == recording.id, Rendition.generation == recording.generation)
        .order_by(Rendition.position)
    )
    chunks = await db.scalars(
        select(Chunk)
        .where(Chunk.recording_id == recording.id, Chunk.generation == recording.generation)
        .order_by(Chunk.position)
    )
    return list(renditions), list(chunks)


def may_preview(actor: Actor, found: Found) -> bool:
    """Whether the actor may watch it although it is not published."""
    return can(actor, Action.PREVIEW, found.subject)
