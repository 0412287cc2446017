"""From live to talk: cut a talk that ended, withdraw one that must not be kept. Each handler may run twice."""

import asyncio

from sqlalchemy import select

from server.core.db import Db
from server.core.jobs import enqueue
from server.core.runtime import Runtime
from server.live.keep import drop_unkept, mark_do_not_record
from server.live.models import Broadcast, LiveSegment
from server.live.programme import PlannedSession
from server.live.storage_keys import broadcast_prefix, segment_path
from server.recordings.cut import cut_talk
from server.recordings.cut_rows import read_archive, stretches_of
from server.recordings.jobs import CutTalk, DropSegments
from server.recordings.live_list import live_of
from server.recordings.queries import all_recordings_of
from server.sessions.models import Session
from workers.recordings import tell
from workers.runtime import Work, handles

# The last segment is archived a few seconds after it was seen; until then it is looked for every second, afterwards
# with every round of housekeeping.
LOOK_EVERY_S = 1.0
QUICK_LOOKS = 12
SLOW_S = 15.0


async def cut_now(work: Work, broadcast_id: str, session_id: str, *, tries: int = 0) -> None:
    """Make or change the talk's recording from what is archived by now; look again while some is still to come."""
    if 0 < tries <= QUICK_LOOKS:
        await asyncio.sleep(LOOK_EVERY_S)
    async with work.transaction(last=True) as db:
        archive = await read_archive(db, broadcast_id)
        if archive is None:
            return
        outcome = await cut_talk(db, archive, session_id, token_overlap_s=work.runtime.limits.token_overlap_s)
        await db.flush()
        tell(db, work.runtime, outcome.recording)
        if outcome.again:
            again = CutTalk(broadcast=broadcast_id, session=session_id, tries=tries + 1)
            await enqueue(db, again, subject=broadcast_id, delay_s=0 if tries < QUICK_LOOKS else SLOW_S)


@handles(CutTalk)
async def cut(job: CutTalk, work: Work) -> None:
    """Bring the recording up to date."""
    await cut_now(work, job.broadcast, job.session, tries=job.tries)


async def mind_consent(work: Work, session_id: str) -> None:
    """The session's mark counts for what was already live of it, as far as live has it (live/keep); the recording made
    of it follows at once."""
    async with work.transaction(last=True) as db:
        session = await db.get(Session, session_id)
        if session is None:
            return
        stretches = await stretches_of(db, session_id)
        marked = await mark_do_not_record(db, stretches, [_planned(session)])
        made = [live_of(row.plan) for row in await all_recordings_of(db, session_id)]
        broadcasts = {stretch.broadcast_id for stretch in stretches} | {live.broadcast for live in made if live}
        for broadcast_id in sorted(broadcasts):
            await _follow(db, work.runtime, broadcast_id, session_id, drops=bool(marked))


async def _follow(db: Db, runtime: Runtime, broadcast_id: str, session_id: str, *, drops: bool) -> None:
    broadcast = await db.get(Broadcast, broadcast_id)
    if broadcast is not None and drops:
        await drop_unkept(db, runtime, broadcast)
        await enqueue(db, DropSegments(broadcast=broadcast_id), subject=broadcast_id)
    archive = await read_archive(db, broadcast_id)
    if archive is not None:
        outcome = await cut_talk(db, archive, session_id, token_overlap_s=runtime.limits.token_overlap_s)
        await db.flush()
        tell(db, runtime, outcome.recording)


def _planned(session: Session) -> PlannedSession:
    return PlannedSession(
        id=session.id,
        event_id=session.event_id,
        room_id=session.room_id,
        slug=session.slug,
        title=session.title,
        starts_at=session.starts_at,
        duration_ms=session.duration_ms,
        do_not_record=session.do_not_record,
    )


@handles(DropSegments)
async def drop(job: DropSegments, work: Work) -> None:
    """Remove the objects of dropped segments."""
    async with work.read() as db:
        keys = await _dropped_keys(db, job.broadcast)
    await work.store.delete_many(keys)


async def _dropped_keys(db: Db, broadcast_id: str) -> list[str]:
    rows = await db.execute(
        select(LiveSegment.msn, LiveSegment.tracks).where(
            LiveSegment.broadcast_id == broadcast_id, LiveSegment.dropped_at.is_not(None)
        )
    )
    prefix = broadcast_prefix(broadcast_id)
    return [prefix + segment_path(track, msn) for msn, tracks in rows for track in tracks]
