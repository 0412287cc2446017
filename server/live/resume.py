"""Go on with a broadcast that an earlier process wrote: where it stopped, and what of it the archive does not have.

Three places know how far it came: Redis (the rows of the window), the rows of the archive, the spool. The farthest
counts. What viewers were given and no file or row knows (the segment that was open) is archived from Redis.
"""

import asyncio
from datetime import datetime, timedelta

import msgspec
import structlog
from sqlalchemy import select

from server.core.live_bus import BusAway
from server.live.archive import Archive
from server.live.collect import close_segment
from server.live.edge import Edge
from server.live.equipment import Equipment
from server.live.models import Broadcast, LiveSegment
from server.live.rows import Head, Meta, state_key
from server.live.window import Resumed, Window
from server.media.live import AUDIO_RATE, VIDEO_TIMESCALE, Layout

log = structlog.get_logger(__name__)

_AGAIN_S = 0.5


def layout_from(broadcast: Broadcast) -> Layout:
    """The layout as the row keeps it."""
    return msgspec.convert(broadcast.layout, Layout)


async def open_edge(equipment: Equipment, broadcast: Broadcast, *, is_new: bool) -> Edge:
    """The edge of a broadcast, at its beginning or where an earlier process stopped."""
    layout = layout_from(broadcast)
    meta = Meta(
        room_id=broadcast.room_id,
        event_id=broadcast.event_id,
        broadcast_id=broadcast.id,
        layout=layout,
        window_s=equipment.window_s,
    )
    window, archive = Window(equipment.bus, meta=meta), equipment.archive
    if is_new:
        await window.open()
        return Edge(broadcast.id, layout, window, archive, clock=equipment.clock.mono)
    await _until_bus_answers(equipment, broadcast.id)
    resumed = await window.open()
    known = await _known(equipment, broadcast.id)
    await _archive_missing(window, archive, broadcast.id, resumed, known)
    msn, start, wall = _reached(resumed.last, known.get(max(known, default=0)))
    log.info("live.resumed", broadcast=broadcast.id, next_msn=msn + 1, media_s=round(start / VIDEO_TIMESCALE, 1))
    edge = Edge(broadcast.id, layout, window, archive, next_msn=msn + 1, start=start, wall=wall)
    return edge


async def _until_bus_answers(equipment: Equipment, broadcast_id: str) -> None:
    """How far viewers are is known to Redis alone; without it nobody sees anything anyway."""
    while True:
        try:
            await equipment.bus.get_hash(state_key(broadcast_id))
            return
        except BusAway as error:
            log.warning("live.resume_waits", broadcast=broadcast_id, error=str(error))
            await asyncio.sleep(_AGAIN_S)


async def _known(equipment: Equipment, broadcast_id: str) -> dict[int, LiveSegment]:
    """The segments that have a row, by number; those of the spool get one before (Archive.open)."""
    await equipment.archive.noted(broadcast_id)
    async with equipment.runtime.database.read() as db:
        rows = await db.scalars(select(LiveSegment).where(LiveSegment.broadcast_id == broadcast_id))
        return {row.msn: row for row in rows}


async def _archive_missing(
    window: Window, archive: Archive, broadcast_id: str, resumed: Resumed, known: dict[int, LiveSegment]
) -> None:
    """Release what is archived, archive from Redis what is not."""
    heads = {head.msn: head for head in resumed.heads}  # the last of each segment
    for msn in resumed.segments():
        row = known.get(msn)
        if row is not None:
            if row.archived_at is not None or row.dropped_at is not None:
                window.release(msn)
            continue
        rows = await window.read_segment(msn)
        if not rows or [row.part for row in rows] != list(range(heads[msn].part + 1)):
            log.error("live.segment_lost", broadcast=broadcast_id, msn=msn, parts=len(rows))
            continue

        def init_of(track: str, name: str) -> bytes:
            return window.init(track, name) or b""

        await archive.add(close_segment(broadcast_id, rows, _end_of(heads[msn]), init_of))


def _end_of(head: Head) -> int:
    """The media time at which a row ends: its pictures say so exactly, else its sound."""
    video = [share.duration for name, share in head.pieces.items() if name != "audio"]
    if video:
        return head.start + video[0]
    return head.start + max(round(share.duration * VIDEO_TIMESCALE / AUDIO_RATE) for share in head.pieces.values())


def _reached(last: Head | None, row: LiveSegment | None) -> tuple[int, int, datetime | None]:
    """The last segment's number, and the media and wall time reached."""
    places: list[tuple[int, int, datetime | None]] = [(0, 0, None)]
    if last is not None:
        end = _end_of(last)
        places.append((last.msn, end, last.wall + _span(end - last.start)))
    if row is not None:
        places.append((row.msn, row.start + row.duration, row.wall + _span(row.duration)))
    return max(places, key=lambda place: place[:2])


def _span(ticks: int) -> timedelta:
    return timedelta(seconds=ticks / VIDEO_TIMESCALE)
