"""A session's captions for who manages them: its tracks, what was mended in them, and older versions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.core.clock import now
from server.core.db import Db
from server.playback.models import CaptionTrack
from server.playback.queries import all_caption_tracks
from server.web.transcript import name_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackShown:
    """A track on the board."""

    id: str
    language: str
    name: str
    label: str
    cues: int
    filename: str
    warnings: tuple[str, ...]
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class CaptionsBoard:
    """The tracks viewers have, and those that were replaced or deleted and can still be brought back."""

    tracks: tuple[TrackShown, ...]
    gone: tuple[TrackShown, ...]


async def read_captions(db: Db, session_id: str, *, undo_s: int) -> CaptionsBoard:
    """All caption tracks of a session."""
    rows = await all_caption_tracks(db, session_id)
    since = now() - timedelta(seconds=undo_s)
    return CaptionsBoard(
        tuple(track_shown(row) for row in rows if row.deleted_at is None),
        tuple(track_shown(row) for row in rows if row.deleted_at is not None and row.deleted_at > since),
    )


def track_shown(row: CaptionTrack) -> TrackShown:
    """A row as pages show it."""
    return TrackShown(
        id=row.id,
        language=row.language,
        name=name_of(row) or "–",
        label=row.label,
        cues=len(row.cues),
        filename=row.filename,
        warnings=tuple(one["detail"] for one in row.warnings or []),
        updated_at=row.updated_at,
        version=row.version,
    )
