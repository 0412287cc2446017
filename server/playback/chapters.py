"""Chapters of a recording: kept from the uploaded file's container, shown to players and as WebVTT."""

from server.core.db import Db
from server.media.chapters import Chapter, from_container, in_order, write_webvtt_chapters
from server.media.source_info import SourceInfo
from server.playback.errors import MediaNotFound
from server.playback.live_cut import clip_ms
from server.playback.models import ChapterList
from server.recordings.live_list import shown_live
from server.recordings.models import Recording


async def keep_chapters(db: Db, recording_id: str, info: SourceInfo) -> None:
    """Keep the container's chapters unless the recording has some already; one over everything says nothing."""
    found = from_container([(one.start_ms, one.title) for one in info.chapters], info.duration_ms)
    if found and await db.get(ChapterList, recording_id) is None:
        db.add(ChapterList(recording_id=recording_id, chapters=[[one.start_ms, one.title] for one in found]))
        await db.flush()


def chapters_in(row: ChapterList | None, recording: Recording) -> list[Chapter]:
    """The chapters in order, on the recording's timeline."""
    if row is None:
        return []
    return in_order((Chapter(start_ms, title) for start_ms, title in row.chapters), recording.duration_ms)


async def chapters_text(db: Db, recording_id: str) -> tuple[str, bool]:
    """The chapters as WebVTT in the playlist's time, and whether they change soon. Raises MediaNotFound."""
    recording = await db.get(Recording, recording_id)
    chapters = chapters_in(await db.get(ChapterList, recording_id), recording) if recording is not None else []
    if recording is None or not chapters:
        raise MediaNotFound
    live = shown_live(recording)
    before_ms, end_ms = clip_ms(live) if live is not None else (0, recording.duration_ms or 0)
    moved = [Chapter(one.start_ms + before_ms, one.title) for one in chapters]
    return write_webvtt_chapters(moved, max(end_ms, moved[-1].start_ms + 1)), False
