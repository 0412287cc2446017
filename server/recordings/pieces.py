"""The stored segments of a recording, track by track, in order of time: for what copies samples of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from server.core.db import Db
from server.live.models import LiveSegment
from server.live.storage_keys import init_path, segment_path
from server.media.live import AUDIO, AUDIO_RATE, VIDEO_TIMESCALE
from server.recordings.keys import recording_prefix, rendition_path, segment_name
from server.recordings.live_list import LiveList
from server.recordings.models import Chunk, Recording, Rendition


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A segment of one track: its key and its init's, and how far its times are moved, in the track's ticks."""

    track: str
    key: str
    init: str
    shift: int = 0
    size_bytes: int = 0


async def live_pieces(db: Db, live: LiveList, names: Sequence[str]) -> list[Piece]:
    """The listed segments of these tracks; what was cut away is closed up, so that the first begins at 0."""
    rows = (
        await db.scalars(
            select(LiveSegment)
            .where(LiveSegment.broadcast_id == live.broadcast)
            .where(LiveSegment.msn.between(live.runs[0][0], live.runs[-1][1]))
            .order_by(LiveSegment.msn)
        )
        if live.runs
        else ()
    )
    pieces, at = [], 0
    for row in rows:
        if not live.lists(row.msn):
            continue
        for name in (name for name in names if name in row.tracks):
            rate = AUDIO_RATE if name == AUDIO else VIDEO_TIMESCALE
            _ticks, size, init = row.tracks[name]
            pieces.append(
                Piece(
                    track=name,
                    key=live.prefix + segment_path(name, row.msn),
                    init=live.prefix + init_path(name, init),
                    shift=round((at - row.start) * rate / VIDEO_TIMESCALE),
                    size_bytes=size,
                )
            )
        at += row.duration
    return pieces


def encoded_pieces(recording: Recording, renditions: Sequence[Rendition], chunks: Sequence[Chunk]) -> list[Piece]:
    """The segments of these renditions of the shown generation, those of one time beside each other."""
    prefix, generation = recording_prefix(recording.id), recording.generation
    timed: list[tuple[float, int, Piece]] = []
    for order, rendition in enumerate(renditions):
        at, rate = 0, AUDIO_RATE if rendition.kind == "audio" else VIDEO_TIMESCALE
        for number, ticks, size, init in _rows(rendition, chunks):
            piece = Piece(
                track=rendition.name,
                key=prefix + rendition_path(generation, rendition.name, segment_name(number)),
                init=prefix + rendition_path(generation, rendition.name, init),
                size_bytes=size,
            )
            timed.append((at / rate, order, piece))
            at += ticks
    return [piece for _at, _order, piece in sorted(timed, key=lambda one: one[:2])]


def _rows(rendition: Rendition, chunks: Sequence[Chunk]) -> list[tuple[int, int, int, str]]:
    """(number, ticks, bytes, init) of a rendition's segments."""
    if rendition.kind == "audio":
        init = rendition.init_key or ""
        return [(number, ticks, size, init) for number, (ticks, size) in enumerate(rendition.segments)]
    return [
        (chunk.first_segment + offset, ticks, size, chunk.details["init"][rendition.name])
        for chunk in chunks
        for offset, (ticks, size) in enumerate(chunk.segments.get(rendition.name, []))
    ]
