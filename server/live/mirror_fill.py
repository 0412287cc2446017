"""Bring a mirror up to date: what the subscription did not tell it, from Redis and from the archive's index.

Redis is read before the database: a row goes from Redis only after its segment has a row there. Either may be away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core.db import Database
from server.core.live_bus import Bus, BusAway
from server.live import mirror_rows, rows
from server.live.mirror_broadcast import BroadcastMirror
from server.live.rows import Head, Meta
from server.media.live_timeline import LiveTimeline, Segment

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class State:
    """What Redis says of a broadcast as a whole."""

    meta: Meta
    ended: bool


async def read_state(bus: Bus, broadcast_id: str) -> State | None:
    """The state in Redis; None when there is none, or Redis is away."""
    try:
        fields = await bus.get_hash(rows.state_key(broadcast_id))
    except BusAway:
        return None
    if b"meta" not in fields or b"msn" not in fields:
        return None
    return State(rows.read_meta(fields[b"meta"]), fields.get(b"ended") == b"1")


async def fill(mirror: BroadcastMirror, bus: Bus, database: Database, *, closed: bool) -> None:
    """Everything the mirror does not know; `closed` when the rows say that nothing more comes."""
    state = await read_state(bus, mirror.id)
    heads = await _heads(bus, mirror.id)
    before = mirror.timeline.changes
    known = mirror.timeline.last
    whole = known.msn if known and known.closed else known.msn - 1 if known else 0
    try:
        async with database.read() as db:
            archived = await mirror_rows.archived_after(db, mirror.id, whole)
            dropped = await mirror_rows.dropped_of(db, mirror.id)
        merge(mirror, heads, archived)
        mirror.set_dropped(dropped)
    except (SQLAlchemyError, OSError) as error:
        log.warning("live.mirror_without_index", broadcast=mirror.id, error=str(error))
        merge(mirror, heads, ())
    await _load_bytes(mirror, bus, heads)
    if closed or (state is not None and state.ended):
        mirror.close()
    elif mirror.timeline.changes != before:
        mirror.wake()


async def _heads(bus: Bus, broadcast_id: str) -> list[Head]:
    try:
        fields = await bus.get_hash(rows.heads_key(broadcast_id))
    except BusAway as error:
        log.warning("live.mirror_without_bus", broadcast=broadcast_id, error=str(error))
        return []
    return sorted((rows.read_head(data) for data in fields.values()), key=lambda head: (head.msn, head.part))


def merge(mirror: BroadcastMirror, heads: Sequence[Head], archived: Sequence[Segment]) -> None:
    """Continue the timeline with what is known, in order. Where nothing is known of a segment, it begins anew."""
    timeline = mirror.timeline
    by_msn: dict[int, list[Head]] = {}
    for head in heads:
        by_msn.setdefault(head.msn, []).append(head)
    stored = {segment.msn: segment for segment in archived}
    for msn in sorted(by_msn.keys() | stored.keys()):
        group = by_msn.get(msn, [])
        if group and group[0].part and not _is_growing(timeline, msn):
            group = []  # its beginning is lost
        if not group and msn not in stored:
            continue
        last = timeline.last
        if last is not None and (msn < last.msn or (msn == last.msn and last.closed)):
            continue
        if last is not None and msn > last.msn + 1:
            log.warning("live.mirror_hole", broadcast=mirror.id, after=last.msn, until=msn)
            timeline.restart(msn)
        for head in group:
            mirror.take_head(head)
        if msn in stored and not _is_closed(timeline, msn):
            timeline.add_closed(stored[msn])


def _is_growing(timeline: LiveTimeline, msn: int) -> bool:
    last = timeline.last
    return last is not None and last.msn == msn and not last.closed


def _is_closed(timeline: LiveTimeline, msn: int) -> bool:
    last = timeline.last
    return last is not None and last.msn == msn and last.closed


async def _load_bytes(mirror: BroadcastMirror, bus: Bus, heads: Sequence[Head]) -> None:
    """The bytes of the window's rows that are not in memory, a segment at a time."""
    wanted: dict[int, list[int]] = {}
    start = mirror.window_start()
    for head in heads:
        if head.msn >= start and head.part >= mirror.held_parts(head.msn):
            wanted.setdefault(head.msn, []).append(head.part)
    try:
        for msn, parts in wanted.items():
            for data in await bus.get_many([rows.row_key(mirror.id, msn, part) for part in parts]):
                if data is not None:
                    mirror.hold(rows.read_published(data).row)
    except BusAway as error:
        log.warning("live.mirror_without_bus", broadcast=mirror.id, error=str(error))
