"""Do-not-record: what of a broadcast may be kept, and letting go of what may not (DESIGN §3.3).

A segment that reaches into a do-not-record stretch is left out whole. Ingest asks before it keeps one (`may_keep`);
whatever was kept already when a border moves or a session is marked later is dropped in the same transaction: from
then on nobody is given it, and its objects go a little later.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db, after_commit
from server.core.jobs import enqueue
from server.core.redis import publish
from server.core.removals import remove_later
from server.core.runtime import Runtime
from server.live.jobs import TalkEnded
from server.live.models import Broadcast, LiveSegment, Stretch
from server.live.programme import PlannedSession, Programme
from server.live.queries import stretches_of
from server.live.rows import room_channel
from server.live.storage_keys import broadcast_prefix, segment_path

TICKS_A_SECOND = 90_000
# Longer than any segment: the search by start must not miss one that reaches in.
_REACH = timedelta(seconds=60)
# The spool may be storing one of them at this very moment.
_REMOVED_AFTER_S = 600.0


async def may_keep(db: Db, programme: Programme, broadcast_id: str, start: datetime, end: datetime) -> bool:
    """Whether what was shown from `start` to `end` may be kept: no do-not-record talk was on in any of it.

    Looks at the sessions as they are now: one that is marked in the middle counts from its stretch's start.
    """
    statement = select(Stretch).where(Stretch.broadcast_id == broadcast_id, Stretch.starts_at < end)
    touched = [one for one in await db.scalars(statement) if one.ends_at is None or one.ends_at > start]
    if any(one.do_not_record for one in touched):
        return False
    sessions = await programme.by_ids(db, {one.session_id for one in touched}) if touched else {}
    return not any(session.do_not_record for session in sessions.values())


async def mark_do_not_record(
    db: Db, stretches: Sequence[Stretch], sessions: Collection[PlannedSession]
) -> list[Stretch]:
    """Bring the stretches' marks in line with their sessions; returns those that changed.

    An open stretch follows its session either way; one that has ended can only become unrecorded.
    """
    wanted = {session.id: session.do_not_record for session in sessions}
    changed = []
    for stretch in stretches:
        mark = wanted.get(stretch.session_id, stretch.do_not_record)
        if stretch.ends_at is not None:
            mark = mark or stretch.do_not_record
        if mark != stretch.do_not_record:
            stretch.do_not_record = mark
            stretch.version += 1
            changed.append(stretch)
    if changed:
        await db.flush()
    return changed


async def drop_unkept(db: Db, runtime: Runtime, broadcast: Broadcast) -> int:
    """Drop every archived segment that reaches into a do-not-record stretch, and tell who serves the room; returns how
    many."""
    stretches = (await stretches_of(db, [broadcast.id]))[broadcast.id]
    forbidden = [one for one in stretches if one.do_not_record]
    dropped = 0
    gone: list[tuple[datetime, datetime]] = []
    for stretch in forbidden:
        until = stretch.ends_at or datetime.max.replace(tzinfo=stretch.starts_at.tzinfo)
        statement = select(LiveSegment).where(
            LiveSegment.broadcast_id == broadcast.id,
            LiveSegment.dropped_at.is_(None),
            LiveSegment.wall > stretch.starts_at - _REACH,
            *([LiveSegment.wall < stretch.ends_at] if stretch.ends_at else []),
        )
        for segment in await db.scalars(statement):
            end = segment.wall + timedelta(seconds=segment.duration / TICKS_A_SECOND)
            if end > stretch.starts_at and segment.wall < until:
                await _drop(db, segment)
                gone.append((segment.wall, end))
                dropped += 1
    await _cut_neighbours_anew(db, stretches, gone)
    if dropped:
        _tell(db, runtime, broadcast)
    return dropped


def _tell(db: Db, runtime: Runtime, broadcast: Broadcast) -> None:
    async def tell() -> None:
        await publish(runtime.redis, room_channel(broadcast.room_id), {"kind": "dropped", "broadcast": broadcast.id})

    after_commit(db, tell)


async def _cut_neighbours_anew(db: Db, stretches: Sequence[Stretch], gone: Sequence[tuple[datetime, datetime]]) -> None:
    """Recordings that listed a dropped segment must not name it any more."""
    for one in stretches:
        touched = any(one.starts_at < end and (one.ends_at or start) > start for start, end in gone)
        if touched:
            await tell_ended(db, one)


async def tell_ended(db: Db, stretch: Stretch) -> None:
    """Enqueue the fact that the talk ended, or changed after that; not while it is on, nor when it is not recorded."""
    if stretch.ends_at is not None and not stretch.do_not_record:
        job = TalkEnded(stretch=stretch.id, broadcast=stretch.broadcast_id, session=stretch.session_id)
        await enqueue(db, job, subject=stretch.broadcast_id)


async def _drop(db: Db, segment: LiveSegment) -> None:
    segment.dropped_at = now()
    prefix = broadcast_prefix(segment.broadcast_id)
    for track in segment.tracks:
        await remove_later(
            db,
            prefix + segment_path(track, segment.msn),
            reason="do-not-record",
            owner_id=segment.broadcast_id,
            after_s=_REMOVED_AFTER_S,
        )
