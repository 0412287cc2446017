"""The pages of live rooms, as a browser gets them; what is on air is in rows, as ingest writes them."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from server.core.db import Database
from server.live.models import Broadcast, Stretch
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker, counted_statements
from tests.server.web.events import a_recording, a_session, an_event, on_one_database

MINUTE = timedelta(minutes=1)


def in_minutes(minutes: float) -> str:
    """A moment so many minutes from now, as the API takes it."""
    return (datetime.now(UTC) + minutes * MINUTE).isoformat()


async def a_room(admin: Asker, event: dict[str, Any], name: str = "Hall") -> dict[str, Any]:
    made: dict[str, Any] = await admin.post(f"/events/{event['id']}/rooms", {"name": name, "slug": name.lower()})
    return made


async def on_air(
    database: Database,
    event: dict[str, Any],
    room: dict[str, Any],
    *talks: dict[str, Any],
    began_min: float = 20,
    **values: Any,
) -> str:
    """A broadcast of the room that began some minutes ago; its last talk is still on, the others came one by one."""
    start = datetime.now(UTC) - began_min * MINUTE
    row = Broadcast(event_id=event["id"], room_id=room["id"], started_at=start, encoder="main", **values)
    async with database.write() as db:
        db.add(row)
        await db.flush()
        step = began_min * MINUTE / max(1, len(talks))
        for number, talk in enumerate(talks):
            last = number == len(talks) - 1
            db.add(
                Stretch(
                    event_id=event["id"],
                    broadcast_id=row.id,
                    session_id=talk["id"],
                    starts_at=start + number * step,
                    ends_at=None if last and row.ended_at is None else start + (number + 1) * step,
                    do_not_record=talk["do_not_record"],
                )
            )
    return row.id


def state_in(page: str) -> dict[str, Any]:
    """What the page hands its script."""
    found = re.search(r'<script type="application/json" id="live-state"[^>]*>(.*?)</script>', page, re.S)
    assert found
    read: dict[str, Any] = json.loads(found[1])
    return read


async def test_before_it_begins_the_page_counts_down_to_the_next_session(browser: Browsing, admin: Asker) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    await a_session(admin, event, room=room["id"], starts_at=in_minutes(90), title="Soon")
    await a_session(admin, event, room=room["id"], starts_at=in_minutes(120), title="Later")
    page = (await browser.get("/seminar-2027/live/hall")).text
    assert state_in(page)["broadcast"] is None
    countdown = re.search(r'data-countdown="([^"]+)"', page)
    assert countdown
    assert abs(datetime.fromisoformat(countdown[1]) - datetime.now(UTC) - 90 * MINUTE) < MINUTE
    assert page.index("Soon") < page.index("Talks in this room") < page.index("Later")
    for leading in ("/seminar-2027", "/seminar-2027?room=hall", "/seminar-2027/sessions/soon"):
        assert 'href="/seminar-2027/live/hall"' in (await browser.get(leading)).text, leading
    assert re.search(r'class="player live-player"[^>]* hidden>', page)


async def test_on_air_it_says_what_is_on_and_next_and_where_to_rewind_to(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    room, attic = await a_room(admin, event), await a_room(admin, event, "Attic")
    first = await a_session(admin, event, room=room["id"], starts_at=in_minutes(-40), title="The first")
    second = await a_session(admin, event, room=room["id"], starts_at=in_minutes(-10), title="The second")
    await a_session(admin, event, room=room["id"], starts_at=in_minutes(20), title="The third")
    broadcast = await on_air(database, event, room, first, second)
    page = (await browser.get("/seminar-2027/live/hall")).text
    state = state_in(page)
    assert state["broadcast"] == broadcast
    assert state["stream"] == f"/live/public/{room['id']}/index.m3u8"
    assert [stretch["title"] for stretch in state["stretches"]] == ["The first", "The second"]
    assert state["stretches"][1]["ends_at"] is None
    now_next = page[page.index('class="now-next"') : page.index("Talks in this room")]
    assert now_next.index("The second") < now_next.index("The third")
    assert "The first" not in now_next
    assert page.count("data-jump=") == 2
    assert not re.search(r'class="player live-player"[^>]* hidden>', page)
    # Without scripts: what a browser that plays HLS by itself is given.
    assert f'src="/live/public/{room["id"]}/index.m3u8"' in page[page.index("<noscript>") :]
    switcher = page[page.index('aria-label="Rooms"') :]
    assert switcher.index('href="/seminar-2027/live/hall" aria-current="page"') < switcher.index("live/attic")
    assert "There is no live stream" in (await browser.get(f"/seminar-2027/live/{attic['slug']}")).text


async def test_what_is_not_recorded_is_said_while_it_is_on(browser: Browsing, admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    talk = await a_session(admin, event, room=room["id"], starts_at=in_minutes(-10), do_not_record=True)
    await on_air(database, event, room, talk)
    assert "it is not recorded" in (await browser.get("/seminar-2027/live/hall")).text


async def test_after_the_end_the_talks_are_there_with_their_recordings(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    talk = await a_session(admin, event, room=room["id"], starts_at=in_minutes(-90))
    ended = datetime.now(UTC) - 5 * MINUTE
    await on_air(database, event, room, talk, began_min=60, state="ended", ended_at=ended)
    await a_recording(database, talk, event)
    page = (await browser.get("/seminar-2027/live/hall")).text
    assert state_in(page)["broadcast"] is None
    assert "There is no live stream in this room now." in page
    assert re.search(r'class="badge good">.*?Watch', page, re.S)


async def test_the_programme_and_the_talk_lead_to_what_is_live(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    talk = await a_session(admin, event, room=room["id"], starts_at=in_minutes(-10))
    other = await a_session(admin, event, room=room["id"], starts_at=in_minutes(30), title="Other")
    assert "Live now" not in re.sub(r'aria-label="[^"]*"', "", (await browser.get("/seminar-2027")).text)
    await on_air(database, event, room, talk)
    page = (await browser.get("/seminar-2027")).text
    assert page.count('href="/seminar-2027/live/hall"') == 3  # the strip on top, the talk's own card, the room's page
    assert page.count("Live now</span>") >= 2
    assert 'href="/seminar-2027/live/hall"' in (await browser.get(f"/seminar-2027/sessions/{talk['slug']}")).text
    assert "Live now" not in (await browser.get(f"/seminar-2027/sessions/{other['slug']}")).text


async def test_a_closed_event_shows_its_door_and_its_token_is_not_public(
    browser: Browsing, organiser: Browsing, admin: Asker, database: Database, client: Any
) -> None:
    event = await an_event(admin, visibility="closed")
    room = await a_room(admin, event)
    talk = await a_session(admin, event, room=room["id"], starts_at=in_minutes(-10))
    await on_air(database, event, room, talk)
    html = {"Accept": "text/html"}
    answer = await client.get("/seminar-2027/live/hall", headers=html)
    assert answer.status_code == 401
    assert "Access code" in answer.text
    assert room["id"] not in answer.text
    assert (await client.get("/embed/seminar-2027/live/hall", headers=html)).status_code == 404
    stream = state_in((await organiser.get("/seminar-2027/live/hall")).text)["stream"]
    assert re.fullmatch(rf"/live/a0\.\d+\.[\w-]{{22}}/{room['id']}/index\.m3u8", stream)


async def test_the_live_embed_may_be_framed_and_the_page_not(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    await on_air(database, event, room)
    page = await browser.get("/seminar-2027/live/hall")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "Between talks" in page.text
    embed = await browser.get("/embed/seminar-2027/live/hall")
    assert "frame-ancestors *" in embed.headers["content-security-policy"]
    assert "data-player" in embed.text
    apart = {"now_ms": 0}
    assert state_in(embed.text) | apart == state_in(page.text) | apart


async def test_there_is_no_such_room(browser: Browsing, admin: Asker) -> None:
    await an_event(admin)
    for path in ("/seminar-2027/live/none", "/nothing/live/hall", "/embed/seminar-2027/live/none"):
        assert (await browser.get(path)).status_code == 404, path


async def test_the_live_page_costs_the_same_whatever_the_number_of_talks(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    talks: list[dict[str, Any]] = []
    counts = []
    for number in range(3):
        talks.append(await a_session(admin, event, room=room["id"], starts_at=in_minutes(-50 + 10 * number)))
        await a_recording(database, talks[-1], event)
        broadcast = await on_air(database, event, room, *talks)
        with counted_statements() as statements:
            assert (await browser.get("/seminar-2027/live/hall")).status_code == 200
        counts.append(len(statements))
        async with database.write() as db:
            row = await db.get(Broadcast, broadcast)
            assert row is not None
            await db.delete(row)
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 12, counts


@on_one_database
async def test_live_pages_speak_every_language(browser: Browsing, admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    await a_session(admin, event, room=room["id"], starts_at=in_minutes(60))
    words = {"en": "Talks in this room", "fi": "Tämän salin esitykset", "sv": "Föredrag i den här salen"}
    for language, word in words.items():
        page = await browser.get("/seminar-2027/live/hall", headers={"Accept-Language": language})
        assert word in page.text, language
