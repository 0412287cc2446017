"""Reading what a cut is decided from: a broadcast's stretches and its archive's index."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.live.models import Broadcast, LiveSegment, Stretch
from server.media.live import TARGET_DURATION_S
from server.recordings.cut_choice import Filed, Ticks, clock_of, media_of, reaches
from server.sessions.models import Session

Walls = tuple[datetime, datetime]
# The archive of a broadcast that is over reaches its end within this; then nothing more is waited for.
GIVE_UP = timedelta(hours=24)
_END = timedelta(seconds=TARGET_DURATION_S)
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A broadcast, its segments in order, which wall times each session had, and which are not to be kept, of whom."""

    broadcast: Broadcast
    segments: list[Filed]
    talks: dict[str, list[Walls]]
    forbidden_walls: list[Walls]
    forbidden_talks: frozenset[str]

    def media(self, walls: list[Walls]) -> list[Ticks]:
        """Wall times as media time."""
        clock = clock_of(self.segments)
        return [(media_of(clock, begin), media_of(clock, end)) for begin, end in walls] if self.segments else []

    @property
    def forbidden(self) -> list[Ticks]:
        """What is not to be kept, in media time."""
        return self.media(self.forbidden_walls)

    def is_over(self, until: datetime) -> bool:
        """Whether nothing more comes of what happened until this wall time."""
        clock, closed = clock_of(self.segments), self.broadcast.closed_at
        if now() > until + GIVE_UP:
            return True
        # The last segment is cut short where ingest stopped, a moment before it said so.
        return closed is not None and (reaches(clock, min(until, closed - _END)) or now() > closed + GIVE_UP)


async def read_archive(db: Db, broadcast_id: str) -> Archive | None:
    """Everything a cut of this broadcast is decided from; None when it is gone."""
    broadcast = await db.get(Broadcast, broadcast_id)
    if broadcast is None:
        return None
    talks: dict[str, list[Walls]] = {}
    forbidden: list[Walls] = []
    forbidden_talks: set[str] = set()
    rows = await db.execute(
        select(Stretch, Session.do_not_record)
        .join(Session, Session.id == Stretch.session_id)
        .where(Stretch.broadcast_id == broadcast_id)
        .order_by(Stretch.starts_at)
    )
    for stretch, session_forbids in rows:
        if stretch.do_not_record or session_forbids:
            forbidden.append((stretch.starts_at, stretch.ends_at or _FOREVER))
            forbidden_talks.add(stretch.session_id)
        elif stretch.ends_at is not None:
            talks.setdefault(stretch.session_id, []).append((stretch.starts_at, stretch.ends_at))
    return Archive(
        broadcast=broadcast,
        segments=await _segments(db, broadcast_id),
        talks=talks,
        forbidden_walls=forbidden,
        forbidden_talks=frozenset(forbidden_talks),
    )


async def _segments(db: Db, broadcast_id: str) -> list[Filed]:
    rows = await db.execute(
        select(
            LiveSegment.msn,
            LiveSegment.start,
            LiveSegment.duration,
            LiveSegment.wall,
            LiveSegment.discontinuity,
            LiveSegment.archived_at,
            LiveSegment.dropped_at,
        )
        .where(LiveSegment.broadcast_id == broadcast_id)
        .order_by(LiveSegment.msn)
    )
    return [
        Filed(
            msn=row.msn,
            start=row.start,
            duration=row.duration,
            wall=row.wall,
            discontinuity=row.discontinuity,
            archived_at=row.archived_at,
            dropped=row.dropped_at is not None,
        )
        for row in rows
    ]


async def stretches_of(db: Db, session_id: str) -> list[Stretch]:
    """Every stretch a session had, of any broadcast."""
    return list(await db.scalars(select(Stretch).where(Stretch.session_id == session_id)))
