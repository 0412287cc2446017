"""What the talk page and the embed hold of slides before any script runs: pages, their size, their text, the layout."""

import re
from typing import Any

from server.core.db import Database
from server.slides.models import READY, RENDERING, Deck, DeckPage
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker
from tests.server.web.events import a_recording, a_session, an_event, on_one_database
from tests.server.web.test_live_pages import a_room, in_minutes, on_air, state_in

pytestmark = on_one_database

# (number, slide, title): the second slide is built in two steps.
PAGES = [(1, 1, "Cranes"), (2, 2, "They dance"), (3, 2, "They <dance>"), (4, 3, "")]


async def a_talk(admin: Asker, database: Database, **recording: Any) -> dict[str, Any]:
    """A session with a recording."""
    event = await an_event(admin)
    session = await a_session(admin, event, slug="still")
    await a_recording(database, session, event, **recording)
    return session


async def a_deck(database: Database, session: dict[str, Any], *, rows: Any = PAGES, **values: Any) -> str:
    """A rendered deck, as rows only; its id."""
    about = {"slot": "one", "filename": "Still.pdf", "kind": "pdf", "key": "x", "size_bytes": 5, "state": READY}
    about |= {"rendering": 1, "page_count": len(rows)}
    async with database.write() as db:
        deck = Deck(event_id=session["event"], session_id=session["id"], **(about | values))
        db.add(deck)
        await db.flush()
        for number, slide, title in rows:
            text = f"{title}\nPage {number} & more"
            size = {"width_px": 1440, "height_px": 1080}
            db.add(DeckPage(deck_id=deck.id, number=number, slide=slide, title=title, text=text, **size))
        return deck.id


async def seen(browser: Browsing, path: str = "/seminar-2027/sessions/still") -> str:
    return str((await browser.get(path)).text)


async def test_a_talk_without_slides_has_no_place_for_them(browser: Browsing, admin: Asker, database: Database) -> None:
    await a_talk(admin, database)
    for path in ("/seminar-2027/sessions/still", "/embed/seminar-2027/sessions/still?slides=1"):
        shown = await seen(browser, path)
        assert "data-player" in shown
        assert "data-deck" not in shown and "slides.css" not in shown and "with-slides" not in shown


