"""Tables of sessions (items of the programme), speakers, and a session's links."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion


class Session(HasId, HasTimes, HasVersion, Base):
    """One item of the programme with its talk metadata. `state` is confirmed, tentative or cancelled."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("event_id", "slug"),
        Index("ix_sessions_event_id_starts_at", "event_id", "starts_at"),
    )

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("rooms.id", ondelete="SET NULL"), index=True)
    track_id: Mapped[str | None] = mapped_column(ForeignKey("tracks.id", ondelete="SET NULL"), index=True)
    guid: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(100), default="")
    slug: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(500))
    subtitle: Mapped[str] = mapped_column(String(500), default="")
    abstract: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(String(60), default="talk")
    language: Mapped[str] = mapped_column(String(20), default="")
    licence: Mapped[str] = mapped_column(String(200), default="")
    do_not_record: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="confirmed")
    starts_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    deleted_at: Mapped[datetime | None]


class Speaker(HasId, HasTimes, HasVersion, Base):
    """Somebody who speaks, the same across editions."""

    __tablename__ = "speakers"

    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    biography: Mapped[str] = mapped_column(Text, default="")
    affiliation: Mapped[str] = mapped_column(String(200), default="")
    deleted_at: Mapped[datetime | None]


class SessionSpeaker(Base):
    """Who speaks in a session, in order."""

    __tablename__ = "session_speakers"

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    speaker_id: Mapped[str] = mapped_column(ForeignKey("speakers.id", ondelete="CASCADE"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)


class SessionLink(HasId, HasTimes, Base):
    """A typed link of a session: slides elsewhere, blog post, discussion, paper, photo…"""

    __tablename__ = "session_links"

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(default=0)
