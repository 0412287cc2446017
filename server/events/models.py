"""Tables of series, events (editions), rooms, tracks and an event's links."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion

PUBLIC, UNLISTED, CLOSED = "public", "unlisted", "closed"


class Series(HasId, HasTimes, HasVersion, Base):
    """The seminar that comes every year."""

    __tablename__ = "series"

    slug: Mapped[str] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
    deleted_at: Mapped[datetime | None]


class Event(HasId, HasTimes, HasVersion, Base):
    """One edition. `access_epoch` rises when its doors are closed, which ends every older access."""

    __tablename__ = "events"

    series_id: Mapped[str | None] = mapped_column(ForeignKey("series.id", ondelete="SET NULL"), index=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    subtitle: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    time_zone: Mapped[str] = mapped_column(String(60), default="Europe/Helsinki")
    languages: Mapped[list[str]] = mapped_column(default=list)
    hashtag: Mapped[str] = mapped_column(String(100), default="")
    visibility: Mapped[str] = mapped_column(String(12), default=PUBLIC)
    access_code_hash: Mapped[str | None] = mapped_column(String(200))
    access_epoch: Mapped[int] = mapped_column(default=0)
    # Recordings of live talks go public by themselves when the talk ends, or wait for the organiser
    publish_live: Mapped[bool] = mapped_column(default=True)
    deleted_at: Mapped[datetime | None]


class Room(HasId, HasTimes, HasVersion, Base):
    """A room of an event."""

    __tablename__ = "rooms"
    __table_args__ = (UniqueConstraint("event_id", "slug"),)

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    slug: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]


class Track(HasId, HasTimes, HasVersion, Base):
    """A thread of sessions through an event."""

    __tablename__ = "tracks"
    __table_args__ = (UniqueConstraint("event_id", "slug"),)

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    slug: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    color: Mapped[str] = mapped_column(String(9), default="")
    position: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]


class EventLink(HasId, HasTimes, Base):
    """A typed link of an event: blog post, discussion, photo, press…"""

    __tablename__ = "event_links"

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]
