"""Reads of sessions and speakers. Who may see a session is said by its event (events/queries.may_see), once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, false, func, literal, or_, select, true, union_all

from server.accounts.actor import Actor
from server.accounts.policy import SCOPE_OF, Action, Subject, can, require
from server.core.db import Db, UtcDateTime
from server.core.errors import NotFound
from server.core.keyset import Key, read_moment
from server.events.fields import fold_text, is_id, zone_of
from server.events.models import Event, Room, Track
from server.events.queries import may_edit, may_see, named, subject_of
from server.sessions.errors import DayInvalid, SessionAmbiguous, SessionNotFound, SpeakerNotFound
from server.sessions.models import Session, SessionLink, SessionSpeaker, Speaker

# A session without a time stands behind all others.
_SOME_DAY = datetime(9999, 1, 1, tzinfo=UTC)
_MOST_WORDS = 8

Programme = Select[Session, Event, Room, Track]

SESSION_KEYS = (
    Key(
        func.coalesce(Session.starts_at, literal(_SOME_DAY, UtcDateTime(timezone=True))),
        lambda item: item.session.starts_at or _SOME_DAY,
        read_moment,
    ),
    Key(Session.id, lambda item: item.session.id),
)
SPEAKER_KEYS = (Key(Speaker.folded, lambda row: row.folded), Key(Speaker.id, lambda row: row.id))


@dataclass(frozen=True, slots=True)
class SpeakerOf:
    """Who speaks in a session."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkOf:
    """A link of a session."""

    id: str
    kind: str
    url: str
    title: str


@dataclass(slots=True)
class Item:
    """A session with all it is shown with: its event, room, track, speakers in order, links in order."""

    session: Session
    event: Event
    room: Room | None = None
    track: Track | None = None
    speakers: list[SpeakerOf] = field(default_factory=list)
    links: list[LinkOf] = field(default_factory=list)

    @property
    def subject(self) -> Subject:
        """The session as the policy sees it."""
        return subject_of(self.event, session_id=self.session.id)


def _with_places() -> Programme:
    return (
        select(Session, Event, Room, Track)
        .join(Event, Event.id == Session.event_id)
        .outerjoin(Room, and_(Room.id == Session.room_id, Room.deleted_at.is_(None)))
        .outerjoin(Track, and_(Track.id == Session.track_id, Track.deleted_at.is_(None)))
    )


def visible_sessions(actor: Actor, *, listed: bool = True) -> Programme:
    """Sessions the actor may see, each with its event, room and track; every list of sessions starts here.

    `listed=False` adds those of unlisted events: only for somebody who came by the event's address.
    """
    return _with_places().where(may_see(actor, listed=listed), Session.deleted_at.is_(None))


def deleted_sessions(actor: Actor, *, since: datetime) -> Programme:
    """Deleted sessions the actor may still restore."""
    return _with_places().where(may_edit(actor), Event.deleted_at.is_(None), Session.deleted_at >= since)


@dataclass(frozen=True, kw_only=True)
class SessionFilter:
    """What a list of sessions is narrowed to, but for its event."""

    room: str | None = None
    track: str | None = None
    speaker: str | None = None
    day: date | None = None
    state: str | None = None
    q: str | None = None


def narrowed(statement: Programme, wanted: SessionFilter, *, event: Event | None = None) -> Programme:
    """The same sessions, narrowed; raises DayInvalid when a day is asked for without its event."""
    if event is not None:
        statement = statement.where(Session.event_id == event.id)
    if wanted.room is not None:
        statement = statement.where(named(Room, wanted.room))
    if wanted.track is not None:
        statement = statement.where(named(Track, wanted.track))
    if wanted.speaker is not None:
        statement = statement.where(Session.id.in_(_sessions_of_speaker(wanted.speaker)))
    if wanted.day is not None:
        start, end = _day_of(wanted.day, event)
        statement = statement.where(Session.starts_at >= start, Session.starts_at < end)
    if wanted.state is not None:
        statement = statement.where(Session.state == wanted.state)
    for word in fold_text(wanted.q or "").split()[:_MOST_WORDS]:
        called = select(SessionSpeaker.session_id).join(Speaker).where(Speaker.folded.contains(word, autoescape=True))
        statement = statement.where(or_(Session.folded.contains(word, autoescape=True), Session.id.in_(called)))
    return statement


