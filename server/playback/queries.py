"""Reading what accompanies recordings."""

from collections.abc import Sequence

from sqlalchemy import and_, select

from server.core.db import Db
from server.playback.models import CaptionTrack, ChapterList
from server.recordings.models import Recording


async def caption_tracks_of(db: Db, session_id: str) -> list[CaptionTrack]:
    """The caption tracks of a session by language."""
    return (await caption_tracks_of_sessions(db, [session_id])).get(session_id, [])


async def accompaniment_of(db: Db, recording: Recording) -> tuple[list[CaptionTrack], ChapterList | None]:
    """The caption tracks of a recording's session by language, and its chapters, in one query."""
    rows = await db.execute(
        select(CaptionTrack, ChapterList)
        .select_from(Recording)
        .outerjoin(
            CaptionTrack,
            and_(CaptionTrack.session_id == Recording.session_id, CaptionTrack.deleted_at.is_(None)),
        )
        .outerjoin(ChapterList, ChapterList.recording_id == Recording.id)
        .where(Recording.id == recording.id)
        .order_by(CaptionTrack.language, CaptionTrack.created_at)
    )
    found = rows.all()
    return [track for track, _chapters in found if track is not None], found[0][1] if found else None


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
