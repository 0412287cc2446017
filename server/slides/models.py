"""The tables of slides: decks and their pages, what was found of when they are shown, also live, and corrections."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, HasId, HasTimes, HasVersion

WAITING, RENDERING, READY, FAILED = "waiting", "rendering", "ready", "failed"


class Deck(HasId, HasTimes, HasVersion, Base):
    """One file of slides as it came: an immutable object (an upload's keeps the key its upload had), and what was made
    of it.

    Decks with the same `slot` are versions of one another, counted by `revision`; which of them is shown is said in
    slots.py. `position` orders the slots of a session.
    """

    __tablename__ = "decks"

    event_id: Mapped[str] = mapped_column(String(32), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    slot: Mapped[str] = mapped_column(String(32))  # the id of its first version
    position: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    replaced_at: Mapped[datetime | None]  # when a newer version was shown in its place
    filename: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(12))  # pdf | pptx | odp | png | jpeg | zip: by content
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(400))
    upload_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    downloadable: Mapped[bool | None]  # None: as the session's licence says (licence.py)
    state: Mapped[str] = mapped_column(String(12), default=WAITING, index=True)
    progress: Mapped[float] = mapped_column(default=0.0)  # 0…1
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    warnings: Mapped[list[Any]] = mapped_column(default=list)  # [{"code", "detail", "page": number | null}]
    page_count: Mapped[int] = mapped_column(default=0)
    slide_count: Mapped[int] = mapped_column(default=0)
    rendering: Mapped[int] = mapped_column(default=0)  # number of the newest finished one; 0: none
    outline: Mapped[list[Any]] = mapped_column(default=list)  # as media/deck_read gives it
    # Of a deck that was fetched from a link
    source_url: Mapped[str | None] = mapped_column(String(2000))
    source_etag: Mapped[str | None] = mapped_column(String(300))
    source_seen_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class DeckPage(Base):
    """One page of a deck's newest rendering. `words` and `links` are large: read by name, for one page only."""

    __tablename__ = "deck_pages"

    deck_id: Mapped[str] = mapped_column(ForeignKey("decks.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # from 1
    slide: Mapped[int]  # the logical slide it is (a build step of), from 1
    label: Mapped[str] = mapped_column(String(100), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    width_px: Mapped[int]  # of the large picture
    height_px: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="")
    # [[x0, y0, x1, y1, "word"], …], fractions of the page from its top left, in reading order
    words: Mapped[list[Any]] = mapped_column(default=list, deferred=True, deferred_raiseload=True)
    # [[x0, y0, x1, y1, "https://…" or a page's number], …]
    links: Mapped[list[Any]] = mapped_column(default=list, deferred=True, deferred_raiseload=True)


class SlideSync(HasTimes, HasVersion, Base):
    """What was found of which page a session's recording shows when (slides/sync). `version` rises with every change of
    cues or chapters, which a client can see; not with progress."""

    __tablename__ = "slide_syncs"

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12), default="idle")  # idle | waiting | matching | ready | failed
    progress: Mapped[float] = mapped_column(default=0.0)  # 0…1
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    turn: Mapped[int] = mapped_column(default=0)  # the fence: only the newest order's outcome is kept
    wanted: Mapped[str] = mapped_column(String(64), default="")  # fingerprint of what was ordered last
    seen: Mapped[str] = mapped_column(String(64), default="")  # fingerprint of recording and decks at the last look
    # {source id: sync_found.Found as JSON}
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # {deck id: sync_found.Carry}: what became of pages of decks that are not shown any more
    carries: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # {source id: sync_found.Moved}: where what sources show is in others
    moved: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # [sync_found.KeptChapter]: the guess, and a person's list, which goes before it
    chapters: Mapped[list[Any]] = mapped_column(default=list)
    chapters_said: Mapped[list[Any] | None]


class LiveCue(Base):
    """While a room is on air: from this moment of a broadcast on a page is shown, or none (slides/live_cues)."""

    __tablename__ = "live_cues"

    broadcast_id: Mapped[str] = mapped_column(ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # media time, 90 kHz ticks
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    wall: Mapped[datetime]  # when that was, as EXT-X-PROGRAM-DATE-TIME counts
    deck_id: Mapped[str | None] = mapped_column(String(32))
    page: Mapped[int | None]
    confidence: Mapped[float]
    told_at: Mapped[datetime]  # when viewers heard of it


class CueEdit(HasId, HasTimes, Base):
    """A person's correction of cues; applied in the order of `number`, never changed by what is found."""

    __tablename__ = "cue_edits"
    __table_args__ = (UniqueConstraint("session_id", "number"),)

    event_id: Mapped[str] = mapped_column(String(32))
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1
    op: Mapped[str] = mapped_column(String(12))  # set | move | delete | shift | renumber
    words: Mapped[str] = mapped_column(String(300))  # what was asked for, in English
    asked: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the same as values: sync_edit.Wish without its nulls
    corrections: Mapped[list[Any]] = mapped_column(default=list)  # [sync_found.KeptCorrection]: what it came to
    user_id: Mapped[str | None] = mapped_column(String(32))
    by_name: Mapped[str] = mapped_column(String(200), default="")
    undone_at: Mapped[datetime | None]


class DeckLink(HasId, HasTimes, Base):
    """What became of a session's link to slides elsewhere, which is looked at again and again (slides/linked)."""

    __tablename__ = "deck_links"

    link_id: Mapped[str] = mapped_column(ForeignKey("session_links.id", ondelete="CASCADE"), unique=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    event_id: Mapped[str] = mapped_column(String(32))
    url: Mapped[str] = mapped_column(String(2000))
    state: Mapped[str] = mapped_column(String(12), default=WAITING)  # waiting | fetched | same | left | failed | gone
    slot: Mapped[str | None] = mapped_column(String(32))  # where its file is, or the same file that somebody brought
    validator: Mapped[str] = mapped_column(String(200), default="")  # of core/fetch
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the newest file that was taken
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    looked_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime] = mapped_column(index=True)