def _sessions_of_speaker(ref: str) -> Select[Any]:
    return select(SessionSpeaker.session_id).join(Speaker).where(named(Speaker, ref), Speaker.deleted_at.is_(None))


def _day_of(day: date, event: Event | None) -> tuple[datetime, datetime]:
    if event is None:
        raise DayInvalid("A day is a day of an event, in its time zone; add ?event= to ?day=.")
    if not 1970 <= day.year < 9999:
        raise DayInvalid("`day` is a date, as in 2027-05-20.")
    zone = zone_of(event.time_zone)
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return start.astimezone(UTC), end.astimezone(UTC)


async def read_items(db: Db, statement: Programme, *, details: bool = True) -> list[Item]:
    """Run a select that began as `visible_sessions`; one statement, and one more for speakers and links."""
    items = [Item(*row) for row in (await db.execute(statement)).all()]
    if details:
        await add_details(db, items)
    return items


def _with_details() -> Any:
    people = (
        select(
            SessionSpeaker.session_id,
            SessionSpeaker.position,
            literal("").label("kind"),
            Speaker.id,
            Speaker.slug.label("address"),
            Speaker.name.label("title"),
        )
        .join(Speaker, Speaker.id == SessionSpeaker.speaker_id)
        .where(SessionSpeaker.session_id.in_(bindparam("ids", expanding=True)), Speaker.deleted_at.is_(None))
    )
    links = select(
        SessionLink.session_id,
        SessionLink.position,
        SessionLink.kind,
        SessionLink.id,
        SessionLink.url,
        SessionLink.title,
    ).where(SessionLink.session_id.in_(bindparam("ids", expanding=True)), SessionLink.deleted_at.is_(None))
    return union_all(people, links)


# Made once: to build a statement anew costs more than to run it, and these run with every session shown.
_BY_ID = _with_places().where(Session.id == bindparam("ref"))
_DETAILS = _with_details()
_OF_ONE = _DETAILS.subquery()
_WHOLE = _BY_ID.outerjoin(_OF_ONE, _OF_ONE.c.session_id == Session.id).add_columns(*_OF_ONE.c)


async def _whole(db: Db, session_id: str) -> list[Item]:
    """The session with this id and its details, in one statement: a row for each speaker and link."""
    rows = (await db.execute(_WHOLE, {"ref": session_id, "ids": [session_id]})).all()
    items = [Item(*rows[0][:4])] if rows else []
    _sort_in([row[4:] for row in rows if row[4] is not None], items)
    return items


async def add_details(db: Db, items: Sequence[Item]) -> None:
    """Read the speakers and links of the items; one statement for all of them."""
    if not items:
        return
    _sort_in((await db.execute(_DETAILS, {"ids": [item.session.id for item in items]})).all(), items)


def _sort_in(rows: Sequence[Any], items: Sequence[Item]) -> None:
    """Put rows of speakers and links into their sessions, in order."""
    by_id = {item.session.id: item for item in items}
    for session_id, _position, kind, row_id, address, title in sorted(rows, key=lambda row: (row[1], row[3])):
        if kind:
            by_id[session_id].links.append(LinkOf(row_id, kind, address, title))
        else:
            by_id[session_id].speakers.append(SpeakerOf(row_id, address, title))


async def programme_of(db: Db, actor: Actor, event: Event, *, details: bool = True) -> list[Item]:
    """The whole programme of an event the actor was let into, in order of time; two statements, one without details."""
    statement = visible_sessions(actor, listed=False).where(Session.event_id == event.id)
    return await read_items(db, statement.order_by(*(key.column for key in SESSION_KEYS)), details=details)


async def get_session(
    db: Db,
    ref: str,
    *,
    actor: Actor,
    event: Event | None = None,
    action: Action = Action.SEE,
    deleted_since: datetime | None = None,
    details: bool = False,
    lock: bool = False,
) -> Item:
    """The session with this id, or this slug (of the event, when one is given), once the actor may do `action`.

    Raises SessionNotFound, SessionAmbiguous, Unauthenticated or Forbidden. A deleted one is found only when
    `deleted_since` is given, and then only by those who may restore it. `details` reads speakers and links too.
    """
    whole = details and is_id(ref) and event is None and not lock
    items = await _whole(db, ref) if whole else await _named(db, ref, actor, event=event, lock=lock)
    there = [item for item in items if _is_there(item, actor, deleted_since)]
    if not there:
        raise SessionNotFound
    if len(there) > 1:
        raise SessionAmbiguous
    try:
        require(actor, action, there[0].subject)
    except NotFound:
        raise SessionNotFound from None
    if details and not whole:
        await add_details(db, there)
    return there[0]


