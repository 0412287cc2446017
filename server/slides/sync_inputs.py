"""What a sync is made from: the recording a session shows, and its decks; read from the rows."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from server.accounts.actor import Actor
from server.core.db import Db
from server.media.timeline import Range, Timeline
from server.recordings.models import READY, Recording, Rendition
from server.recordings.queries import recordings_of_sessions
from server.sessions.models import Session
from server.slides.chapters import SlideName
from server.slides.models import CueEdit, Deck, DeckPage, SlideSync
from server.slides.queries import read_session_decks
from server.slides.sync_found import Carry, Moved
from server.slides.sync_place import View

# What viewers are shown is chosen in recordings/queries; a published one goes before all others, whoever asks.
_EVERYTHING = Actor(is_admin=True)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The session's recording as far as it is complete, whether it has a picture, and the shown decks with pages."""

    session: Session
    recording: Recording | None
    has_picture: bool
    decks: tuple[Deck, ...]

    @property
    def looked_for(self) -> tuple[tuple[str, int], ...]:
        """(deck, rendering) of the pages there are to find."""
        return tuple((deck.id, deck.rendering) for deck in self.decks)

    @property
    def timeline(self) -> Timeline | None:
        """The recording's ranges; None while there is no complete recording."""
        return timeline_of(self.recording) if self.recording is not None else None

    @property
    def fingerprint(self) -> str:
        """Names recording, borders and decks: when they are as before, nothing is to be done."""
        cut = [self.recording.id, self.recording.cut, self.has_picture] if self.recording is not None else None
        return hashlib.sha256(msgspec.json.encode([cut, self.looked_for])).hexdigest()


async def read_inputs(db: Db, session_id: str) -> Inputs | None:
    """None when there is no such session."""
    session = await db.get(Session, session_id)
    if session is None or session.deleted_at is not None:
        return None
    recording = (await recordings_of_sessions(db, _EVERYTHING, [session_id])).get(session_id)
    if recording is not None and (recording.state != READY or timeline_of(recording) is None):
        recording = None
    decks = (await read_session_decks(db, session_id, pages=False)).shown
    return Inputs(
        session=session,
        recording=recording,
        has_picture=recording is not None and await _has_picture(db, recording),
        decks=tuple(deck for deck in decks if deck.rendering),
    )


async def _has_picture(db: Db, recording: Recording) -> bool:
    found = select(Rendition.id).where(
        Rendition.recording_id == recording.id,
        Rendition.generation == recording.generation,
        Rendition.kind == "video",
    )
    return await db.scalar(found.limit(1)) is not None


def timeline_of(recording: Recording) -> Timeline | None:
    """The recording's ranges over its sources; None while it has no length."""
    length = recording.duration_ms or 0
    ends = [part["end_ms"] if part["end_ms"] is not None else part["start_ms"] + length for part in recording.cut]
    ranges = [
        Range(part["source_id"], part["start_ms"], end)
        for part, end in zip(recording.cut, ends, strict=True)
        if end > part["start_ms"]
    ]
    return Timeline(tuple(ranges)) if ranges and length else None


def view_of(recording: Recording, decks: Collection[str], sync: SlideSync | None) -> View | None:
    """How results and corrections look on a recording; None while it has no length."""
    timeline = timeline_of(recording)
    if timeline is None:
        return None
    return View(
        timeline=timeline,
        duration_ms=recording.duration_ms or 0,
        decks=frozenset(decks),
        carries=msgspec.convert(sync.carries, dict[str, Carry]) if sync is not None else {},
        moved=msgspec.convert(sync.moved, dict[str, Moved]) if sync is not None else {},
    )


async def get_sync(db: Db, session_id: str, *, lock: bool = False) -> SlideSync | None:
    """The row, if there is one."""
    return await db.get(SlideSync, session_id, with_for_update=lock or None, populate_existing=lock)


async def open_sync(db: Db, session: Session) -> SlideSync:
    """The row, locked; made when there is none yet."""
    sync = await get_sync(db, session.id, lock=True)
    if sync is None:
        await db.get(Session, session.id, with_for_update=True)  # one of two makes it
        sync = await get_sync(db, session.id, lock=True)
    if sync is None:
        sync = SlideSync(session_id=session.id, event_id=session.event_id, state="idle", turn=0, version=0)
        sync.found, sync.carries, sync.moved, sync.chapters, sync.progress = {}, {}, {}, [], 0.0
        db.add(sync)
        await db.flush()
    return sync


async def edits_of(db: Db, session_id: str, *, undone: bool = False) -> list[CueEdit]:
    """The corrections that count, in order; with `undone` also those that were taken back."""
    query = select(CueEdit).where(CueEdit.session_id == session_id).order_by(CueEdit.number)
    return list(await db.scalars(query if undone else query.where(CueEdit.undone_at.is_(None))))


async def slide_names(db: Db, deck_ids: Sequence[str]) -> dict[tuple[str, int], SlideName]:
    """Of every page of these decks, by (deck, number)."""
    if not deck_ids:
        return {}
    rows = await db.execute(
        select(DeckPage.deck_id, DeckPage.number, DeckPage.slide, DeckPage.title, DeckPage.label).where(
            DeckPage.deck_id.in_(deck_ids)
        )
    )
    return {(row.deck_id, row.number): SlideName(row.slide, row.title, row.label) for row in rows}
