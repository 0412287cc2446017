"""Reads of series, events, rooms, tracks and links. Who may see an event is said here, once, in `may_see`."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from server.accounts.actor import Actor
from server.accounts.policy import SCOPE_OF, Action, Subject, can, require
from server.core.db import Db
from server.core.errors import NotFound
from server.core.ids import is_slug
from server.core.keyset import Key, read_date, read_number
from server.events.errors import EventNotFound, RoomNotFound, SeriesNotFound, TrackNotFound
from server.events.fields import is_id
from server.events.models import CLOSED, PUBLIC, Event, EventLink, Room, Series, Track

Child = TypeVar("Child", Room, Track)
_NO_DATE = date.max

SERIES_KEYS = (Key(Series.slug, lambda row: row.slug),)
EVENT_KEYS = (
    Key(func.coalesce(Event.starts_on, _NO_DATE), lambda row: row.starts_on or _NO_DATE, read_date, descending=True),
    Key(Event.id, lambda row: row.id, descending=True),
)


def child_keys(model: type[Room] | type[Track]) -> tuple[Key, ...]:
    """The order of rooms and of tracks: as placed, then as made."""
    return (Key(model.position, lambda row: row.position, read_number), Key(model.id, lambda row: row.id))


def named(model: type[Any], ref: str) -> ColumnElement[bool]:
    """The condition on a row's id or slug; never true for what can be neither, which no database then gets to read."""
    if is_id(ref):
        return cast(ColumnElement[bool], model.id == ref)
    return cast(ColumnElement[bool], model.slug == ref) if is_slug(ref) else false()


def subject_of(event: Event, *, session_id: str | None = None) -> Subject:
    """The event (or one of its sessions) as the policy sees it."""
    return Subject(event_id=event.id, visibility=event.visibility, session_id=session_id)


def may_see(actor: Actor, *, listed: bool) -> ColumnElement[bool]:
    """The condition on `Event` under which the actor may see it: the policy's SEE, said in SQL.

    `listed` is for lists: unlisted events are in them only for those who have a role there. Deleted events never are.
    """
    if actor.scopes is not None and SCOPE_OF[Action.SEE] not in actor.scopes:
        return false()
    alive = Event.deleted_at.is_(None)
    if actor.is_admin:
        return alive
    open_to_all = Event.visibility == PUBLIC if listed else Event.visibility != CLOSED
    mine = actor.organiser_of | actor.viewer_of | actor.speaks_at
    return and_(alive, or_(open_to_all, Event.id.in_(sorted(mine))) if mine else open_to_all)


