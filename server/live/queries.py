"""Reads of keys, broadcasts and stretches. Rights are those of the event; rooms and broadcasts are named by id."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from server.accounts.actor import Actor
from server.accounts.policy import Action, Subject, require
from server.core.db import Db
from server.core.errors import NotFound
from server.core.keyset import Key, read_moment
from server.events.errors import RoomNotFound
from server.events.fields import is_id
from server.events.models import Event, Room
from server.events.queries import subject_of
from server.live.errors import BroadcastNotFound, StreamKeyNotFound, StretchNotFound
from server.live.models import ON_AIR, Broadcast, StreamKey, Stretch

KEY_KEYS = (
    Key(StreamKey.created_at, lambda row: row.created_at, read_moment, descending=True),
    Key(StreamKey.id, lambda row: row.id, descending=True),
)
BROADCAST_KEYS = (
    Key(Broadcast.started_at, lambda row: row.started_at, read_moment, descending=True),
    Key(Broadcast.id, lambda row: row.id, descending=True),
)


@dataclass(frozen=True)
class RoomFound:
    """A room with the event that decides who may see it."""

    room: Room
    event: Event

    @property
    def subject(self) -> Subject:
        """The subject of every policy question about this room."""
        return subject_of(self.event)


@dataclass(frozen=True)
class BroadcastFound(RoomFound):
    """A broadcast with its room and event."""

    broadcast: Broadcast


async def get_live_room(db: Db, room_id: str, *, actor: Actor, action: Action = Action.SEE) -> RoomFound:
    """The room with this id, once the actor may do `action` in its event; raises RoomNotFound, Forbidden…"""
    statement = select(Room, Event).join(Event, Event.id == Room.event_id).where(Room.id == room_id)
    row = (await db.execute(statement)).one_or_none() if is_id(room_id) else None
    if row is None or row[0].deleted_at is not None or row[1].deleted_at is not None:
        raise RoomNotFound
    found = RoomFound(row[0], row[1])
    try:
        require(actor, action, found.subject)
    except NotFound:
        raise RoomNotFound from None
    return found


async def get_broadcast(
    db: Db, broadcast_id: str, *, actor: Actor, action: Action = Action.SEE, lock: bool = False
) -> BroadcastFound:
    """The broadcast with this id, once the actor may do `action` in its event; raises BroadcastNotFound, Forbidden…

    `lock` holds the row until the transaction ends: whoever changes what is on takes it first.
    """
    statement = (
        select(Broadcast, Room, Event)
        .join(Room, Room.id == Broadcast.room_id)
        .join(Event, Event.id == Room.event_id)
        .where(Broadcast.id == broadcast_id)
    )
    if lock:
        statement = statement.with_for_update(of=Broadcast)
    row = (await db.execute(statement)).one_or_none() if is_id(broadcast_id) else None
    if row is None or row[1].deleted_at is not None or row[2].deleted_at is not None:
        raise BroadcastNotFound
    found = BroadcastFound(row[1], row[2], row[0])
    try:
        require(actor, action, found.subject)
    except NotFound:
        raise BroadcastNotFound from None
    return found


async def get_stretch(db: Db, broadcast_id: str, stretch_id: str) -> Stretch:
    """A stretch of the broadcast; raises StretchNotFound."""
    stretch = await db.get(Stretch, stretch_id) if is_id(stretch_id) else None
    if stretch is None or stretch.broadcast_id != broadcast_id:
        raise StretchNotFound
    return stretch


async def get_key(db: Db, room_id: str, key_id: str) -> StreamKey:
    """A key of the room, whatever its state; raises StreamKeyNotFound."""
    key = await db.get(StreamKey, key_id) if is_id(key_id) else None
    if key is None or key.room_id != room_id:
        raise StreamKeyNotFound
    return key


def keys_of(room_id: str) -> Select[StreamKey]:
    """Every key the room ever had."""
    return select(StreamKey).where(StreamKey.room_id == room_id)


def broadcasts_of(room_id: str) -> Select[Broadcast]:
    """Every broadcast of the room."""
    return select(Broadcast).where(Broadcast.room_id == room_id)


async def present_broadcast(db: Db, room_id: str, *, lock: bool = False) -> Broadcast | None:
    """The broadcast the room is on air with."""
    statement = broadcasts_of(room_id).where(Broadcast.state == ON_AIR).order_by(Broadcast.started_at.desc()).limit(1)
    return (await db.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def last_broadcast(db: Db, room_id: str) -> Broadcast | None:
    """The room's present broadcast, else the last one it had."""
    statement = broadcasts_of(room_id).order_by((Broadcast.state == ON_AIR).desc(), Broadcast.started_at.desc())
    return (await db.scalars(statement.limit(1))).one_or_none()


async def stretches_of(db: Db, broadcast_ids: Collection[str]) -> dict[str, Sequence[Stretch]]:
    """The stretches of several broadcasts, by broadcast, in order of time; one statement."""
    found: dict[str, list[Stretch]] = {broadcast_id: [] for broadcast_id in broadcast_ids}
    if found:
        statement = select(Stretch).where(Stretch.broadcast_id.in_(list(found)))
        for stretch in await db.scalars(statement.order_by(Stretch.starts_at, Stretch.id)):
            found[stretch.broadcast_id].append(stretch)
    return dict(found)
