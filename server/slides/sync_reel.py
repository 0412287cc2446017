"""What the matcher looks at: a *reel*, the picture of a recording's own rendition, as far as it is to be looked at.

Always a rendition, never the uploaded source: of at most 720 lines, so cheap to decode; a keyframe every four seconds,
where the matcher looks first; our own encoder's file, not a stranger's; and verified to be exact about time, in an
upload as in a broadcast's archive. Its segments are joined into one file, holes closed up, as for the better encode.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from server.core.db import Db
from server.core.errors import Gone
from server.live.models import LiveSegment
from server.live.storage_keys import init_path, segment_path
from server.media.live import VIDEO_TIMESCALE
from server.recordings.keys import recording_prefix, rendition_path, segment_name
from server.recordings.live_list import LiveList, shown_live
from server.recordings.models import Chunk, Recording, Rendition

MOST_LINES = 720
MARGIN_MS = 8_000  # looked at beside what is missing, so that its borders are seen from both sides
_TICKS_A_MS = VIDEO_TIMESCALE // 1000


class PictureGone(Gone):
    """The rendition's segments are not in the storage."""

    code = "cues.picture_gone"
    says = "The recording's files cannot be read, so its slides were not matched. Match again once it is whole."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReelSegment:
    """A stored segment. Times are ticks of 90 kHz: `start` of the recording (it may be before 0), `media` of itself."""

    init: str
    key: str
    start: int
    media: int
    duration: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Segments that follow one another: a stretch of the reel, and where in the recording it is; in milliseconds."""

    start_ms: int
    end_ms: int
    recording_ms: int


@dataclass(frozen=True, kw_only=True)
class Reel:
    """The segments to join, in order, and what they show."""

    segments: tuple[ReelSegment, ...]
    runs: tuple[Run, ...]

    @property
    def size_bytes(self) -> int:
        """Of the segments together."""
        return sum(one.size_bytes for one in self.segments)

    @property
    def shifts(self) -> list[int]:
        """By how many ticks each segment's own times are moved in the reel."""
        shifts, at = [], 0
        for one in self.segments:
            shifts.append(at - one.media)
            at += one.duration
        return shifts


def make_reel(segments: Iterable[ReelSegment], holes: Sequence[tuple[int, int]]) -> Reel:
    """The segments that show one of the holes (in milliseconds of the recording), or what is close to it. Pure."""
    wanted = [((start - MARGIN_MS) * _TICKS_A_MS, (end + MARGIN_MS) * _TICKS_A_MS) for start, end in holes]
    chosen = [one for one in segments if any(one.start < end and start < one.start + one.duration
                                             for start, end in wanted)]  # fmt: skip
    runs: list[tuple[int, int, int]] = []
    at = 0
    for one in chosen:
        if runs and runs[-1][2] + (runs[-1][1] - runs[-1][0]) == one.start:
            runs[-1] = runs[-1][0], at + one.duration, runs[-1][2]
        else:
            runs.append((at, at + one.duration, one.start))
        at += one.duration
    return Reel(
        segments=tuple(chosen), runs=tuple(Run(start_ms=_ms(a), end_ms=_ms(b), recording_ms=_ms(c)) for a, b, c in runs)
    )


def _ms(ticks: int) -> int:
    return round(ticks / _TICKS_A_MS)


async def read_segments(db: Db, recording: Recording) -> list[ReelSegment]:
    """Every stored segment of the rendition to look at, in order; none where there is only sound."""
    rung = await _rung(db, recording)
    if rung is None:
        return []
    live = shown_live(recording)
    return await _archived(db, live, rung) if live is not None else await _encoded(db, recording, rung)


async def _rung(db: Db, recording: Recording) -> str | None:
    """The highest of at most 720 lines; the lowest where all have more."""
    rows = await db.scalars(
        select(Rendition).where(
            Rendition.recording_id == recording.id,
            Rendition.generation == recording.generation,
            Rendition.kind == "video",
        )
    )
    by_lines = sorted((min(row.width or 0, row.height or 0), row.name) for row in rows)
    small = [name for lines, name in by_lines if lines <= MOST_LINES]
    return small[-1] if small else by_lines[0][1] if by_lines else None


async def _archived(db: Db, live: LiveList, rung: str) -> list[ReelSegment]:
    """Those of a broadcast's archive that a live cut lists."""
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
    segments, at = [], -live.clip[0]
    for row in rows:
        if not live.lists(row.msn):
            continue
        if rung in row.tracks:
            _duration, size_bytes, init = row.tracks[rung]
            segments.append(
                ReelSegment(
                    init=live.prefix + init_path(rung, init),
                    key=live.prefix + segment_path(rung, row.msn),
                    start=at,
                    media=row.start,
                    duration=row.duration,
                    size_bytes=size_bytes,
                )
            )
        at += row.duration
    return segments


async def _encoded(db: Db, recording: Recording, rung: str) -> list[ReelSegment]:
    """Those of the present generation's chunks."""
    rows = await db.scalars(
        select(Chunk)
        .where(Chunk.recording_id == recording.id, Chunk.generation == recording.generation)
        .order_by(Chunk.position)
    )
    prefix = recording_prefix(recording.id)
    segments = []
    for chunk in rows:
        at = chunk.start_ms * _TICKS_A_MS
        for offset, (ticks, size_bytes) in enumerate(chunk.segments.get(rung, [])):
            name = segment_name(chunk.first_segment + offset)
            segments.append(
                ReelSegment(
                    init=prefix + rendition_path(recording.generation, rung, chunk.details["init"][rung]),
                    key=prefix + rendition_path(recording.generation, rung, name),
                    start=at,
                    media=at,
                    duration=ticks,
                    size_bytes=size_bytes,
                )
            )
            at += ticks
    return segments
