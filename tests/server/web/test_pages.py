"""Pages for viewers, as a browser gets them."""

import re
from typing import Any

import pytest

from server.core.db import Database
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker, counted_statements
from tests.server.web.events import a_recording, a_session, an_event, on_one_database


async def test_the_front_page_of_an_empty_semma_says_so(browser: Browsing) -> None:
    answer = await browser.get("/")
    assert answer.status_code == 200
    assert "No event has been published here yet." in answer.text
    assert '<html lang="en">' in answer.text


async def test_the_front_page_shows_series_and_public_events_only(browser: Browsing, admin: Asker) -> None:
    series = await admin.post("/series", {"title": "Seminar", "slug": "seminar"})
    await an_event(admin, series=series["id"])
    await an_event(admin, title="Hidden", slug="hidden", visibility="unlisted")
    await an_event(admin, title="Shut", slug="shut", visibility="closed")
    page = (await browser.get("/")).text
    assert 'href="/series/seminar"' in page
    assert 'href="/seminar-2027"' in page
    assert "20" in page and "May 2027" in page
    assert "Hidden" not in page
    assert "Shut" not in page
    assert "Seminar 2027" in (await browser.get("/series/seminar")).text


async def test_the_programme_is_by_day_and_start_in_the_events_zone(browser: Browsing, admin: Asker) -> None:
    event = await an_event(admin)
    room = await admin.post(f"/events/{event['id']}/rooms", {"name": "Hall", "slug": "hall"})
    other = await admin.post(f"/events/{event['id']}/rooms", {"name": "Attic", "slug": "attic"})
    await a_session(admin, event, room=room["id"])
    await a_session(admin, event, title="Late show", starts_at="2027-05-21T01:00:00+03:00", room=other["id"])
    await a_session(admin, event, title="Some time", starts_at=None)
    await a_session(admin, event, title="Called off", state="cancelled", starts_at="2027-05-21T09:00:00+03:00")
    page = (await browser.get("/seminar-2027")).text
    days = re.findall(r'id="(day-[\d-]+)"', page)
    assert days == ["day-2027-05-20", "day-2027-05-21"]
    # What begins after midnight belongs to the evening before.
    assert page.index("Late show") < page.index('id="day-2027-05-21"')
    assert re.search(r'<time datetime="2027-05-20T10:00:00\+03:00" data-clock>10:00</time>', page)
    assert page.index("Without a time yet") < page.index("Some time")
    assert "Cancelled" in page
    narrowed = (await browser.get("/seminar-2027?room=hall")).text
    assert "Still pictures" in narrowed
    assert "Late show" not in narrowed


async def test_a_talk_shows_its_words_people_and_links(browser: Browsing, admin: Asker) -> None:
    event = await an_event(admin)
    first = await a_session(admin, event, links=[{"kind": "slides", "url": "https://example.org/s.pdf"}])
    await a_session(admin, event, title="The next one", starts_at="2027-05-20T11:00:00+03:00")
    page = (await browser.get(f"/seminar-2027/sessions/{first['slug']}")).text
    assert "<title>Still pictures – Seminar 2027</title>" in page
    assert 'href="/speakers/ada-ohman"' in page
    assert "<p>Frames that repeat.</p>" in page
    assert 'href="https://example.org/s.pdf"' in page
    assert "The next one" in page
    assert "data-player" not in page
    assert "Still pictures" in (await browser.get("/speakers/ada-ohman")).text
    assert (await browser.get(f"/seminar-2027/sessions/{first['id']}")).status_code == 200


