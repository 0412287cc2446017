"""Tables of uploads: what was announced, what is durable, what it became."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes

RECEIVING, FINISHING, FINISHED = "receiving", "finishing", "finished"
FAILED, EXPIRED, TERMINATED = "failed", "expired", "terminated"
STATES = (RECEIVING, FINISHING, FINISHED, FAILED, EXPIRED, TERMINATED)


class Upload(HasId, HasTimes, Base):
    """One resumable upload. `offset_bytes` counts only bytes the object storage has acknowledged.

    state: receiving → finishing → finished; or failed, expired, terminated.
    """

    __tablename__ = "uploads"

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    session_id: Mapped[str] = mapped_column(String(32), index=True)
    user_id: Mapped[str | None] = mapped_column(String(32))
    link_id: Mapped[str | None] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(20))  # recording | slides | captions
    filename: Mapped[str] = mapped_column(String(300), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    metadata_text: Mapped[str] = mapped_column(Text, default="")  # Upload-Metadata as sent, echoed by HEAD
    length_bytes: Mapped[int | None] = mapped_column(BigInteger)  # None: Upload-Defer-Length
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    part_size_bytes: Mapped[int] = mapped_column(default=8 * 1024 * 1024)
    key: Mapped[str] = mapped_column(String(300))
    multipart_id: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(12), default="receiving")
    fence: Mapped[int] = mapped_column(default=0)  # rises with every writer; an older writer's offset is refused
    held_until: Mapped[datetime | None]  # a writer is at work, as long as it keeps renewing this
    yield_asked: Mapped[int] = mapped_column(default=0)  # the fence of the writer that was asked to let go
    result_id: Mapped[str | None] = mapped_column(String(32))  # the recording, deck or caption track it became
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class UploadPart(Base):
    """A whole S3 part of an upload, acknowledged by the storage."""

    __tablename__ = "upload_parts"

    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    etag: Mapped[str] = mapped_column(String(200))


class UploadTail(Base):
    """Bytes after the last whole part, shorter than a part, kept as a small object until a part is full."""

    __tablename__ = "upload_tails"

    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    start_bytes: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(300))