async def _named(db: Db, ref: str, actor: Actor, *, event: Event | None, lock: bool) -> list[Item]:
    """At most two sessions of this id or slug: of an id one, of a slug those the actor may see or of the event."""
    if is_id(ref) and event is None and not lock:
        return [Item(*row) for row in (await db.execute(_BY_ID, {"ref": ref})).all()]
    statement = _with_places().where(named(Session, ref))
    if event is not None:
        statement = statement.where(Session.event_id == event.id)
    elif not is_id(ref):
        statement = statement.where(may_see(actor, listed=False))
    if lock:
        statement = statement.with_for_update(of=Session)
    return await read_items(db, statement.limit(2), details=False)


def _is_there(item: Item, actor: Actor, deleted_since: datetime | None) -> bool:
    if item.event.deleted_at is not None:
        return False
    deleted_at = item.session.deleted_at
    if deleted_at is None:
        return True
    restorable = deleted_since is not None and deleted_at >= deleted_since
    return restorable and can(actor, Action.EDIT_SESSION, item.subject)


def visible_speakers(actor: Actor, *, listed: bool = True) -> Select[Speaker]:
    """Speakers of sessions the actor may see; organisers also find those who have no session yet."""
    if actor.scopes is not None and SCOPE_OF[Action.SEE] not in actor.scopes:
        return select(Speaker).where(false())
    seen = (
        select(SessionSpeaker.speaker_id)
        .join(Session, Session.id == SessionSpeaker.session_id)
        .join(Event, Event.id == Session.event_id)
        .where(may_see(actor, listed=listed), Session.deleted_at.is_(None))
    )
    idle = Speaker.id.not_in(select(SessionSpeaker.speaker_id)) if actor.organises_any else false()
    condition = true() if actor.is_admin else or_(Speaker.id.in_(seen), idle)
    return select(Speaker).where(Speaker.deleted_at.is_(None), condition)


async def get_speaker(
    db: Db, ref: str, *, actor: Actor, deleted_since: datetime | None = None, lock: bool = False
) -> Speaker:
    """The speaker with this id or slug, when the actor may see them; raises SpeakerNotFound.

    A deleted one is found only when `deleted_since` is given; whoever asks for that asks `require_edit_speaker` too.
    """
    statement = visible_speakers(actor, listed=False).where(named(Speaker, ref))
    if deleted_since is not None and actor.organises_any:
        statement = select(Speaker).where(
            named(Speaker, ref), or_(Speaker.deleted_at.is_(None), Speaker.deleted_at >= deleted_since)
        )
    speaker = (await db.scalars(statement.with_for_update() if lock else statement)).one_or_none()
    if speaker is None:
        raise SpeakerNotFound
    return speaker


async def require_edit_speaker(db: Db, actor: Actor, speaker: Speaker) -> None:
    """Raise Unauthenticated or Forbidden unless the actor organises an event this person speaks at.

    Somebody who speaks nowhere yet may be changed by every organiser.
    """
    statement = (
        select(Session.event_id)
        .join(SessionSpeaker, SessionSpeaker.session_id == Session.id)
        .where(SessionSpeaker.speaker_id == speaker.id, Session.deleted_at.is_(None))
        .distinct()
    )
    subjects = [Subject(event_id=event_id) for event_id in await db.scalars(statement)] or [Subject()]
    if not any(can(actor, Action.EDIT_SESSION, subject) for subject in subjects):
        require(actor, Action.EDIT_SESSION, subjects[0])


async def sessions_by_ids(db: Db, session_ids: Iterable[str]) -> dict[str, Session]:
    """Sessions by id, deleted ones too, whoever asks: for workers and features above."""
    wanted = list(session_ids)
    if not wanted:
        return {}
    return {row.id: row for row in await db.scalars(select(Session).where(Session.id.in_(wanted)))}
