"""Pages for organisers."""

from server.core.db import Database
from server.core.runtime import Runtime
from tests.server.accounts.people import Browsing, a_user
from tests.server.events.people import Asker
from tests.server.web.events import a_recording, a_session, an_event, on_one_database


@on_one_database
async def test_nobody_is_asked_to_sign_in_first(browser: Browsing) -> None:
    answer = await browser.get("/studio/seminar-2027")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/studio/seminar-2027")


async def test_who_organises_nothing_is_told_so(browser: Browsing, app_runtime: Runtime) -> None:
    await browser.sign_in(app_runtime, await a_user(app_runtime))
    answer = await browser.get("/studio")
    assert answer.status_code == 403
    assert "You organise no event here yet" in answer.text


async def test_the_board_shows_every_session_with_its_recording(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    await a_session(admin, event, title="Bare")
    links = [{"kind": "slides", "url": "https://example.org/s.pdf", "title": "The slides"}]
    done = await a_session(admin, event, title="Done", links=links)
    await a_recording(database, done, event)
    broken = await a_session(admin, event, title="Broken")
    await a_recording(
        database,
        broken,
        event,
        state="failed",
        playable=False,
        published_at=None,
        error_code="media.no_streams",
        error_detail="There is neither picture nor sound in this file.",
    )
    assert "Seminar 2027" in (await organiser.get("/studio")).text
    board = (await organiser.get("/studio/seminar-2027")).text
    for words in ("No recording yet", "Published", "Failed", "New session", "Event settings"):
        assert words in board
    page = (await organiser.get("/studio/seminar-2027/sessions/broken")).text
    assert "There is neither picture nor sound in this file." in page
    assert "/retry" in page
    ready = (await organiser.get("/studio/seminar-2027/sessions/done")).text
    assert "/unpublish" in ready
    assert 'name="semma-csrf"' in ready
    assert 'value="2027-05-20T10:00"' in ready
    assert "slides https://example.org/s.pdf The slides</textarea>" in ready


async def test_what_was_deleted_is_offered_back(organiser: Browsing, admin: Asker) -> None:
    event = await an_event(admin)
    session = await a_session(admin, event)
    await admin.ask("DELETE", f"/sessions/{session['id']}", status=204)
    board = (await organiser.get("/studio/seminar-2027")).text
    assert f"/api/v1/sessions/{session['id']}/restore" in board
    await admin.ask("DELETE", f"/events/{event['id']}", status=204)
    assert f"/api/v1/events/{event['id']}/restore" in (await organiser.get("/studio")).text


@on_one_database
async def test_the_studio_speaks_every_language(organiser: Browsing, admin: Asker) -> None:
    event = await an_event(admin)
    session = await a_session(admin, event)
    for path in ("/studio", "/studio/seminar-2027", f"/studio/seminar-2027/sessions/{session['slug']}"):
        for language in ("en", "fi", "sv"):
            answer = await organiser.get(path, headers={"Accept-Language": language})
            assert answer.status_code == 200
            assert f'lang="{language}"' in answer.text
