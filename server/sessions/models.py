"""Tables of sessions (items of the programme), speakers, and a session's links."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion
from server.events.fields import fold_text


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
    folded: Mapped[str] = mapped_column(Text, default="")  # what ?q= looks in
    deleted_at: Mapped[datetime | None]


class Speaker(HasId, HasTimes, HasVersion, Base):
    """Somebody who speaks, the same across editions."""

    __tablename__ = "speakers"

    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    biography: Mapped[str] = mapped_column(Text, default="")
    affiliation: Mapped[str] = mapped_column(String(200), default="")
    folded: Mapped[str] = mapped_column(String(400), default="", index=True)  # the name, for finding
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
    deleted_at: Mapped[datetime | None]


# SQLite lowers ASCII letters only, and neither database folds ß or full-width letters: what is searched is stored
# folded, with every write, whoever makes it.
@event.listens_for(Session, "before_insert")
@event.listens_for(Session, "before_update")
def _fold_session(_mapper: Mapper[Any], _connection: Any, session: Session) -> None:
    session.folded = fold_text(" \n".join((session.title, session.subtitle or "", session.abstract or "")))


@event.listens_for(Speaker, "before_insert")
@event.listens_for(Speaker, "before_update")
def _fold_speaker(_mapper: Mapper[Any], _connection: Any, speaker: Speaker) -> None:
    speaker.folded = fold_text(speaker.name)