def may_edit(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Event` under which the actor organises it (deleted or not): EDIT_EVENT, said in SQL."""
    if actor.scopes is not None and SCOPE_OF[Action.EDIT_EVENT] not in actor.scopes:
        return false()
    return Event.id.is_not(None) if actor.is_admin else Event.id.in_(sorted(actor.organiser_of))


def visible_events(actor: Actor, *, listed: bool = True) -> Select[Event]:
    """Events the actor may see; every list of events starts here."""
    return select(Event).where(may_see(actor, listed=listed))


def editable_events(actor: Actor) -> Select[Event]:
    """Events the actor organises, for the studio."""
    return select(Event).where(may_edit(actor), Event.deleted_at.is_(None))


def deleted_events(actor: Actor, *, since: datetime) -> Select[Event]:
    """Deleted events the actor may still restore."""
    return select(Event).where(may_edit(actor), Event.deleted_at >= since)


def with_series(statement: Select[Event]) -> Select[Event, Series | None]:
    """The same events, each with its series (None when it has none, or it was deleted)."""
    joined = statement.outerjoin(Series, and_(Series.id == Event.series_id, Series.deleted_at.is_(None)))
    return joined.add_columns(Series)


def of_series(statement: Select[Any], ref: str) -> Select[Any]:
    """Only events of the series with this id or slug."""
    return statement.where(
        Event.series_id.in_(select(Series.id).where(named(Series, ref), Series.deleted_at.is_(None)))
    )


async def find_event(db: Db, ref: str, *, lock: bool = False) -> Event | None:
    """The event with this id or slug, deleted ones too; asks nobody's rights."""
    statement = select(Event).where(named(Event, ref))
    return (await db.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def get_event(
    db: Db,
    ref: str,
    *,
    actor: Actor,
    action: Action = Action.SEE,
    deleted_since: datetime | None = None,
    lock: bool = False,
) -> Event:
    """The event with this id or slug, once the actor may do `action` to it; one statement.

    Raises EventNotFound, Unauthenticated or Forbidden. A deleted one is found only when `deleted_since` is given, and
    then only by those who may restore it. `lock` holds the row until the transaction ends.
    """
    event = await find_event(db, ref, lock=lock)
    if event is None:
        raise EventNotFound
    if event.deleted_at is not None:
        restorable = deleted_since is not None and event.deleted_at >= deleted_since
        if not restorable or not can(actor, Action.EDIT_EVENT, subject_of(event)):
            raise EventNotFound
    try:
        require(actor, action, subject_of(event))
    except NotFound:
        raise EventNotFound from None
    return event


def visible_series() -> Select[Series]:
    """Every series; a series itself is never secret, only editions are."""
    return select(Series).where(Series.deleted_at.is_(None))


def deleted_series(*, since: datetime) -> Select[Series]:
    """Series that can still be restored."""
    return select(Series).where(Series.deleted_at >= since)


async def get_series(db: Db, ref: str, *, deleted_since: datetime | None = None, lock: bool = False) -> Series:
    """The series with this id or slug, a deleted one only since `deleted_since`; raises SeriesNotFound."""
    statement = select(Series).where(named(Series, ref))
    series = (await db.scalars(statement.with_for_update() if lock else statement)).one_or_none()
    if series is None or not _is_there(series.deleted_at, deleted_since):
        raise SeriesNotFound
    return series


def _is_there(deleted_at: datetime | None, deleted_since: datetime | None) -> bool:
    return deleted_at is None or (deleted_since is not None and deleted_at >= deleted_since)


def children_of(model: type[Child], event_id: str) -> Select[Child]:
    """The rooms (or tracks) of an event."""
    return select(model).where(model.event_id == event_id, model.deleted_at.is_(None))


def deleted_children_of(model: type[Child], event_id: str, *, since: datetime) -> Select[Child]:
    """The rooms (or tracks) of an event that can still be restored."""
    return select(model).where(model.event_id == event_id, model.deleted_at >= since)


async def rooms_of(db: Db, event_id: str) -> Sequence[Room]:
    """Every room of an event, in order."""
    return (await db.scalars(children_of(Room, event_id).order_by(Room.position, Room.id))).all()


async def tracks_of(db: Db, event_id: str) -> Sequence[Track]:
    """Every track of an event, in order."""
    return (await db.scalars(children_of(Track, event_id).order_by(Track.position, Track.id))).all()


async def _get_child(
    db: Db, model: type[Child], event_id: str, ref: str, *, deleted_since: datetime | None, lock: bool
) -> Child | None:
    statement = select(model).where(model.event_id == event_id, named(model, ref))
    child = (await db.scalars(statement.with_for_update() if lock else statement)).one_or_none()
    return child if child is not None and _is_there(child.deleted_at, deleted_since) else None


async def get_room(
    db: Db, event_id: str, ref: str, *, deleted_since: datetime | None = None, lock: bool = False
) -> Room:
    """The event's room with this id or slug; raises RoomNotFound. Rights are those of the event."""
    room = await _get_child(db, Room, event_id, ref, deleted_since=deleted_since, lock=lock)
    if room is None:
        raise RoomNotFound
    return room


async def get_track(
    db: Db, event_id: str, ref: str, *, deleted_since: datetime | None = None, lock: bool = False
) -> Track:
    """The event's track with this id or slug; raises TrackNotFound. Rights are those of the event."""
    track = await _get_child(db, Track, event_id, ref, deleted_since=deleted_since, lock=lock)
    if track is None:
        raise TrackNotFound
    return track


async def links_of(db: Db, event_ids: Iterable[str]) -> dict[str, list[EventLink]]:
    """The links of several events, by event, in order; one statement."""
    wanted = list(event_ids)
    found: dict[str, list[EventLink]] = {event_id: [] for event_id in wanted}
    if wanted:
        statement = select(EventLink).where(EventLink.event_id.in_(wanted), EventLink.deleted_at.is_(None))
        for link in await db.scalars(statement.order_by(EventLink.position, EventLink.id)):
            found[link.event_id].append(link)
    return found
