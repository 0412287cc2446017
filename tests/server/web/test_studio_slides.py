"""Slides in the studio: decks with their versions and states, how they keep step, and who gets to the timing editor."""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from server.core.db import Database
from server.core.jobs import JobRow
from server.core.runtime import Runtime
from server.slides.jobs import LookAtLink
from server.slides.models import Deck, DeckLink, DeckPage, SlideSync
from tests.server.accounts.people import Browsing, a_user
from tests.server.events.people import Asker
from tests.server.web.events import a_recording, a_session, an_event, on_one_database

EDITOR = "/studio/seminar-2027/sessions/still-pictures/slides"
PAGE = {"slide": 1, "width_px": 1600, "height_px": 900}


async def a_deck(database: Database, session: dict[str, Any], **values: Any) -> str:
    """A deck of the session as rows: drawn, with one page, unless said otherwise; returns its id."""
    about = {"event_id": session["event"], "session_id": session["id"], "kind": "pdf", "key": "uploads/x"}
    row = {"filename": "still.pdf", "size_bytes": 1_400_000, "state": "ready", "rendering": 1, "page_count": 1}
    async with database.write() as db:
        deck = Deck(**(about | row | {"slot": "one"} | values))
        db.add(deck)
        await db.flush()
        if deck.rendering:
            db.add(DeckPage(deck_id=deck.id, number=1, **PAGE))
        return deck.id


@on_one_database
async def test_organisers_and_the_sessions_speakers_open_the_editor(
    browser: Browsing, admin: Asker, app_runtime: Runtime
) -> None:
    session = await a_session(admin, await an_event(admin))
    away = await browser.get(EDITOR)
    assert (away.status_code, away.headers["location"]) == (303, f"/sign-in?next={EDITOR}")
    made = await admin.post(f"/sessions/{session['id']}/speaker-links", {"name": "Ada"})
    joined = re.search(r"/join/[\w-]+", str(made))
    assert joined
    await browser.get(joined[0])
    shown = await browser.get(EDITOR)
    assert shown.status_code == 200
    assert f'data-editor="{session["id"]}"' in shown.text and 'name="semma-csrf"' in shown.text
    # Nothing there leads to where a speaker may not go.
    assert 'href="/studio/seminar-2027"' not in shown.text and 'href="/studio"' not in shown.text
    assert 'href="/seminar-2027/sessions/still-pictures"' in shown.text
    other = await a_session(admin, {"id": session["event"]}, title="Another talk")
    assert (await browser.get(EDITOR.replace("still-pictures", other["slug"]))).status_code == 403
    assert (await browser.get(EDITOR.replace("still-pictures", "nothing"))).status_code == 404


@on_one_database
async def test_the_editor_speaks_every_language(organiser: Browsing, admin: Asker) -> None:
    await a_session(admin, await an_event(admin))
    for language, title in (("en", "Slides in step"), ("fi", "Kalvot tahdissa"), ("sv", "Bilder i takt")):
        answer = await organiser.get(EDITOR, headers={"Accept-Language": language})
        assert answer.status_code == 200 and f'<h1 id="in-step">{title}</h1>' in answer.text
    assert 'href="/studio/seminar-2027"' in answer.text