async def test_a_talk_with_a_recording_has_a_player(browser: Browsing, admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    session = await a_session(admin, event)
    recording = await a_recording(database, session, event)
    page = (await browser.get(f"/seminar-2027/sessions/{session['slug']}")).text
    assert "data-player" in page
    assert f"/media/public/{recording}/index.m3u8" in page
    assert "24:40" in page
    programme = (await browser.get("/seminar-2027")).text
    assert f'src="/media/public/{recording}/g1/poster.jpg"' in programme
    assert "1 recording" in programme


async def test_an_unpublished_recording_is_only_for_its_organisers(
    browser: Browsing, organiser: Browsing, admin: Asker, database: Database, client: Any
) -> None:
    event = await an_event(admin)
    session = await a_session(admin, event)
    await a_recording(database, session, event, published_at=None)
    path = f"/seminar-2027/sessions/{session['slug']}"
    assert "data-player" in (await organiser.get(path)).text
    assert "data-player" not in (await client.get(path, headers={"Accept": "text/html"})).text


async def test_the_embed_may_be_framed_and_nothing_else(browser: Browsing, admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    session = await a_session(admin, event)
    await a_recording(database, session, event)
    page = await browser.get("/")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    embed = await browser.get(f"/embed/seminar-2027/sessions/{session['slug']}")
    assert embed.status_code == 200
    assert "frame-ancestors *" in embed.headers["content-security-policy"]
    assert "x-frame-options" not in embed.headers
    assert "data-player" in embed.text


@on_one_database
async def test_every_page_forbids_what_it_does_not_need(browser: Browsing) -> None:
    for path in ("/", "/sign-in", "/nothing-here"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "worker-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "camera=()" in headers["permissions-policy"]


async def test_what_people_write_stays_text(browser: Browsing, admin: Asker) -> None:
    evil = '<script>alert(1)</script>"onload="x'
    event = await an_event(admin, title=evil, description=evil)
    session = await a_session(admin, event, title=evil, abstract=evil, speakers=[{"name": evil}])
    for path in ("/", "/seminar-2027", f"/seminar-2027/sessions/{session['slug']}"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert '"onload="' not in page


async def test_a_page_that_did_not_change_is_not_sent_again(browser: Browsing, admin: Asker) -> None:
    event = await an_event(admin)
    first = await browser.get("/seminar-2027")
    again = await browser.get("/seminar-2027", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    await a_session(admin, event)
    assert (await browser.get("/seminar-2027", headers={"If-None-Match": first.headers["etag"]})).status_code == 200


@on_one_database
@pytest.mark.parametrize(("language", "words"), [("fi", "Ohjelmaa ei ole vielä julkaistu."), ("sv", "Startsida")])
async def test_pages_speak_the_readers_language(browser: Browsing, admin: Asker, language: str, words: str) -> None:
    await an_event(admin)
    page = await browser.get("/seminar-2027", headers={"Accept-Language": f"{language},en;q=0.5"})
    assert f'<html lang="{language}">' in page.text
    assert words in page.text
    assert page.headers["content-language"] == language
    await browser.get(f"/seminar-2027?lang={language}")
    assert browser.http.cookies["semma_lang"] == language
    assert words in (await browser.get("/seminar-2027")).text


async def test_nothing_there_is_said_in_words(browser: Browsing) -> None:
    for path in ("/nothing-here", "/nothing/at/all", "/series/none", "/speakers/nobody", "/embed/a/sessions/b"):
        answer = await browser.get(path)
        assert answer.status_code == 404, path
        assert "There is nothing here" in answer.text, path
        assert answer.headers["content-type"].startswith("text/html"), path
    program = await browser.get("/api/v1/nothing", headers={"Accept": "application/json"})
    assert program.headers["content-type"].startswith("application/problem+json")


async def test_a_page_costs_the_same_whatever_the_number_of_talks(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    costs: dict[str, list[int]] = {}
    for number in range(3):
        start = f"2027-05-20T1{number}:00:00+03:00"
        names = [{"name": f"Speaker {number}"}, {"name": f"Other {number}"}]
        session = await a_session(admin, event, title=f"Talk {number}", starts_at=start, speakers=names)
        await a_recording(database, session, event)
        for path in ("/", "/seminar-2027", "/seminar-2027/sessions/talk-0", "/speakers/speaker-0"):
            with counted_statements() as statements:
                assert (await browser.get(path)).status_code == 200
            costs.setdefault(path, []).append(len(statements))
    for path, counts in costs.items():
        assert len(set(counts)) == 1, (path, counts)
        assert counts[0] <= 9, (path, counts)
