"""Tables of what accompanies a recording: caption tracks and chapters."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion


class CaptionTrack(HasId, HasTimes, HasVersion, Base):
    """Captions of a session in one language, as cues on the recording's timeline.

    `cut` is the recording's list of ranges the times hold for, [] before there is one; `left_out` are cues that it
    does not show, in their source's media time: they are back when another cut shows them again.
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


class Download(HasId, HasTimes, Base):
    """One file to download, made of a recording's rung (or its sound alone).

    `fingerprint` names everything it is made of; other captions, chapters or borders make another file. `state` is
    making, ready or failed; what nobody asked for has no row.
    """

    __tablename__ = "downloads"
    __table_args__ = (UniqueConstraint("recording_id", "rung", "fingerprint"),)

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    session_id: Mapped[str] = mapped_column(String(32), index=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), index=True)
    rung: Mapped[str] = mapped_column(String(20))  # "1080p", "audio"
    fingerprint: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(8), default="making")
    progress: Mapped[float] = mapped_column(default=0.0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    ready_at: Mapped[datetime | None]


class DownloadChoice(HasTimes, HasVersion, Base):
    """What organisers say about downloads of an event or of a session (`id` is either's).

    `allowed` None: as the licence says; a session's word goes before its event's. `podcast`: files are made ahead and
    shown in the event's podcasts.
    """

    __tablename__ = "download_choices"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    allowed: Mapped[bool | None]
    podcast: Mapped[bool] = mapped_column(default=False)
