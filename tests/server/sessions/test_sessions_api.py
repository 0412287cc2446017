"""Sessions over HTTP, on both databases."""

import uuid
from typing import Any

import httpx
import pytest

from server.core.db import Database
from tests.server.events.people import Asker, counted_statements, somebody

FULL: dict[str, Any] = {
    "title": "Still slides, moving pictures",
    "slug": "still-slides",
    "guid": "0c8b3f6e-guid",
    "code": "AB3XYZ",
    "subtitle": "What a codec sees",
    "abstract": "Doing less.",
    "description": "Longer words.",
    "kind": "keynote",
    "language": "en-gb",
    "licence": "CC-BY-4.0",
    "do_not_record": True,
    "state": "tentative",
    "room": "hall",
    "track": "media",
    "starts_at": "2027-05-20T07:00:00Z",
    "duration_ms": 1_800_000,
    "speakers": [{"name": "Ada Öhman"}, {"name": "Bo Ek"}],
    "links": [{"kind": "slides", "url": "https://example.org/s.pdf", "title": "Slides"}],
}


@pytest.fixture
async def event(admin: Asker) -> dict[str, Any]:
    made: dict[str, Any] = await admin.post("/events", {"title": "Seminar", "time_zone": "Europe/Helsinki"})
    await admin.post("/events/seminar/rooms", {"name": "Hall"})
    await admin.post("/events/seminar/tracks", {"name": "Media"})
    return made


async def test_a_session_is_added_read_changed_deleted_and_restored(
    admin: Asker, anybody: Asker, event: dict[str, Any]
) -> None:
    made = await admin.post("/sessions", FULL | {"event": "seminar"})
    room = (await anybody.get("/events/seminar/rooms"))["items"][0]["id"]
    track = (await anybody.get("/events/seminar/tracks"))["items"][0]["id"]
    assert made == FULL | {
        "id": made["id"],
        "event": event["id"],
        "language": "en-GB",
        "room": room,
        "track": track,
        "starts_at": "2027-05-20T10:00:00+03:00",
        "speakers": [
            {"id": made["speakers"][0]["id"], "name": "Ada Öhman"},
            {"id": made["speakers"][1]["id"], "name": "Bo Ek"},
        ],
        "links": [{"id": made["links"][0]["id"], **FULL["links"][0]}],
        "recording": None,
        "slides": None,
        "captions": [],
    }
    for path in (f"/sessions/{made['id']}", "/sessions/still-slides", "/events/seminar/sessions/still-slides"):
        assert await anybody.get(path) == made

    changes = {"title": "Still", "room": None, "starts_at": None, "duration_ms": None, "state": "cancelled"}
    turned = {"speakers": [{"name": "bo ek"}, {"id": "ada-ohman"}], "links": []}
    changed = await admin.patch(f"/sessions/{made['id']}", changes | turned)
    assert changed == made | changes | {"speakers": made["speakers"][::-1], "links": []}

    await admin.delete("/sessions/still-slides")
    await anybody.refused("GET", f"/sessions/{made['id']}", "session.not_found", status=404)
    assert (await anybody.get("/events/seminar/sessions"))["items"] == []
    assert (await anybody.get("/sessions?deleted=true"))["items"] == []
    assert [item["id"] for item in (await admin.get("/sessions?deleted=true&event=seminar"))["items"]] == [made["id"]]
    assert (await admin.get(f"/sessions/{made['id']}"))["deleted_at"]
    assert await admin.post(f"/sessions/{made['id']}/restore", status=200) == changed
    await admin.refused("POST", f"/sessions/{made['id']}/restore", "undo.not_possible", status=409)


async def test_a_session_needs_no_more_than_a_title(admin: Asker, event: dict[str, Any]) -> None:
    made = await admin.post("/events/seminar/sessions", {"title": "Break"})
    assert made["guid"] == str(uuid.UUID(made["id"]))
    assert (made["slug"], made["kind"], made["state"]) == ("break", "talk", "confirmed")
    assert made["starts_at"] is made["duration_ms"] is made["room"] is made["track"] is None
    assert (await admin.post("/events/seminar/sessions", {"title": "Break"}))["slug"] == "break-2"


async def test_bad_sessions_are_refused_in_words(admin: Asker, event: dict[str, Any]) -> None:
    await admin.post("/events/seminar/sessions", FULL)
    wrong = [
        ({"duration_ms": 999}, "request.invalid", 400),
        ({"duration_ms": 10**12}, "session.duration_invalid", 400),
        ({"starts_at": "2027-05-20T10:00:00"}, "request.invalid", 400),
        ({"starts_at": "9999-12-31T23:59:00-01:00"}, "session.time_invalid", 400),
        ({"state": "maybe"}, "session.state_invalid", 400),
        ({"language": "klingon"}, "language.invalid", 400),
        ({"room": "cellar"}, "room.not_found", 404),
        ({"track": "cellar"}, "track.not_found", 404),
        ({"guid": "0c8b3f6e-guid"}, "session.guid_taken", 409),
        ({"slug": "still-slides"}, "slug.taken", 409),
        ({"speakers": [{}]}, "session.speakers_invalid", 400),
        ({"speakers": [{"id": "nobody"}]}, "speaker.not_found", 404),
        ({"links": [{"kind": "blog", "url": "ftp://example.org"}]}, "link.invalid", 400),
        ({"title": "\x00"}, "text.invalid", 400),
        ({"tittle": "x"}, "request.invalid", 400),
    ]
    for body, code, status in wrong:
        await admin.refused("POST", "/events/seminar/sessions", code, status=status, json={"title": "x"} | body)
    await admin.refused("POST", "/sessions", "event.not_found", status=404, json={"title": "x", "event": "none"})
    assert len((await admin.get("/sessions"))["items"]) == 1


