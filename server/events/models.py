"""Tables of series, events (editions), rooms, tracks and an event's links."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
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
    color: Mapped[str] = mapped_column(String(9), default="")
    logo_id: Mapped[str | None] = mapped_column(String(32))  # of its event_pictures
    about: Mapped[str] = mapped_column(Text, default="")
    code_of_conduct: Mapped[str] = mapped_column(Text, default="")
    venue_name: Mapped[str] = mapped_column(String(200), default="")
    venue_address: Mapped[str] = mapped_column(String(500), default="")
    venue_url: Mapped[str] = mapped_column(String(2000), default="")
    # Whether anybody may suggest links; organisers decide on each
    takes_links: Mapped[bool] = mapped_column(default=True)
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


class EventPicture(HasId, HasTimes, Base):
    """A small picture of an event, drawn anew from what was uploaded: its logo, or a sponsor's. Never changes."""

    __tablename__ = "event_pictures"

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    width_px: Mapped[int]
    height_px: Mapped[int]
    size_bytes: Mapped[int]


class Sponsor(HasId, HasTimes, Base):
    """Who supports an event; `tier` is how the organisers name the kind of support."""

    __tablename__ = "event_sponsors"

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000), default="")
    tier: Mapped[str] = mapped_column(String(60), default="")
    picture_id: Mapped[str | None] = mapped_column(String(32))
    position: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]


class LinkSuggestion(HasId, HasTimes, Base):
    """A link somebody suggests for an event; nobody but its organisers sees it before they took it.

    `state` is waiting, taken or refused; `link_id` is the event's link it became.
    """

    __tablename__ = "link_suggestions"
    __table_args__ = (Index("ix_link_suggestions_event_id_state", "event_id", "state"),)

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(String(300), default="")
    by_name: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    link_id: Mapped[str | None] = mapped_column(String(32))
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None]
