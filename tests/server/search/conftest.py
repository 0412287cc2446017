"""The same application and askers as in the tests of events, and an indexer run by hand."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from server.core.db import Database
from server.core.ids import new_id
from server.playback.models import CaptionTrack
from server.recordings.models import READY, Recording
from server.search.follow import follow_here, rouse
from server.slides.models import READY as DRAWN
from server.slides.models import Deck, DeckPage
from tests.server.events.conftest import admin, anybody, client, database, kept_app, kept_database, kept_settings

__all__ = ["admin", "anybody", "client", "database", "kept_app", "kept_database", "kept_settings"]

Follow = Callable[[], Awaitable[None]]


async def bring_up(database: Database) -> None:
    """Index what changed."""
    async with database.write() as db:
        await rouse(db)
    await follow_here(database, owner="test", lease_s=60)


@pytest.fixture
def indexed(database: Database) -> Follow:
    """Brings the index after."""

    async def act() -> None:
        await bring_up(database)

    return act


async def record(database: Database, session: dict[str, Any], *lines: str, published: bool = True, **more: Any) -> str:
    """A recording of the session with a cue of five seconds a line; returns its id."""
    ids = {"event_id": session["event"], "session_id": session["id"]}
    recording = Recording(
        id=new_id(), **ids, state=READY, playable=True, duration_ms=len(lines) * 5_000, cut=[],
        published_at=datetime(2027, 5, 20, tzinfo=UTC) if published else None,
    )  # fmt: skip
    cues = [[at * 5_000, at * 5_000 + 4_800, line, ""] for at, line in enumerate(lines)]
    async with database.write() as db:
        db.add(recording)
        if lines:
            db.add(CaptionTrack(id=new_id(), **ids, language=more.get("language", session["language"]), cues=cues))
    return recording.id


async def draw(database: Database, session: dict[str, Any], *texts: str) -> str:
    """A deck of the session with a page a text; returns its id."""
    deck = new_id()
    async with database.write() as db:
        db.add(
            Deck(id=deck, event_id=session["event"], session_id=session["id"], slot=deck, filename="s.pdf", kind="pdf",
                 size_bytes=1, key=f"decks/{deck}", state=DRAWN, rendering=1, page_count=len(texts))
        )  # fmt: skip
        await db.flush()
        for number, text in enumerate(texts, 1):
            db.add(
                DeckPage(deck_id=deck, number=number, slide=number, title="", text=text, width_px=1600, height_px=900)
            )
    return deck
