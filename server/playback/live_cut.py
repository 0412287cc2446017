"""Playlists of a recording that is still the live segments: a cut of a broadcast's archive (DESIGN §3.3).

Whole segments are listed; EXT-X-START says where in the first one the talk begins, and the player clamps to both
borders. Captions are on the recording's timeline, so they are moved by what stands before the talk, and
X-TIMESTAMP-MAP ties them to the segments' own clock, which counts from the broadcast's start.
"""

from collections.abc import Sequence
from fractions import Fraction

from sqlalchemy import select

from server.core.db import Db
from server.live.models import LiveSegment
from server.live.storage_keys import init_path, segment_path
from server.media.live import AUDIO_RATE, VIDEO_TIMESCALE
from server.media.playlist import Map, MediaPlaylist, MediaSegment, Start, target_duration
from server.playback.errors import MediaNotFound
from server.recordings.live_list import LiveList
from server.recordings.models import Rendition

TARGET_S = 4
# From g{generation}/{track}/index.m3u8 to live/ below the recording.
_UP = "../../live/"
_MPEG_WRAP = 1 << 33  # MPEG-2 timestamps have 33 bits


async def listed_segments(db: Db, live: LiveList) -> list[LiveSegment]:
    """The segments of the list in order, but for those dropped meanwhile."""
    if not live.runs:
        return []
    rows = await db.scalars(
        select(LiveSegment)
        .where(
            LiveSegment.broadcast_id == live.broadcast,
            LiveSegment.msn.between(live.runs[0][0], live.runs[-1][1]),
            LiveSegment.archived_at.is_not(None),
            LiveSegment.dropped_at.is_(None),
        )
        .order_by(LiveSegment.msn)
    )
    return [row for row in rows if live.lists(row.msn)]


def sizes_of(segments: Sequence[LiveSegment], rendition: Rendition) -> list[tuple[int, Fraction]]:
    """(bytes, seconds) of a track's segments in order."""
    rate = AUDIO_RATE if rendition.kind == "audio" else VIDEO_TIMESCALE
    rows = [segment.tracks[rendition.name] for segment in segments if rendition.name in segment.tracks]
    return [(size, Fraction(ticks, rate)) for ticks, size, _init in rows]


def live_playlist(live: LiveList, segments: Sequence[LiveSegment], rendition: Rendition) -> str:
    """A track's playlist: EVENT while the talk's end is still being archived, then VOD. Raises MediaNotFound."""
    sizes = sizes_of(segments, rendition)
    if not segments or len(sizes) != len(segments):
        raise MediaNotFound
    listed, before = [], None
    for segment, (_size, duration) in zip(segments, sizes, strict=True):
        init = segment.tracks[rendition.name][2]
        listed.append(
            MediaSegment(
                uri=_UP + segment_path(rendition.name, segment.msn),
                duration=duration,
                map=Map(uri=_UP + init_path(rendition.name, init)),
                discontinuity=before is not None and (segment.discontinuity or segment.msn != before + 1),
                program_date_time=segment.wall,
            )
        )
        before = segment.msn
    return MediaPlaylist(
        target_duration=max(TARGET_S, target_duration([duration for _size, duration in sizes])),
        segments=tuple(listed),
        playlist_type="VOD" if live.complete else "EVENT",
        start=Start(time_offset=Fraction(live.clip[0], VIDEO_TIMESCALE), precise=True),
        ended=live.complete,
    ).text()


def clip_ms(live: LiveList) -> tuple[int, int]:
    """The talk's borders in the playlist's time, in milliseconds."""
    start, end = (round(ticks * 1000 / VIDEO_TIMESCALE) for ticks in live.clip)
    return start, end


async def timestamp_map(db: Db, live: LiveList) -> str:
    """The line that ties WebVTT's time 0 to the first segment's start (RFC 8216bis 3.1.4)."""
    first = await db.scalar(
        select(LiveSegment.start).where(
            LiveSegment.broadcast_id == live.broadcast, LiveSegment.msn == (live.runs[0][0] if live.runs else 0)
        )
    )
    return f"X-TIMESTAMP-MAP=MPEGTS:{(first or 0) % _MPEG_WRAP},LOCAL:00:00:00.000"


def stored_key(live: LiveList | None, track: str, *, msn: str | None, init: str | None) -> str:
    """The storage key of a listed segment, or of an init; raises MediaNotFound for any other segment: a neighbour's,
    or one that was dropped."""
    if live is None or (msn is not None and not live.lists(int(msn))):
        raise MediaNotFound
    return live.prefix + (segment_path(track, int(msn)) if msn is not None else init_path(track, init or ""))
