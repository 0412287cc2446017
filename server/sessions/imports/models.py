"""Tables of programmes from elsewhere: their sources, each import, and what was last imported of every session."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion

# States of a source
WAITING, OK, FAILED = "waiting", "ok", "failed"
# States of an import (FAILED too)
SHOWN, APPLYING, APPLIED, DISCARDED, UNDONE, UNCHANGED = (
    "shown",
    "applying",
    "applied",
    "discarded",
    "undone",
    "unchanged",
)
DAY_S = 86_400


class ProgrammeSource(HasId, HasTimes, HasVersion, Base):
    """Where a programme comes from: a URL that is looked at again and again, or ("" for url) files of one programme."""

    __tablename__ = "programme_sources"

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(2000), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    form: Mapped[str] = mapped_column(String(40), default="")  # the format found last
    apply_itself: Mapped[bool] = mapped_column(default=False)
    grace_s: Mapped[int] = mapped_column(default=DAY_S)  # how long what vanished is still shown
    poll_every_s: Mapped[int] = mapped_column(default=900)
    state: Mapped[str] = mapped_column(String(12), default=WAITING)  # waiting | ok | failed
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    validator: Mapped[str] = mapped_column(String(200), default="")  # of core/fetch
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the file that was taken last
    looked_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime | None] = mapped_column(index=True)  # None: never (files)
    # What organisers answered: {"same": {new key: session id}, "other": [[new key, session id]], "gone": [room]}
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    deleted_at: Mapped[datetime | None]


class Import(HasId, HasTimes, HasVersion, Base):
    """One reading of a programme, and what it came to. `state`: shown (waits for a person), applying, applied,
    unchanged, discarded, undone, failed."""

    __tablename__ = "imports"
    __table_args__ = (Index("ix_imports_event_id_created_at", "event_id", "created_at"),)

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    source_id: Mapped[str] = mapped_column(ForeignKey("programme_sources.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(12), default=SHOWN)
    way: Mapped[str] = mapped_column(String(12), default="file")  # poll | file | command
    by_user_id: Mapped[str | None] = mapped_column(String(32))
    by_name: Mapped[str] = mapped_column(String(200), default="")
    filename: Mapped[str] = mapped_column(String(200), default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    form: Mapped[str] = mapped_column(String(40), default="")
    generator: Mapped[str] = mapped_column(String(200), default="")
    programme_version: Mapped[str] = mapped_column(String(300), default="")
    size_bytes: Mapped[int] = mapped_column(default=0)
    sessions: Mapped[int] = mapped_column(default=0)  # in the file
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"new": 3, "changed": 2, …}
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    # Large ones, read only where they are wanted: diff.Diff and notes as JSON, what undo needs, and, as long as it is
    # not applied, the programme itself (packed.py).
    diff: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    notes: Mapped[list[Any]] = mapped_column(default=list, deferred=True)
    undo: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    programme: Mapped[str] = mapped_column(Text, default="", deferred=True)


class ImportedSession(HasId, Base):
    """What a source said last of a session: what local edits and the next import are compared with.

    A session that the source no longer names has `missing_since`; when the grace period is over it is hidden, which is
    `sessions.deleted_at` with the same moment here, so that it is back without loss and is not purged. `withdrawn`:
    made by an import that was undone.
    """

    __tablename__ = "imported_sessions"
    __table_args__ = (
        UniqueConstraint("source_id", "key"),
        UniqueConstraint("source_id", "session_id"),
    )

    source_id: Mapped[str] = mapped_column(ForeignKey("programme_sources.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(String(32), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(300))
    guid: Mapped[str] = mapped_column(String(200), default="")
    block: Mapped[str] = mapped_column(String(200), default="")  # the part of the programme it stood in: its room
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by field, as wanted.py makes them
    seen_at: Mapped[datetime]
    missing_since: Mapped[datetime | None] = mapped_column(index=True)
    hidden_at: Mapped[datetime | None]
    withdrawn: Mapped[bool] = mapped_column(default=False)


class ImportedName(HasId, Base):
    """Which room, track or speaker a source means by a key and a name."""

    __tablename__ = "imported_names"
    __table_args__ = (Index("ix_imported_names_source_id", "source_id"),)

    source_id: Mapped[str] = mapped_column(ForeignKey("programme_sources.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))  # room | track | speaker
    key: Mapped[str] = mapped_column(String(300), default="")
    name: Mapped[str] = mapped_column(String(200))
    thing_id: Mapped[str] = mapped_column(String(32), index=True)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of what was imported with it
