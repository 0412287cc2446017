"""Tables of what accompanies a recording: caption tracks and chapters."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion


class CaptionTrack(HasId, HasTimes, HasVersion, Base):
    """Captions of a session in one language, as cues on the recording's timeline."""

    __tablename__ = "caption_tracks"
    __table_args__ = (Index("ix_caption_tracks_session_id", "session_id"),)

    event_id: Mapped[str] = mapped_column(String(32))
    session_id: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(100), default="")
    # [[start_ms, end_ms, text], …]
    cues: Mapped[list[Any]] = mapped_column(default=list)
    upload_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    deleted_at: Mapped[datetime | None]


class ChapterList(HasTimes, HasVersion, Base):
    """Chapters of a recording: [[start_ms, title], …]."""

    __tablename__ = "chapter_lists"

    recording_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    chapters: Mapped[list[Any]] = mapped_column(default=list)
