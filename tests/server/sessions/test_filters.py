"""Filters, order and pages of sessions; speakers and who may know of them."""

from typing import Any

import httpx
import pytest

from server.core.db import Database
from tests.server.events.people import Asker, somebody

PROGRAMME = [
    # 22:30 UTC is already the 20th in Helsinki, and still the 19th in UTC
    {"title": "ÄÄNET", "room": "hall", "starts_at": "2027-05-19T22:30:00Z", "speakers": [{"name": "Åsa Öst"}]},
    {"title": "Pictures", "room": "hall", "track": "media", "starts_at": "2027-05-20T07:00:00Z"},
    {"title": "100 % _real_", "room": "attic", "starts_at": "2027-05-20T07:00:00Z", "abstract": "Straße & Kuva"},
    {"title": "Last", "starts_at": "2027-05-20T21:00:00Z", "state": "tentative"},
    {"title": "Some day", "speakers": [{"name": "Åsa Öst"}, {"name": "Bo Ek"}]},
]


@pytest.fixture
async def event(admin: Asker) -> dict[str, Any]:
    made: dict[str, Any] = await admin.post("/events", {"title": "Seminar", "time_zone": "Europe/Helsinki"})
    for name in ("Hall", "Attic"):
        await admin.post("/events/seminar/rooms", {"name": name})
    await admin.post("/events/seminar/tracks", {"name": "Media"})
    for session in PROGRAMME:
        await admin.post("/events/seminar/sessions", session)
    return made


NARROWED = [
    ("", ["ÄÄNET", "Pictures", "100 % _real_", "Last", "Some day"]),
    ("room=hall", ["ÄÄNET", "Pictures"]),
    ("track=media", ["Pictures"]),
    ("room=hall&track=media", ["Pictures"]),
    ("room=cellar", []),
    ("speaker=asa-ost", ["ÄÄNET", "Some day"]),
    ("day=2027-05-20", ["ÄÄNET", "Pictures", "100 % _real_"]),
    ("day=2027-05-21", ["Last"]),
    ("day=2027-05-19", []),
    ("state=tentative", ["Last"]),
    ("q=äänet", ["ÄÄNET"]),
    ("q=STRASSE kuva", ["100 % _real_"]),
    ("q=åsa day", ["Some day"]),
    ("q=%25", ["100 % _real_"]),
    ("q=_real", ["100 % _real_"]),
    ("q=_a", []),
    ("q=nothing", []),
    ("q=%20", ["ÄÄNET", "Pictures", "100 % _real_", "Last", "Some day"]),
]


async def test_sessions_are_narrowed(anybody: Asker, event: dict[str, Any]) -> None:
    for query, titles in NARROWED:
        found = await anybody.get(f"/sessions?event=seminar&{query}")
        assert [item["title"] for item in found["items"]] == titles, query
        assert found["next"] is None


