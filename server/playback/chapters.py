"""Chapters of a recording: a person's list, else those of the uploaded file's container, else what is guessed from the
slides; shown to players and as WebVTT.

What people said and what slides show is none of playback's knowledge: the root hands in a reader of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from server.core.db import Db
from server.media.chapters import Chapter, from_container, in_order, write_podcast_json, write_webvtt_chapters
from server.media.source_info import SourceInfo
from server.playback.errors import MediaNotFound
from server.playback.live_cut import clip_ms
from server.playback.models import ChapterList
from server.recordings.live_list import shown_live
from server.recordings.models import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherChapters:
    """Chapters from elsewhere, on the recording's timeline: a person's list (None: there is none), and a guess."""

    said: Sequence[Chapter] | None = None
    guessed: Sequence[Chapter] = field(default_factory=list)


@runtime_checkable  # the framework looks at what it hands in
class ChapterReader(Protocol):
    """Reads what is known of a recording's chapters beside its own file."""

    async def __call__(self, db: Db, recording: Recording, /) -> OtherChapters: ...


async def no_other_chapters(_db: Db, _recording: Recording) -> OtherChapters:
    """The reader where nobody says anything."""
    return OtherChapters()


async def keep_chapters(db: Db, recording_id: str, info: SourceInfo) -> None:
    """Keep the container's chapters unless the recording has some already; one over everything says nothing."""
    found = from_container([(one.start_ms, one.title) for one in info.chapters], info.duration_ms)
    if found and await db.get(ChapterList, recording_id) is None:
        db.add(ChapterList(recording_id=recording_id, chapters=[[one.start_ms, one.title] for one in found]))
        await db.flush()


def chapters_in(row: ChapterList | None, recording: Recording, other: OtherChapters) -> list[Chapter]:
    """The chapters in order, on the recording's timeline."""
    if other.said is not None:
        return in_order(other.said, recording.duration_ms)
    own = in_order((Chapter(start_ms, title) for start_ms, title in row.chapters), recording.duration_ms) if row else []
    return own or in_order(other.guessed, recording.duration_ms)


async def chapters_json(db: Db, recording_id: str, read_other: ChapterReader) -> tuple[str, bool]:
    """The chapters as podcast players read them, counted from the talk's own start. Raises MediaNotFound."""
    recording = await db.get(Recording, recording_id)
    if recording is None:
        raise MediaNotFound
    chapters = chapters_in(await db.get(ChapterList, recording_id), recording, await read_other(db, recording))
    if not chapters:
        raise MediaNotFound
    return write_podcast_json(chapters, recording.duration_ms or chapters[-1].start_ms + 1), False


async def chapters_text(db: Db, recording_id: str, read_other: ChapterReader) -> tuple[str, bool]:
    """The chapters as WebVTT in the playlist's time, and whether they change soon. Raises MediaNotFound."""
    recording = await db.get(Recording, recording_id)
    if recording is None:
        raise MediaNotFound
    chapters = chapters_in(await db.get(ChapterList, recording_id), recording, await read_other(db, recording))
    if not chapters:
        raise MediaNotFound
    live = shown_live(recording)
    before_ms, end_ms = clip_ms(live) if live is not None else (0, recording.duration_ms or 0)
    moved = [Chapter(one.start_ms + before_ms, one.title) for one in chapters]
    return write_webvtt_chapters(moved, max(end_ms, moved[-1].start_ms + 1)), False
