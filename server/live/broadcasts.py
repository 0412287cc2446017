"""A room's broadcasts: begin one, note who sends, move on by hand or by the schedule, end it.

Whoever changes what is on holds the broadcast's row (queries: `lock`), so that the organiser and ingest never both do.
"""

from datetime import datetime, timedelta
from typing import Any

from server.core.changes import announce
from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.core.runtime import Runtime
from server.events.fields import is_id
from server.events.models import Room
from server.live.commands import tell_ingest
from server.live.errors import BroadcastEnded, NothingNext, SessionUnfit
from server.live.jobs import RoomEnded, RoomLive
from server.live.models import ENDED, Broadcast, Stretch
from server.live.programme import PlannedSession, Programme
from server.live.queries import present_broadcast
from server.live.schedule import Move, next_up, what_is_on
from server.live.stretches import end_open, make_move, read_stretches, standing_of

AWAY = "away"
# "Next talk" pressed twice, or just as the schedule moved on by itself, is meant once.
TWICE = timedelta(seconds=10)


async def begin_broadcast(
    db: Db,
    runtime: Runtime,
    *,
    event_id: str,
    room_id: str,
    started_at: datetime,
    layout: dict[str, Any],
    encoder: str = AWAY,
) -> Broadcast:
    """The room goes on air; the broadcast it is on air with already, should there be one."""
    await db.get(Room, room_id, with_for_update=True)  # two ingest processes begin one broadcast, not two
    present = await present_broadcast(db, room_id, lock=True)
    if present is not None:
        return present
    broadcast = Broadcast(event_id=event_id, room_id=room_id, started_at=started_at, layout=layout, encoder=encoder)
    db.add(broadcast)
    await db.flush()
    tell_broadcast(db, runtime, broadcast, act="started")
    await enqueue(db, RoomLive(broadcast=broadcast.id), subject=broadcast.id)
    return broadcast


async def note_encoder(db: Db, runtime: Runtime, broadcast: Broadcast, encoder: str) -> None:
    """Note which encoder is on: main, backup, or away."""
    if broadcast.encoder != encoder:
        broadcast.encoder = encoder
        await _changed(db, runtime, broadcast, act="changed")


async def end_broadcast(db: Db, runtime: Runtime, broadcast: Broadcast, *, moment: datetime) -> None:
    """Ask for the end: the open talk ends, ingest writes what is left. Doing it twice is doing it once."""
    if broadcast.ended_at is not None:
        return
    await end_open(db, runtime, broadcast, ends_at=moment)
    broadcast.state, broadcast.ended_at, broadcast.encoder = ENDED, moment, AWAY
    await _changed(db, runtime, broadcast, act="ended")
    await enqueue(db, RoomEnded(broadcast=broadcast.id), subject=broadcast.id)
    tell_ingest(db, runtime, {"kind": "ended", "broadcast_id": broadcast.id, "room_id": broadcast.room_id})


async def close_broadcast(db: Db, runtime: Runtime, broadcast: Broadcast, *, moment: datetime) -> None:
    """Ingest wrote the last segment: nothing is added any more."""
    if broadcast.closed_at is None:
        broadcast.closed_at = moment
        await _changed(db, runtime, broadcast, act="closed")


async def next_talk(
    db: Db,
    runtime: Runtime,
    broadcast: Broadcast,
    programme: Programme,
    *,
    session_id: str | None = None,
    pause: bool = False,
) -> None:
    """The organiser moves on: the open talk ends now, the next one (or the one named) begins.

    `pause` ends the talk and opens none. From here on the schedule does not move on by itself. Without a name, it does
    nothing more when the open talk has only just begun.
    """
    moment = _still_on(broadcast)
    stretches = await read_stretches(db, broadcast.id)
    standing = standing_of(broadcast, stretches)
    broadcast.by_hand = True
    if session_id is not None:
        opens: PlannedSession | None = await fitting_session(db, programme, broadcast, session_id)
    elif pause:
        opens = None
    else:
        opens = next_up(await programme.of_room(db, broadcast.room_id), moment, standing)
    if opens is None and standing.open is None:
        raise NothingNext
    if not _is_on_already(opens, stretches, moment, by_name=session_id is not None or pause):
        move = Move(ends_at=moment if standing.open else None, opens=opens, starts_at=max(moment, standing.floor))
        await make_move(db, runtime, broadcast, move)
    await _changed(db, runtime, broadcast, act="changed")


def _is_on_already(opens: PlannedSession | None, stretches: list[Stretch], moment: datetime, *, by_name: bool) -> bool:
    open_one = next((one for one in stretches if one.ends_at is None), None)
    if open_one is None:
        return False
    if by_name:
        return opens is not None and opens.id == open_one.session_id
    return moment - open_one.created_at < TWICE


async def follow_again(db: Db, runtime: Runtime, broadcast: Broadcast, planned: list[PlannedSession]) -> None:
    """Back to the schedule: what it wants now is done at once, from now on; nothing shown before changes its talk."""
    moment = _still_on(broadcast)
    if not broadcast.by_hand:
        return
    broadcast.by_hand = False
    standing = standing_of(broadcast, await read_stretches(db, broadcast.id), not_before=moment)
    move = what_is_on(planned, moment, standing)
    if move is not None:
        await make_move(db, runtime, broadcast, move)
    await _changed(db, runtime, broadcast, act="changed")


async def fitting_session(db: Db, programme: Programme, broadcast: Broadcast, session_id: str) -> PlannedSession:
    """A session that can be on in this broadcast; raises SessionUnfit."""
    session = (await programme.by_ids(db, [session_id])).get(session_id) if is_id(session_id) else None
    if session is None or session.event_id != broadcast.event_id or session.deleted or session.cancelled:
        raise SessionUnfit
    return session


def _still_on(broadcast: Broadcast) -> datetime:
    if broadcast.ended_at is not None:
        raise BroadcastEnded
    return now()


async def _changed(db: Db, runtime: Runtime, broadcast: Broadcast, *, act: str) -> None:
    broadcast.version += 1
    await db.flush()
    tell_broadcast(db, runtime, broadcast, act=act)


def tell_broadcast(db: Db, runtime: Runtime, broadcast: Broadcast, *, act: str) -> None:
    """Announce that a broadcast started, changed, ended or closed, once that is durable."""
    change = {
        "kind": "broadcast",
        "id": broadcast.id,
        "act": act,
        "version": broadcast.version,
        "room": broadcast.room_id,
        "state": broadcast.state,
        "encoder": broadcast.encoder,
    }
    announce(db, runtime.redis, event_id=broadcast.event_id, change=change)
