"""Reading what accompanies recordings."""

from collections.abc import Sequence

from sqlalchemy import and_, select

from server.core.db import Db
from server.playback.models import CaptionTrack, ChapterList
from server.recordings.models import Recording
from server.recordings.queries import current_first


async def caption_tracks_of(db: Db, session_id: str, *, empty: bool = False) -> list[CaptionTrack]:
    """The caption tracks of a session by language; `empty`: also those without a word, which are still being made."""
    return (await caption_tracks_of_sessions(db, [session_id], empty=empty)).get(session_id, [])


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
    tracks = [track for track, _chapters in found if track is not None and track.cues]
    return tracks, found[0][1] if found else None


async def caption_tracks_of_sessions(
    db: Db, session_ids: Sequence[str], *, empty: bool = False
) -> dict[str, list[CaptionTrack]]:
    """The caption tracks of each session that has some, in one query."""
    rows = await db.scalars(
        select(CaptionTrack)
        .where(CaptionTrack.session_id.in_(session_ids), CaptionTrack.deleted_at.is_(None))
        .order_by(CaptionTrack.language, CaptionTrack.created_at)
    )
    tracks: dict[str, list[CaptionTrack]] = {}
    for row in (row for row in rows if empty or row.cues):
        tracks.setdefault(row.session_id, []).append(row)
    return tracks


async def all_caption_tracks(db: Db, session_id: str) -> list[CaptionTrack]:
    """Every track of a session with those that were deleted or replaced, by language, the newest first."""
    rows = await db.scalars(
        select(CaptionTrack)
        .where(CaptionTrack.session_id == session_id)
        .order_by(CaptionTrack.language, CaptionTrack.created_at.desc())
    )
    return list(rows)


async def present_recording(db: Db, session_id: str) -> Recording | None:
    """The recording a session's captions are for: what viewers watch, else the newest there is."""
    rows = await db.scalars(
        select(Recording)
        .where(Recording.session_id == session_id, Recording.deleted_at.is_(None))
        .order_by(Recording.published_at.is_(None), *current_first())
        .limit(1)
    )
    return rows.first()
