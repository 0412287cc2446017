"""Reading what accompanies recordings."""

from collections.abc import Sequence

from sqlalchemy import select

from server.core.db import Db
from server.playback.models import CaptionTrack


async def caption_tracks_of(db: Db, session_id: str) -> list[CaptionTrack]:
    """The caption tracks of a session by language."""
    return (await caption_tracks_of_sessions(db, [session_id])).get(session_id, [])


async def caption_tracks_of_sessions(db: Db, session_ids: Sequence[str]) -> dict[str, list[CaptionTrack]]:
    """The caption tracks of each session that has some, in one query."""
    rows = await db.scalars(
        select(CaptionTrack)
        .where(CaptionTrack.session_id.in_(session_ids), CaptionTrack.deleted_at.is_(None))
        .order_by(CaptionTrack.language, CaptionTrack.created_at)
    )
    tracks: dict[str, list[CaptionTrack]] = {}
    for row in rows:
        tracks.setdefault(row.session_id, []).append(row)
    return tracks
