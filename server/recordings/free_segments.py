"""What of a broadcast's archive goes when recordings, rooms or events are purged: what nobody lists any more."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.core.removals import remove_later
from server.live.models import Broadcast, LiveSegment
from server.live.storage_keys import broadcast_prefix
from server.recordings.jobs import DropSegments
from server.recordings.live_list import BROADCAST, LiveList, live_of
from server.recordings.models import Recording, Source

_BATCH = 500


async def free_segments(db: Db, recording: Recording) -> int:
    """Drop the segments that only this recording lists, now that it is purged; returns how many."""
    live = live_of(recording.plan)
    if live is None:
        return 0
    others = await _lists(db, recording.event_id, live.broadcast, but=recording.id)
    mine = [msn for first, last in live.runs for msn in range(first, last + 1)]
    free = [msn for msn in mine if not any(other.lists(msn) for other in others)]
    for first in range(0, len(free), _BATCH):
        await db.execute(
            update(LiveSegment)
            .where(LiveSegment.broadcast_id == live.broadcast, LiveSegment.msn.in_(free[first : first + _BATCH]))
            .where(LiveSegment.dropped_at.is_(None))
            .values(dropped_at=now())
            .execution_options(synchronize_session=False)
        )
    if free:
        await enqueue(db, DropSegments(broadcast=live.broadcast), subject=live.broadcast)
    return len(free)


async def _lists(db: Db, event_id: str, broadcast_id: str, *, but: str) -> list[LiveList]:
    rows = await db.scalars(select(Recording.plan).where(Recording.event_id == event_id, Recording.id != but))
    found = [live_of(plan) for plan in rows]
    return [live for live in found if live is not None and live.broadcast == broadcast_id]


async def listed_rooms(db: Db, room_ids: Sequence[str]) -> set[str]:
    """Those of the rooms whose broadcasts recordings are made of: they stay as long as these do."""
    rows = (await db.execute(select(Broadcast.id, Broadcast.room_id).where(Broadcast.room_id.in_(room_ids)))).all()
    events = select(Broadcast.event_id).where(Broadcast.room_id.in_(room_ids))
    found = [live_of(plan) for plan in await db.scalars(select(Recording.plan).where(Recording.event_id.in_(events)))]
    used = {live.broadcast for live in found if live is not None and live.runs}
    return {row.room_id for row in rows if row.id in used}


async def free_broadcasts(db: Db, *, room_ids: Sequence[str] = (), event_ids: Sequence[str] = ()) -> int:
    """Let the whole archives of these rooms' or events' broadcasts go; returns how many broadcasts."""
    chosen = Broadcast.room_id.in_(room_ids) | Broadcast.event_id.in_(event_ids)
    ids = list(await db.scalars(select(Broadcast.id).where(chosen)))
    for broadcast_id in ids:
        prefix = broadcast_prefix(broadcast_id)
        await remove_later(db, prefix, reason="broadcast purged", owner_id=f"purge:{broadcast_id}", after_s=0)
    await db.execute(delete(Source).where(Source.id.in_(ids), Source.kind == BROADCAST))
    await db.execute(delete(Broadcast).where(Broadcast.id.in_(ids)))
    return len(ids)