@on_one_database
async def test_a_deck_says_how_it_is_and_what_can_be_done(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_session(admin, await an_event(admin))
    page = f"/studio/seminar-2027/sessions/{session['slug']}"
    assert "There are no slides yet." in (await organiser.get(page)).text
    note = {"code": "deck.page_damaged", "detail": "This page could not be drawn.", "page": 7}
    good = await a_deck(database, session, warnings=[note])
    locked = {"error_code": "deck.encrypted", "error_detail": "This PDF is protected by a password."}
    bad = await a_deck(
        database, session, slot="two", position=1, state="failed", rendering=0, filename="locked.pdf", **locked
    )
    shown = (await organiser.get(page)).text
    assert f"/slides/public/{good}/r1/0001-small.webp" in shown
    assert "Page 7:" in shown and "This page could not be drawn." in shown
    assert "This PDF is protected by a password." in shown
    assert f'data-act="POST /api/v1/decks/{bad}/render">Try again' in shown
    # The first moves down, the second up, and each has its own field for what shall replace it.
    assert f'data-act="PATCH /api/v1/decks/{good}" data-with=\'{{"position": 1}}\'' in shown
    assert f'data-act="PATCH /api/v1/decks/{bad}" data-with=\'{{"position": 0}}\'' in shown
    assert 'data-files data-slot="one"' in shown and 'data-files data-slot="two"' in shown
    assert f'data-undo="POST /api/v1/decks/{good}/restore"' in shown


@on_one_database
async def test_versions_of_a_deck_can_be_gone_back_to(organiser: Browsing, admin: Asker, database: Database) -> None:
    session = await a_session(admin, await an_event(admin))
    old = await a_deck(database, session, filename="old.pdf", replaced_at=datetime(2027, 5, 1, tzinfo=UTC))
    now = await a_deck(database, session, filename="new.pdf", revision=2)
    await a_deck(database, session, filename="newest.pdf", revision=3, state="rendering", rendering=0, progress=0.25)
    shown = (await organiser.get(f"/studio/seminar-2027/sessions/{session['slug']}")).text
    assert "3 versions" in shown
    assert f'data-act="POST /api/v1/decks/{old}/restore" data-undo="POST /api/v1/decks/{now}/restore"' in shown
    assert "The newer file newest.pdf takes this one's place as soon as its pages are drawn." in shown
    assert '<progress max="1" value="0.25" data-progress' in shown


@on_one_database
async def test_the_session_says_how_the_slides_keep_step(organiser: Browsing, admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    session = await a_session(admin, event)
    page = f"/studio/seminar-2027/sessions/{session['slug']}"
    assert "With slides and a recording" in (await organiser.get(page)).text
    await a_deck(database, session)
    shown = (await organiser.get(page)).text
    assert "They are matched as soon as there is a recording." in shown
    assert f'href="{page}/slides"' in shown
    recording = await a_recording(database, session, event)
    failed = {"state": "failed", "error_code": "match.broken", "error_detail": "The recording could not be read."}
    async with database.write() as db:
        sync = SlideSync(session_id=session["id"], event_id=event["id"], **failed)
        db.add(sync)
    shown = (await organiser.get(page)).text
    assert "The recording could not be read." in shown and recording
    assert f'data-act="POST /api/v1/sessions/{session["id"]}/cues/match"' in shown


async def test_the_board_of_an_event_says_how_the_slides_of_each_talk_are(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)

    async def row() -> str:
        shown = (await organiser.get("/studio/seminar-2027")).text
        return re.sub(r"<[^>]+>", " ", shown.partition("data-row-slides")[2].partition("</li>")[0])

    session = await a_session(admin, event)
    assert "No slides" in await row()
    deck = await a_deck(database, session, state="rendering", rendering=0)
    assert "Slides: being drawn" in await row()
    async with database.write() as db:
        (await db.get_one(Deck, deck)).rendering = 1
    assert "Slides: there" in await row()
    await a_recording(database, session, event, cut=[{"source_id": "a", "start_ms": 0, "end_ms": None}])
    assert "Slides: waiting to be matched" in await row()
    async with database.write() as db:
        db.add(SlideSync(session_id=session["id"], event_id=event["id"], state="matching"))
    assert "Slides: being matched" in await row()
    cue = [0, 60_000, [deck, 1], 0.9, "features"]
    doubts = [[at, at + 900, "low_confidence", []] for at in (0, 5_000)]
    for unsure, said in ((doubts, "Slides: 2 unsure"), ([], "Slides: in step")):
        async with database.write() as db:
            sync = await db.get_one(SlideSync, session["id"])
            sync.state, sync.found = "ready", {"a": {"decks": [[deck, 1]], "cues": [cue], "unsure": unsure}}
        assert said in await row()
    async with database.write() as db:
        (await db.get_one(SlideSync, session["id"])).state = "failed"
    assert "Slides: failed" in await row()


@on_one_database
async def test_a_link_that_could_not_be_fetched_says_why_and_is_tried_again(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_session(admin, await an_event(admin))
    url = "https://example.org/cranes.pdf"
    link = await admin.post(f"/sessions/{session['id']}/links", {"kind": "slides", "url": url})
    words = {"error_code": "fetch.refused", "error_detail": "The server said 404: not found."}
    async with database.write() as db:
        about = {"link_id": link["id"], "session_id": session["id"], "event_id": session["event"], "url": url}
        db.add(DeckLink(state="failed", next_look_at=datetime(2027, 5, 1, tzinfo=UTC), **about, **words))
    page = f"/studio/seminar-2027/sessions/{session['slug']}"
    act = f"sessions/{session['id']}/slides/links/{link['id']}"
    for address in (page, f"{page}/slides"):
        shown = (await organiser.get(address)).text
        assert "example.org/cranes.pdf" in shown and "The server said 404: not found." in shown
        assert f'data-act="POST /api/v1/{act}/fetch">Try again' in shown
    for _ in range(2):  # asked twice it is looked at once
        answer = await admin.post(f"/{act}/fetch", status=202)
        assert (answer["state"], answer["error"]) == ("waiting", None)
    async with database.read() as db:
        assert len(list(await db.scalars(select(JobRow).where(JobRow.name == LookAtLink.name)))) == 1
    assert "To be fetched" in (await organiser.get(page)).text
    await admin.refused("POST", f"/{act}x/fetch", "deck.link_not_found", status=404)


@on_one_database
async def test_who_may_not_edit_is_told_so(browser: Browsing, admin: Asker, app_runtime: Runtime) -> None:
    await a_session(admin, await an_event(admin))
    await browser.sign_in(app_runtime, await a_user(app_runtime))
    assert (await browser.get(EDITOR)).status_code == 403
