"""Tables of sources, recordings, renditions and chunks."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion

RECEIVING, PROBING, ENCODING, READY, FAILED, CANCELLED = (
    "receiving",
    "probing",
    "encoding",
    "ready",
    "failed",
    "cancelled",
)


class Source(HasId, HasTimes, Base):
    """An immutable thing recordings are cut from: an uploaded file, or a broadcast (whose id it shares; its key is the
    prefix of the archive)."""

    __tablename__ = "sources"

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="upload")
    key: Mapped[str] = mapped_column(String(300))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    filename: Mapped[str] = mapped_column(String(300), default="")
    upload_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    info: Mapped[dict[str, Any]] = mapped_column(default=dict)  # media.probe.SourceInfo as JSON
    deleted_at: Mapped[datetime | None]


class Recording(HasId, HasTimes, HasVersion, Base):
    """What a session's viewers watch: a list of ranges over sources, and its renditions.

    `state` says how far the work is, `playable` whether there is something to watch, `published_at` whether viewers
    may.
    `generation` names one set of renditions; a better encode makes the next one under the same URL.
    """

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_session_id", "session_id"),)

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(12), default=PROBING)
    playable: Mapped[bool] = mapped_column(default=False)
    publish_when_playable: Mapped[bool] = mapped_column(default=True)
    published_at: Mapped[datetime | None]
    # [{"source_id": str, "start_ms": int, "end_ms": int | None}]: None is the source's end
    cut: Mapped[list[Any]] = mapped_column(default=list)
    generation: Mapped[int] = mapped_column(default=1)  # what viewers see
    next_generation: Mapped[int | None]  # a better encode that is being made beside it, and how far it is
    next_progress: Mapped[float] = mapped_column(default=0.0)
    # rungs, grid, loudness: what was decided, as JSON; "live": what a cut of a broadcast lists (recordings/live_list)
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    playable_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    progress: Mapped[float] = mapped_column(default=0.0)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    # [{"code", "detail", "at_ms"}]: what the organiser should know although it worked
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    poster_key: Mapped[str | None] = mapped_column(String(300))
    storyboard: Mapped[dict[str, Any]] = mapped_column(default=dict)
    deleted_at: Mapped[datetime | None]


class Rendition(HasId, HasTimes, Base):
    """One rung of one recording (video), or its sound (audio)."""

    __tablename__ = "renditions"
    __table_args__ = (UniqueConstraint("recording_id", "generation", "name"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(20))  # "1080p", "audio"
    kind: Mapped[str] = mapped_column(String(8))  # video | audio
    position: Mapped[int] = mapped_column(default=0)  # highest rung first
    width: Mapped[int | None]
    height: Mapped[int | None]
    frame_rate: Mapped[str | None] = mapped_column(String(20))  # "30000/1001"
    codecs: Mapped[str] = mapped_column(String(60), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    init_key: Mapped[str | None] = mapped_column(String(300))
    complete: Mapped[bool] = mapped_column(default=False)
    # audio only: [[duration_ticks, size_bytes], …] of the segments that are in the storage, in order
    segments: Mapped[list[Any]] = mapped_column(default=list)


class Chunk(HasId, HasTimes, Base):
    """A time range of the video, encoded in one go into every rung. Segment n of the recording starts at n × 4 s."""

    __tablename__ = "chunks"
    __table_args__ = (UniqueConstraint("recording_id", "generation", "position"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int] = mapped_column(default=1)
    position: Mapped[int]
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    first_segment: Mapped[int]
    done_at: Mapped[datetime | None]
    # {rung name: [[duration_ticks, size_bytes], …]} once done
    segments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # frames, hashes, thumbnails: the proof