async def test_pages_stand_beside_the_video_with_their_size_and_links(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_talk(admin, database)
    deck = await a_deck(database, session)
    shown = await seen(browser)
    assert 'class="stage with-slides"' in shown
    assert f'data-deck="/api/v1/sessions/{session["id"]}/slides"' in shown
    assert '<canvas class="deck-size" width="1440" height="1080"' in shown
    assert re.findall(r'data-strip-link href="(\?slide=[\d.]+)"', shown) == ["?slide=1", "?slide=2", "?slide=4"]
    # A slide with steps is one picture, the last, and says which pages it is.
    assert f'src="/slides/public/{deck}/r1/0003-small.webp" width="1440" height="1080"' in shown
    assert 'aria-label="Slide 2–3: They &lt;dance&gt;"' in shown and 'aria-label="Slide 4"' in shown
    assert "0002-small.webp" not in shown
    assert 'aria-label="Pages of the slides"' in shown and "Slides: back to now" in shown
    assert "data-no-picture" not in shown


async def test_without_scripts_every_page_is_a_picture_with_its_text(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    await a_deck(database, await a_talk(admin, database))
    plain = "".join(re.findall(r"<noscript>(.*?)</noscript>", await seen(browser), re.S))
    assert re.findall(r"(\d{4})-large\.webp", plain) == ["0001", "0002", "0003", "0004"]
    assert "They &lt;dance&gt;\nPage 3 &amp; more" in plain


async def test_the_chosen_layout_is_drawn_at_once(browser: Browsing, admin: Asker, database: Database) -> None:
    await a_deck(database, await a_talk(admin, database))
    for kept, large in (("slide", "slide"), ("video", "video"), ('"><script>', "video")):
        browser.http.cookies.set("semma_large", kept)
        assert f'data-beside data-large="{large}"' in await seen(browser)


async def test_a_slide_has_the_stage_at_once_where_a_recording_is_sound_only(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    await a_deck(database, await a_talk(admin, database, plan={"rungs": [], "has_audio": True}))
    for path in ("/seminar-2027/sessions/still", "/embed/seminar-2027/sessions/still?slides=1"):
        assert "data-no-picture>" in await seen(browser, path)


async def test_a_deck_that_is_still_drawn_has_a_hidden_place(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    await a_deck(database, await a_talk(admin, database), rows=(), state=RENDERING, rendering=0)
    shown = await seen(browser)
    assert 'class="stage"' in shown
    assert re.search(r"<section class=\"deck\"[^>]* hidden>", shown)
    assert re.search(r"<nav class=\"strip\"[^>]* hidden>", shown)


async def test_slides_can_be_looked_through_before_there_is_a_recording(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_session(admin, await an_event(admin), slug="still")
    await a_deck(database, session)
    shown = await seen(browser)
    assert "data-alone" in shown and "data-deck-strip" in shown and "data-player" not in shown


async def test_several_decks_have_heads_and_links_of_their_own(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_talk(admin, database)
    await a_deck(database, session)
    await a_deck(database, session, slot="two", position=1, filename="More <figures>.pdf")
    shown = await seen(browser)
    assert re.findall(r'class="strip-deck">([^<]+)<', shown) == ["Still.pdf", "More &lt;figures&gt;.pdf"]
    assert re.findall(r'data-strip-link href="\?slide=([\d.]+)"', shown) == ["1", "2", "4", "2.1", "2.2", "2.4"]
    assert shown.count("/file") == 2


async def test_who_may_not_download_still_sees_the_pages(browser: Browsing, admin: Asker, database: Database) -> None:
    session = await a_talk(admin, database)
    deck = await a_deck(database, session, downloadable=False)
    shown = await seen(browser)
    assert f"{deck}/r1/0001-small.webp" in shown
    assert "/file" not in shown and 'id="slides"' not in shown


async def test_the_embed_shows_slides_when_asked_to(browser: Browsing, admin: Asker, database: Database) -> None:
    await a_deck(database, await a_talk(admin, database))
    assert "data-deck" not in await seen(browser, "/embed/seminar-2027/sessions/still")
    shown = await seen(browser, "/embed/seminar-2027/sessions/still?slides=1")
    assert "data-deck-strip" in shown and "with-slides" in shown and "slides.css" in shown
    assert '/seminar-2027/sessions/still">' in shown, "links that are copied lead to the talk's own page"


async def test_who_brings_slides_has_a_place_for_them_before_there_are_any(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    await a_talk(admin, database)
    shown = await seen(organiser)
    assert re.search(r"<section class=\"deck\"[^>]* hidden>", shown) and "There are no slides yet." in shown


async def test_a_live_room_has_the_slides_of_what_is_on(browser: Browsing, admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    bare, talk = [
        await a_session(admin, event, slug=slug, room=room["id"], starts_at=in_minutes(minutes))
        for slug, minutes in (("bare", -60), ("on", -20))
    ]
    deck = await a_deck(database, talk)
    path = "/seminar-2027/live/hall"
    waiting = await seen(browser, path)
    assert state_in(waiting)["slides"] is None and f"{deck}/r1" not in waiting
    await on_air(database, event, room, bare, talk)
    shown = await seen(browser, path)
    assert state_in(shown)["slides"] == f"/api/v1/sessions/{talk['id']}/slides"
    assert f"{deck}/r1/0001-small.webp" in shown and "with-slides" in shown


async def test_a_speaker_is_told_what_became_of_their_slides(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_talk(admin, database)
    warnings = [{"code": "deck.page_damaged", "detail": "Page 3 is damaged.", "page": 3}]
    await a_deck(database, session, warnings=warnings)
    await a_deck(database, session, slot="two", rows=(), state="failed", rendering=0, error_detail="It is <locked>.")
    await a_deck(database, session, slot="three", rows=(), state=RENDERING, rendering=0, progress=0.25)
    shown = await seen(organiser)
    assert "Page 3 is damaged." in shown and "It is &lt;locked&gt;." in shown
    assert "The pages are being drawn." in shown and '<progress max="1" value="0.25"' in shown
    assert shown.count('data-act="DELETE /api/v1/decks/') == 3