async def test_pages_follow_each_other_in_order_of_time(anybody: Asker, event: dict[str, Any]) -> None:
    titles, path = [], "/events/seminar/sessions?limit=2"
    after = ""
    while True:
        page = await anybody.get(path + after)
        titles += [item["title"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert titles == [session["title"] for session in PROGRAMME]


async def test_filters_that_make_no_sense_are_refused(anybody: Asker, event: dict[str, Any]) -> None:
    await anybody.refused("GET", "/sessions?day=2027-05-20", "session.day_invalid", status=400)
    await anybody.refused("GET", "/sessions?event=seminar&day=0001-01-01", "session.day_invalid", status=400)
    await anybody.refused("GET", "/sessions?event=seminar&day=today", "request.invalid", status=400)
    await anybody.refused("GET", "/sessions?state=maybe", "session.state_invalid", status=400)
    await anybody.refused("GET", "/sessions?event=none", "event.not_found", status=404)
    await anybody.refused("GET", "/sessions?after=x", "request.invalid", status=400)


async def test_speakers_are_found_by_name_once_for_all_editions(
    admin: Asker, anybody: Asker, event: dict[str, Any]
) -> None:
    found = await anybody.get("/speakers")
    assert [(item["slug"], item["name"]) for item in found["items"]] == [("bo-ek", "Bo Ek"), ("asa-ost", "Åsa Öst")]
    assert [item["slug"] for item in (await anybody.get("/speakers?q=ÅSA"))["items"]] == ["asa-ost"]
    page = await anybody.get("/speakers?limit=1")
    assert [item["slug"] for item in (await anybody.get(f"/speakers?after={page['next']}"))["items"]] == ["asa-ost"]
    await admin.post("/events", {"title": "Next year"})
    made = await admin.post("/events/next-year/sessions", {"title": "x", "speakers": [{"name": " åsa öst "}]})
    assert made["speakers"][0]["id"] == (await anybody.get("/speakers/asa-ost"))["id"]
    assert len((await anybody.get("/sessions?speaker=asa-ost"))["items"]) == 3


async def test_nobody_hears_of_speakers_of_closed_events(
    client: httpx.AsyncClient, admin: Asker, anybody: Asker, database: Database, event: dict[str, Any]
) -> None:
    closed = await admin.post("/events", {"title": "Closed", "visibility": "closed"})
    await admin.post("/events/closed/sessions", {"title": "x", "speakers": [{"name": "Carl"}, {"name": "Bo Ek"}]})
    organiser = await somebody(client, database, roles=(("organiser", event["id"], None),))
    viewer = await somebody(client, database, roles=(("viewer", closed["id"], None),))
    for asker, seen in ((anybody, False), (organiser, False), (viewer, True), (admin, True)):
        slugs = [item["slug"] for item in (await asker.get("/speakers"))["items"]]
        assert ("carl" in slugs, "bo-ek" in slugs) == (seen, True)
        await asker.get("/speakers/carl", status=200 if seen else 404)


async def test_a_speaker_is_changed_by_organisers_of_their_events(
    client: httpx.AsyncClient, admin: Asker, anybody: Asker, database: Database, event: dict[str, Any]
) -> None:
    other = await admin.post("/events", {"title": "Other"})
    ours = await somebody(client, database, roles=(("organiser", event["id"], None),))
    theirs = await somebody(client, database, roles=(("organiser", other["id"], None),))
    changed = await ours.patch(
        "/speakers/asa-ost", {"biography": "Sings.", "name": "Åsa"}, headers={"If-Match": '"v1"'}
    )
    assert (changed["biography"], changed["slug"]) == ("Sings.", "asa-ost")
    await ours.refused("PATCH", "/speakers/asa-ost", "request.stale", status=412, json={}, headers={"If-Match": '"v1"'})
    await theirs.refused("PATCH", "/speakers/asa-ost", "auth.forbidden", status=403, json={"name": "x"})
    await anybody.refused("PATCH", "/speakers/asa-ost", "auth.required", status=401, json={"name": "x"})
    await anybody.refused("POST", "/speakers", "auth.required", status=401, json={"name": "x"})
    await ours.post("/speakers", {"name": "New One", "affiliation": "Turku"})
    await anybody.refused("GET", "/speakers/new-one", "speaker.not_found", status=404)
    assert (await theirs.patch("/speakers/new-one", {"slug": "newer"}))["slug"] == "newer"
    await ours.refused("PATCH", "/speakers/newer", "slug.taken", status=409, json={"slug": "asa-ost"})
    await ours.refused("PATCH", "/speakers/newer", "text.invalid", status=400, json={"name": " "})

    await ours.delete("/speakers/asa-ost")
    await anybody.refused("GET", "/speakers/asa-ost", "speaker.not_found", status=404)
    assert [item["name"] for item in (await anybody.get("/sessions/some-day"))["speakers"]] == ["Bo Ek"]
    await theirs.refused("POST", "/speakers/asa-ost/restore", "auth.forbidden", status=403)
    await ours.post("/speakers/asa-ost/restore", status=200)
    assert [item["name"] for item in (await anybody.get("/sessions/some-day"))["speakers"]] == ["Åsa", "Bo Ek"]
