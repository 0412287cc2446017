"""Follow the schedule: what ingest does with every broadcast on air, every second or two."""

from collections.abc import Sequence
from datetime import datetime

from server.core.db import Db
from server.core.runtime import Runtime
from server.live.broadcasts import end_broadcast
from server.live.keep import drop_unkept, mark_do_not_record
from server.live.models import Broadcast, Stretch
from server.live.programme import PlannedSession, Programme
from server.live.schedule import is_over, what_is_on
from server.live.stretches import make_move, read_stretches, standing_of, tell_stretch


async def follow_room(
    runtime: Runtime,
    programme: Programme,
    broadcast_id: str,
    *,
    moment: datetime,
    away_since: datetime | None = None,
) -> bool:
    """Do what the schedule wants of the broadcast now; whether anything changed.

    Looks first, in a read; a writing transaction is only begun when something is to be done. `away_since` is None while
    an encoder sends.
    """
    async with runtime.database.read() as db:
        broadcast = await db.get(Broadcast, broadcast_id)
        if broadcast is None or broadcast.ended_at is not None:
            return False
        planned = await programme.of_room(db, broadcast.room_id)
        stretches = await read_stretches(db, broadcast.id)
        if not _wants(broadcast, stretches, planned, moment, away_since):
            return False
    async with runtime.database.write() as db:
        locked = await db.get(Broadcast, broadcast_id, with_for_update=True)
        if locked is None:
            return False
        planned = await programme.of_room(db, locked.room_id)
        return await follow_schedule(db, runtime, locked, planned, moment=moment, away_since=away_since)


async def follow_schedule(
    db: Db,
    runtime: Runtime,
    broadcast: Broadcast,
    planned: Sequence[PlannedSession],
    *,
    moment: datetime,
    away_since: datetime | None = None,
) -> bool:
    """The same inside the caller's transaction, which holds the broadcast's row. Done twice, it does nothing more."""
    if broadcast.ended_at is not None:
        return False
    stretches = await read_stretches(db, broadcast.id)
    marked = await mark_do_not_record(db, stretches, planned)
    if any(stretch.do_not_record for stretch in marked):
        await drop_unkept(db, runtime, broadcast)
    for stretch in marked:
        tell_stretch(db, runtime, broadcast, stretch, act="changed")
    standing = standing_of(broadcast, stretches)
    if is_over(planned, moment, standing, away_since=away_since):
        await end_broadcast(db, runtime, broadcast, moment=moment)
        return True
    move = what_is_on(planned, moment, standing)
    if move is not None:
        await make_move(db, runtime, broadcast, move)
    return move is not None or bool(marked)


def _wants(
    broadcast: Broadcast,
    stretches: list[Stretch],
    planned: Sequence[PlannedSession],
    moment: datetime,
    away_since: datetime | None,
) -> bool:
    standing = standing_of(broadcast, stretches)
    return (
        is_over(planned, moment, standing, away_since=away_since)
        or what_is_on(planned, moment, standing) is not None
        or _unmarked(stretches, planned)
    )


def _unmarked(stretches: list[Stretch], planned: Sequence[PlannedSession]) -> bool:
    """Whether a stretch's do-not-record mark is not its session's (see keep.mark_do_not_record)."""
    wanted = {session.id: session.do_not_record for session in planned}
    return any(
        wanted.get(one.session_id, one.do_not_record) != one.do_not_record
        and (one.ends_at is None or not one.do_not_record)
        for one in stretches
    )
