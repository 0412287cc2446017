"""The studio's page of a room: what organisers see of keys, the traffic light, and what was on air."""

import re

from server.core.db import Database
from server.core.runtime import Runtime
from tests.server.accounts.people import Browsing, a_user
from tests.server.events.people import Asker
from tests.server.web.events import a_session, an_event, on_one_database
from tests.server.web.test_live_pages import a_room, in_minutes, on_air

pytestmark = on_one_database

PATH = "/studio/seminar-2027/rooms/hall"


async def test_it_is_for_the_events_organisers(browser: Browsing, admin: Asker, app_runtime: Runtime) -> None:
    await a_room(admin, await an_event(admin))
    assert (await browser.get(PATH)).headers["location"] == f"/sign-in?next={PATH}"
    await browser.sign_in(app_runtime, await a_user(app_runtime))
    assert (await browser.get(PATH)).status_code == 403


async def test_keys_are_told_apart_and_their_secrets_are_not_in_the_page(organiser: Browsing, admin: Asker) -> None:
    room = await a_room(admin, await an_event(admin))
    assert "There is no key yet" in (await organiser.get(PATH)).text
    first = await admin.post(f"/rooms/{room['id']}/keys", {})
    backup = await admin.post(f"/rooms/{room['id']}/keys", {"role": "backup"})
    second = await admin.post(f"/rooms/{room['id']}/keys", {"rotate": True, "overlap_s": 3600})
    ended = await admin.post(f"/rooms/{room['id']}/keys", {})
    await admin.ask("DELETE", f"/rooms/{room['id']}/keys/{ended['id']}", status=204)
    doors = (await admin.get(f"/rooms/{room['id']}/srt"))["items"]
    page = (await organiser.get(PATH)).text
    shown = re.findall(r"/keys/([0-9a-f]{32})\"", page)
    assert set(shown) == {first["id"], backup["id"], second["id"]}
    assert page.count(">Until ") == 1  # the rotated one
    assert f'value="{first["server"]}"' in page
    for secret in (*(key["secret"] for key in (first, backup, second)), *(door["passphrase"] for door in doors)):
        assert secret not in page


async def test_off_air_it_says_how_a_broadcast_begins(organiser: Browsing, admin: Asker) -> None:
    await a_room(admin, await an_event(admin))
    page = (await organiser.get(PATH)).text
    assert "Off air" in page
    assert "data-on-air" not in page
    assert "Nothing was broadcast from this room yet." in page


async def test_the_traffic_light_says_what_to_do(organiser: Browsing, admin: Asker, database: Database) -> None:
    event = await an_event(admin)
    room = await a_room(admin, event)
    talk = await a_session(admin, event, room=room["id"], starts_at=in_minutes(-10))
    notes = [{"code": "keyframes_far", "detail": "Set the keyframe interval to 2 s in OBS.", "light": "yellow"}]
    await on_air(database, event, room, talk, health={"light": "yellow", "notes": notes})
    page = (await organiser.get(PATH)).text
    assert 'class="traffic yellow"' in page
    assert "Set the keyframe interval to 2 s in OBS." in page


async def test_on_air_the_organiser_moves_on_ends_and_closes(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin, visibility="closed")
    room = await a_room(admin, event)
    talks = [
        await a_session(admin, event, room=room["id"], starts_at=in_minutes(-40 + 30 * number), title=f"Talk {number}")
        for number in range(3)
    ]
    broadcast = await on_air(database, event, room, *talks[:2], by_hand=True)
    page = (await organiser.get(PATH)).text
    assert f'data-on-air="{broadcast}"' in page
    assert "Next talk: Talk 2" in page
    for act in ("next", "auto", "end"):
        assert f'data-act="POST /api/v1/broadcasts/{broadcast}/{act}"' in page
    assert f'data-act="POST /api/v1/events/{event["id"]}/access/close"' in page
    assert page.count(f'data-api="PATCH /api/v1/broadcasts/{broadcast}/stretches/') == 2
    assert page.count('name="ends_at"') == 2  # of the talk that ended, and of the form that adds one
    after = await admin.post(f"/broadcasts/{broadcast}/auto", status=200)
    assert after["by_hand"] is False
    assert f"/broadcasts/{broadcast}/auto" not in (await organiser.get(PATH)).text


async def test_the_board_leads_to_the_room_in_every_language(organiser: Browsing, admin: Asker) -> None:
    await a_room(admin, await an_event(admin))
    assert f'href="{PATH}"' in (await organiser.get("/studio/seminar-2027")).text
    for language, words in {"en": "Stream keys", "fi": "Lähetysavaimet", "sv": "Strömnycklar"}.items():
        assert words in (await organiser.get(PATH, headers={"Accept-Language": language})).text
    assert (await organiser.get("/studio/seminar-2027/rooms/none")).status_code == 404
