"""Tables of what accompanies a recording: caption tracks and chapters."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion


class CaptionTrack(HasId, HasTimes, HasVersion, Base):
    """Captions of a session in one language, as cues on the recording's timeline.

    `cut` is the recording's list of ranges the times hold for, [] before there is one; `left_out` are cues that this cut
    does not show, in their source's media time: they are back when the cut shows them again.
    """

    __tablename__ = "caption_tracks"
    __table_args__ = (Index("ix_caption_tracks_session_id", "session_id"),)

    event_id: Mapped[str] = mapped_column(String(32))
    session_id: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(100), default="")
    # [[start_ms, end_ms, text, settings], …]
    cues: Mapped[list[Any]] = mapped_column(default=list)
    # [{"code", "detail", "line", "count"}]: what was mended in the file, or left out of it
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    filename: Mapped[str] = mapped_column(String(300), default="")
    # [{"source_id", "start_ms", "end_ms"}], as Recording.cut
    cut: Mapped[list[Any]] = mapped_column(default=list)
    # [[source_id, start_ms, end_ms, text, settings], …]
    left_out: Mapped[list[Any]] = mapped_column(default=list)
    upload_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    deleted_at: Mapped[datetime | None]


class ChapterList(HasTimes, HasVersion, Base):
    """Chapters of a recording: [[start_ms, title], …]."""

    __tablename__ = "chapter_lists"

    recording_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    chapters: Mapped[list[Any]] = mapped_column(default=list)
