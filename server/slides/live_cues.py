"""Which page is shown while a room is live: written down as it is found, told at once, read by who comes later.

A row a change, with the moment in the broadcast's media time and as wall time, which is what viewers' players know
(EXT-X-PROGRAM-DATE-TIME). They are for who watches live, or rewinds there; of a recording the matcher finds its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from server.core.changes import announce
from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.live.models import Broadcast, Stretch
from server.slides.models import LiveCue
from server.slides.queries import shown_of_sessions

KEPT = timedelta(days=1)  # after a broadcast's end; who is still behind in it has long finished then


@dataclass(frozen=True, kw_only=True)
class OnNow:
    """The talk that is on in a broadcast, and the pages (deck, rendering) there are to find."""

    event: str
    session: str
    looked_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class CueFound:
    """From media time `at` (90 kHz ticks) of the broadcast, that is `wall`, on: a page as (deck, number), or none."""

    event: str
    session: str
    at: int
    wall: datetime
    page: tuple[str, int] | None
    confidence: float


async def read_on_now(db: Db, broadcast_id: str) -> OnNow | None:
    """The talk of the stretch that is open, if it has pages; two statements."""
    opened = select(Stretch.session_id, Stretch.event_id).where(
        Stretch.broadcast_id == broadcast_id, Stretch.ends_at.is_(None)
    )
    row = (await db.execute(opened.limit(1))).one_or_none()
    if row is None:
        return None
    shown = (await shown_of_sessions(db, [row.session_id])).get(row.session_id)
    looked_for = tuple((deck.id, deck.rendering) for deck in shown.decks if deck.rendering) if shown else ()
    return OnNow(event=row.event_id, session=row.session_id, looked_for=looked_for) if looked_for else None


async def tell_cues(db: Db, runtime: Runtime, broadcast_id: str, cues: Sequence[CueFound]) -> None:
    """Write cues down and tell the event's listeners. The same moment twice is the later one.

    A follower that was started again looks once more at what is kept: what was told before is not told again.
    """
    for cue in cues:
        if await _is_told(db, broadcast_id, cue):
            continue
        deck, page = cue.page or (None, None)
        at = await _free_moment(db, broadcast_id, cue)
        row = LiveCue(
            broadcast_id=broadcast_id, at=at, session_id=cue.session, wall=cue.wall, deck_id=deck, page=page,
            confidence=cue.confidence, told_at=now(),
        )  # fmt: skip
        await db.merge(row)
        change = {
            "kind": "live_slides",
            "id": cue.session,
            "session": cue.session,
            "broadcast": broadcast_id,
            "at": cue.wall.isoformat(),
            "deck": deck,
            "page": page,
            "confidence": cue.confidence,
            "public": True,
        }
        announce(db, runtime.redis, event_id=cue.event, change=change)


async def _free_moment(db: Db, broadcast_id: str, cue: CueFound) -> int:
    """The cue's moment, or the first tick after it that is no other talk's: who begins to look at the next talk may see
    the picture with which the last page of the one before came."""
    at = cue.at
    while (other := await db.get(LiveCue, (broadcast_id, at))) is not None and other.session_id != cue.session:
        at += 1
    return at


async def _is_told(db: Db, broadcast_id: str, cue: CueFound) -> bool:
    """Whether the cue before says the same, or the one that was told next (a moment more or less is no news)."""
    of_talk = select(LiveCue.deck_id, LiveCue.page).where(
        LiveCue.broadcast_id == broadcast_id, LiveCue.session_id == cue.session
    )
    before = of_talk.where(LiveCue.at <= cue.at).order_by(LiveCue.at.desc()).limit(1)
    after = of_talk.where(LiveCue.at > cue.at).order_by(LiveCue.at).limit(1)
    told = [(await db.execute(one)).one_or_none() for one in (before, after)]
    return (cue.page or (None, None)) in [tuple(row) for row in told if row is not None]


async def last_cue(db: Db, broadcast_id: str) -> LiveCue | None:
    """What viewers of the broadcast were told last."""
    newest = select(LiveCue).where(LiveCue.broadcast_id == broadcast_id).order_by(LiveCue.at.desc()).limit(1)
    found: LiveCue | None = await db.scalar(newest)
    return found


async def live_cues_of(db: Db, session_id: str) -> list[LiveCue]:
    """The cues of a talk that is on air, or was lately, in order; one statement."""
    rows = await db.scalars(
        select(LiveCue)
        .join(Broadcast, Broadcast.id == LiveCue.broadcast_id)
        .where(LiveCue.session_id == session_id)
        .where(or_(Broadcast.closed_at.is_(None), Broadcast.closed_at > now() - KEPT))
        .order_by(LiveCue.wall)
    )
    return list(rows)


async def forget_old_cues(db: Db) -> None:
    """Remove the cues of broadcasts that ended long ago."""
    old = select(Broadcast.id).where(Broadcast.closed_at <= now() - KEPT)
    await db.execute(delete(LiveCue).where(LiveCue.broadcast_id.in_(old)))