async def test_a_slug_alone_is_enough_while_only_one_has_it(
    admin: Asker, anybody: Asker, event: dict[str, Any]
) -> None:
    await admin.post("/events/seminar/sessions", {"title": "Opening"})
    await admin.post("/events", {"title": "Closed", "visibility": "closed"})
    await admin.post("/events/closed/sessions", {"title": "Opening"})
    assert (await anybody.get("/sessions/opening"))["event"] == event["id"]
    sentence = await admin.refused("GET", "/sessions/opening", "session.ambiguous", status=409)
    assert "/api/v1/events/{event}/sessions/{slug}" in sentence
    assert (await admin.get("/events/closed/sessions/opening"))["event"] != event["id"]


async def test_etags_follow_all_that_is_shown_and_if_match_only_the_session(
    client: httpx.AsyncClient, admin: Asker, event: dict[str, Any]
) -> None:
    made = await admin.post("/events/seminar/sessions", FULL)
    path = f"/api/v1/sessions/{made['id']}"
    tag = (await client.get(path)).headers["etag"]
    assert (await client.get(path, headers={"If-None-Match": f"W/{tag}"})).status_code == 304
    await admin.patch("/speakers/ada-ohman", {"name": "Ada Ö."})
    again = await client.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert again.json()["speakers"][0]["name"] == "Ada Ö."
    await admin.patch(f"/sessions/{made['id']}", {"title": "One"}, headers={"If-Match": tag})
    for method, where in (("PATCH", ""), ("DELETE", "")):
        await admin.refused(
            method, f"/sessions/{made['id']}{where}", "request.stale", status=412, json={}, headers={"If-Match": tag}
        )


async def test_lists_and_sessions_take_a_fixed_number_of_statements(
    admin: Asker, anybody: Asker, event: dict[str, Any]
) -> None:
    counts = []
    for wanted in (1, 3):
        while len((await anybody.get("/sessions"))["items"]) < wanted:
            made = await admin.post("/events/seminar/sessions", {**FULL, "slug": None, "guid": None})
        with counted_statements() as statements:
            items = (await anybody.get("/events/seminar/sessions"))["items"]
        assert [len(item["speakers"]) for item in items] == [2] * wanted
        with counted_statements() as of_one:
            await anybody.get(f"/sessions/{made['id']}")
        with counted_statements() as of_speakers:
            await anybody.get("/speakers")
        counts.append((len(statements), len(of_one), len(of_speakers)))
    # Of a list: the event, the sessions, their speakers and links, their media (three). Of one: all words at once.
    assert counts == [(6, 4, 1), (6, 4, 1)]


async def test_speakers_of_a_session_change_its_links(
    client: httpx.AsyncClient, admin: Asker, anybody: Asker, database: Database, event: dict[str, Any]
) -> None:
    made = await admin.post("/events/seminar/sessions", FULL)
    speaker = await somebody(client, database, roles=(("speaker", event["id"], made["id"]),))
    path = f"/sessions/{made['id']}/links"
    link = await speaker.post(path, {"kind": "paper", "url": "https://example.org/p.pdf"})
    assert [item["kind"] for item in (await anybody.get(path))["items"]] == ["slides", "paper"]
    await speaker.delete(f"{path}/{link['id']}")
    await speaker.refused("DELETE", f"{path}/{link['id']}", "link.not_found", status=404)
    await speaker.post(f"{path}/{link['id']}/restore", status=200)
    await speaker.refused("POST", f"{path}/{link['id']}/restore", "undo.not_possible", status=409)
    put = await speaker.ask("PUT", path, json=[{"kind": "code", "url": "https://example.org/c"}])
    assert [item["kind"] for item in put["items"]] == ["code"]
    too_many = [{"kind": "code", "url": f"https://example.org/{number}"} for number in range(101)]
    await speaker.refused("PUT", path, "link.invalid", status=400, json=too_many)
    assert (await anybody.get(f"/sessions/{made['id']}"))["links"] == put["items"]
    await speaker.refused("PATCH", f"/sessions/{made['id']}", "auth.forbidden", status=403, json={"title": "x"})


async def test_a_room_that_is_deleted_leaves_its_sessions(admin: Asker, anybody: Asker, event: dict[str, Any]) -> None:
    made = await admin.post("/events/seminar/sessions", FULL)
    await admin.delete("/events/seminar/rooms/hall")
    await admin.delete("/events/seminar/tracks/media")
    found = await anybody.get(f"/sessions/{made['id']}")
    assert found["room"] is found["track"] is None
    assert (await anybody.get("/events/seminar/sessions?room=hall"))["items"] == []
    await admin.post("/events/seminar/rooms/hall/restore", status=200)
    assert (await anybody.get(f"/sessions/{made['id']}"))["room"] == made["room"]
