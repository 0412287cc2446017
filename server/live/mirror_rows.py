"""What a mirror reads from the database: who may watch a room, which broadcast it has, and the archive's index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from server.core.db import Db
from server.events.audience import Watched
from server.events.models import Event, Room
from server.live.models import Broadcast, LiveSegment
from server.live.queries import last_broadcast
from server.media.live import Layout
from server.media.live_timeline import Segment


@dataclass(frozen=True, kw_only=True)
class BroadcastRow:
    """A broadcast as far as playing it goes. No layout: it has not begun to show anything."""

    id: str
    room_id: str
    layout: Layout | None
    closed: bool


@dataclass(frozen=True, kw_only=True)
class RoomRow:
    """A room: what decides who may watch, and its present broadcast, else its last."""

    watched: Watched
    broadcast: BroadcastRow | None


async def read_room(db: Db, room_id: str) -> RoomRow | None:
    """The room, unless it or its event is deleted or was never there."""
    statement = select(Room, Event).join(Event, Event.id == Room.event_id).where(Room.id == room_id)
    found = (await db.execute(statement)).one_or_none()
    if found is None or found[0].deleted_at is not None or found[1].deleted_at is not None:
        return None
    event = found[1]
    watched = Watched(event_id=event.id, visibility=event.visibility, access_epoch=event.access_epoch, published=True)
    broadcast = await last_broadcast(db, room_id)
    return RoomRow(watched=watched, broadcast=_row_of(broadcast) if broadcast is not None else None)


async def read_broadcast(db: Db, broadcast_id: str) -> BroadcastRow | None:
    """One broadcast, whatever its state."""
    broadcast = await db.get(Broadcast, broadcast_id)
    return _row_of(broadcast) if broadcast is not None else None


def _row_of(broadcast: Broadcast) -> BroadcastRow:
    layout = msgspec.convert(broadcast.layout, Layout) if broadcast.layout else None
    return BroadcastRow(
        id=broadcast.id, room_id=broadcast.room_id, layout=layout, closed=broadcast.closed_at is not None
    )


async def archived_after(db: Db, broadcast_id: str, msn: int) -> list[Segment]:
    """The closed segments after this one, in order."""
    found = await db.execute(
        select(LiveSegment.msn, LiveSegment.wall, LiveSegment.discontinuity, LiveSegment.tracks)
        .where(LiveSegment.broadcast_id == broadcast_id, LiveSegment.msn > msn)
        .order_by(LiveSegment.msn)
    )
    return [_segment_of(number, wall, discontinuity, tracks) for number, wall, discontinuity, tracks in found]


def _segment_of(msn: int, wall: datetime, discontinuity: bool, tracks: dict[str, Any]) -> Segment:
    return Segment(
        msn=msn,
        wall=wall,
        discontinuity=discontinuity,
        inits={name: row[2] for name, row in tracks.items()},
        durations={name: row[0] for name, row in tracks.items()},
        closed=True,
    )


async def dropped_of(db: Db, broadcast_id: str) -> Sequence[int]:
    """The segments that must not be shown once they are no longer live, in order."""
    found = await db.scalars(
        select(LiveSegment.msn)
        .where(LiveSegment.broadcast_id == broadcast_id, LiveSegment.dropped_at.is_not(None))
        .order_by(LiveSegment.msn)
    )
    return list(found)
