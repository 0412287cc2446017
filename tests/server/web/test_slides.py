"""Slides on the pages: to be downloaded by everybody, brought by organisers and by speakers with a personal link."""

import re
from typing import Any

from server.core.db import Database
from server.core.runtime import Runtime
from server.slides.models import Deck
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker
from tests.server.web.events import a_session, an_event


async def a_deck(database: Database, session: dict[str, Any]) -> str:
    """A deck of the session; returns its id."""
    about = {"event_id": session["event"], "session_id": session["id"], "kind": "pdf", "key": "uploads/x"}
    async with database.write() as db:
        deck = Deck(slot="1", filename="Still <slides>.pdf", size_bytes=1_400_000, **about)
        db.add(deck)
        await db.flush()
        return deck.id


async def test_viewers_download_and_bring_nothing(browser: Browsing, admin: Asker, database: Database) -> None:
    session = await a_session(admin, await an_event(admin))
    page = f"/seminar-2027/sessions/{session['slug']}"
    assert "/api/v1/decks/" not in (await browser.get(page)).text
    deck = await a_deck(database, session)
    shown = (await browser.get(page)).text
    assert f'href="/api/v1/decks/{deck}/file" download' in shown
    assert "Slides (PDF)" in shown and "1.4 MB" in shown
    assert "data-uploads" not in shown and "js/studio.js" not in shown and "semma-csrf" not in shown


async def test_a_speaker_without_an_account_brings_and_deletes(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_session(admin, await an_event(admin, visibility="closed"))
    made = await admin.post(f"/sessions/{session['id']}/speaker-links", {"email": "ada@example.org", "name": "Ada"})
    joined = re.search(r"/join/[\w-]+", str(made))
    assert joined
    page = (await browser.get(joined[0])).headers["location"]
    shown = (await browser.get(page)).text
    assert f'data-uploads="{session["id"]}" data-purpose="slides"' in shown
    assert re.search(r'<meta name="semma-csrf" content="[^"]+">', shown) and "js/studio.js" in shown
    assert "There are no slides yet." in shown and "Uploaded. The slides are there" in shown
    deck = await a_deck(database, session)
    assert f'data-act="DELETE /api/v1/decks/{deck}"' in (await browser.get(page)).text


async def test_the_studio_has_a_place_for_slides(
    organiser: Browsing, admin: Asker, database: Database, app_runtime: Runtime
) -> None:
    session = await a_session(admin, await an_event(admin))
    deck = await a_deck(database, session)
    shown = (await organiser.get(f"/studio/seminar-2027/sessions/{session['slug']}")).text
    assert 'data-purpose="slides"' in shown and f"/api/v1/decks/{deck}/file" in shown
