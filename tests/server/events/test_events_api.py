"""Series and events over HTTP, on both databases."""

import asyncio
import base64
import json
from datetime import timedelta

import httpx
from sqlalchemy import update

from server.core.clock import now
from server.core.db import Database
from server.events.models import Event
from tests.server.events.people import Asker, counted_statements, somebody

FULL = {
    "title": "Seminar 2027",
    "slug": "seminar-2027",
    "series": "seminar",
    "subtitle": "Moving pictures",
    "description": "Two days.",
    "starts_on": "2027-05-20",
    "ends_on": "2027-05-21",
    "time_zone": "Europe/Stockholm",
    "languages": ["SV", "en-gb"],
    "hashtag": "#sem27",
    "visibility": "public",
    "publish_live": False,
    "color": "#0b7285",
    "about": "What it is about.",
    "code_of_conduct": "Be kind.",
    "venue_name": "Werstas",
    "venue_address": "Väinö Linnan aukio 8",
    "venue_url": "https://venue.example/",
    "takes_links": False,
}


async def test_an_event_is_opened_read_changed_deleted_and_restored(admin: Asker, anybody: Asker) -> None:
    series = await admin.post("/series", {"title": "Seminar"})
    event = await admin.post("/events", FULL)
    assert event == {
        **FULL,
        "id": event["id"],
        "series": {"id": series["id"], "slug": "seminar", "title": "Seminar"},
        "languages": ["sv", "en-GB"],
        "hashtag": "sem27",
        "logo": None,
        "links": [],
    }
    assert await anybody.get("/events/seminar-2027") == await anybody.get(f"/events/{event['id']}") == event

    changed = await admin.patch("/events/seminar-2027", {"subtitle": "", "series": None, "slug": "s27"})
    assert changed == event | {"subtitle": "", "series": None, "slug": "s27"}
    await anybody.refused("GET", "/events/seminar-2027", "event.not_found", status=404)

    await admin.delete("/events/s27")
    await anybody.refused("GET", "/events/s27", "event.not_found", status=404)
    assert (await admin.get("/events/s27"))["deleted_at"]
    assert (await anybody.get("/events"))["items"] == []
    assert [item["slug"] for item in (await admin.get("/events?deleted=true"))["items"]] == ["s27"]
    assert (await anybody.get("/events?deleted=true"))["items"] == []

    assert await admin.post("/events/s27/restore", status=200) == changed
    await admin.refused("POST", "/events/s27/restore", "undo.not_possible", status=409)
    assert (await anybody.get("/events"))["items"] == [changed]


async def test_what_is_deleted_hides_all_that_stands_in_it(admin: Asker, anybody: Asker) -> None:
    await admin.post("/events", {"title": "Seminar"})
    await admin.post("/events/seminar/rooms", {"name": "Hall"})
    session = await admin.post("/sessions", {"event": "seminar", "title": "A talk", "speakers": [{"name": "Ada"}]})
    await admin.delete("/events/seminar")
    for path in ("/events/seminar/rooms", "/events/seminar/sessions", "/events/seminar/changes"):
        await anybody.refused("GET", path, "event.not_found", status=404)
    await anybody.refused("GET", f"/sessions/{session['id']}", "session.not_found", status=404)
    await anybody.refused("GET", "/speakers/ada", "speaker.not_found", status=404)
    assert (await anybody.get("/sessions"))["items"] == []
    await admin.post("/events/seminar/restore", status=200)
    assert (await anybody.get(f"/sessions/{session['id']}"))["title"] == "A talk"


async def test_after_the_undo_time_a_deletion_is_final(admin: Asker, database: Database) -> None:
    event = await admin.post("/events", {"title": "Seminar"})
    await admin.delete("/events/seminar")
    async with database.write() as db:
        await db.execute(update(Event).where(Event.id == event["id"]).values(deleted_at=now() - timedelta(days=31)))
    await admin.refused("POST", "/events/seminar/restore", "event.not_found", status=404)
    await admin.refused("GET", "/events/seminar", "event.not_found", status=404)
    assert (await admin.get("/events?deleted=true"))["items"] == []


async def test_whoever_opens_an_event_organises_it(client: httpx.AsyncClient, admin: Asker, database: Database) -> None:
    first = await admin.post("/events", {"title": "First"})
    organiser = await somebody(client, database, roles=(("organiser", first["id"], None),))
    await organiser.post("/events", {"title": "Second", "visibility": "closed"})
    await organiser.patch("/events/second", {"title": "The second"})
    assert [item["title"] for item in (await organiser.get("/events?mine=true"))["items"]] == ["The second", "First"]
    other = await somebody(client, database)
    await other.refused("POST", "/events", "auth.forbidden", status=403, json={"title": "Third"})
    await other.refused("PATCH", "/events/first", "auth.forbidden", status=403, json={"title": "Mine"})


async def test_slugs_are_made_of_titles_and_stay_unique(admin: Asker) -> None:
    made = [
        (await admin.post("/events", {"title": title}))["slug"] for title in ("Ääni & kuva", "ääni, kuva", "Search")
    ]
    assert made == ["aani-kuva", "aani-kuva-2", "search-2"]
    await admin.refused("POST", "/events", "slug.taken", status=409, json={"title": "x", "slug": "aani-kuva"})
    await admin.refused("POST", "/events", "slug.reserved", status=400, json={"title": "x", "slug": "studio"})
    await admin.refused("POST", "/events", "slug.invalid", status=400, json={"title": "x", "slug": "Not A Slug"})
    await admin.refused("PATCH", "/events/search-2", "slug.taken", status=409, json={"slug": "aani-kuva"})
    assert (await admin.patch("/events/search-2", {"slug": "search-2"}))["slug"] == "search-2"
    assert (await admin.post("/events", {"title": "日本語"}))["slug"] == "event"


async def test_a_deleted_event_yields_its_slug(admin: Asker) -> None:
    old = await admin.post("/events", {"title": "Seminar"})
    await admin.delete("/events/seminar")
    new = await admin.post("/events", {"title": "Another", "slug": "seminar"})
    assert (await admin.get("/events/seminar"))["id"] == new["id"]
    back = await admin.post(f"/events/{old['id']}/restore", status=200)
    assert back["slug"].startswith("seminar-")


async def test_bad_events_are_refused_in_words(admin: Asker) -> None:
    await admin.post("/events", {"title": "Seminar", "starts_on": "2027-05-20"})
    wrong = [
        ({"title": "x", "starts_on": "2027-05-20", "ends_on": "2027-05-19"}, "event.dates_reversed"),
        ({"title": "x", "time_zone": "Mars/Olympus"}, "event.time_zone_unknown"),
        ({"title": "x", "languages": ["klingon"]}, "language.invalid"),
        ({"title": "x", "visibility": "secret"}, "event.visibility_invalid"),
        ({"title": "x", "hashtag": "a b"}, "event.hashtag_invalid"),
        ({"title": " \n"}, "text.invalid"),
        ({"title": ""}, "request.invalid"),
        ({"title": "x" * 301}, "request.invalid"),
        ({}, "request.invalid"),
        ({"title": 5}, "request.invalid"),
        ({"title": "x", "starts_on": "20 May"}, "request.invalid"),
        ({"title": "x", "access_code_hash": "x"}, "request.invalid"),
    ]
    for body, code in wrong:
        await admin.refused("POST", "/events", code, status=400, json=body)
    await admin.refused("POST", "/events", "series.not_found", status=404, json={"title": "x", "series": "nothing"})
    await admin.refused("PATCH", "/events/seminar", "event.dates_reversed", status=400, json={"ends_on": "2027-05-19"})
    await admin.refused("PATCH", "/events/seminar", "request.invalid", status=400, json={"slag": "x"})
    assert len((await admin.get("/events"))["items"]) == 1


async def test_etags_answer_304_and_refuse_lost_updates(client: httpx.AsyncClient, admin: Asker) -> None:
    await admin.post("/events", {"title": "Seminar"})
    answer = await client.get("/api/v1/events/seminar")
    tag = answer.headers["etag"]
    again = await client.get("/api/v1/events/seminar", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await admin.patch("/events/seminar", {"title": "One"}, headers={"If-Match": tag})
    await admin.refused(
        "PATCH", "/events/seminar", "request.stale", status=412, json={"title": "Two"}, headers={"If-Match": tag}
    )
    await admin.refused("DELETE", "/events/seminar", "request.stale", status=412, headers={"If-Match": tag})
    assert (await client.get("/api/v1/events/seminar", headers={"If-None-Match": tag})).json()["title"] == "One"
    await admin.patch("/events/seminar", {"title": "Three"}, headers={"If-Match": "*"})


async def test_pages_hold_every_event_once_the_latest_first(admin: Asker, anybody: Asker) -> None:
    days = ["2026-01-01", None, "2027-01-01", "2026-01-01", None, "2025-01-01", "2026-01-01"]
    for number, day in enumerate(days):
        await admin.post("/events", {"title": f"E{number}", "starts_on": day})
    whole = [item["title"] for item in (await anybody.get("/events"))["items"]]
    assert whole == ["E4", "E1", "E2", "E6", "E3", "E0", "E5"]
    paged, after = [], ""
    while True:
        page = await anybody.get(f"/events?limit=2{after}")
        assert len(page["items"]) <= 2
        paged += [item["title"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert paged == whole
    for bad in ("x", "bm90IGpzb24", "WzFd", "WzEsMl0"):
        await anybody.refused("GET", f"/events?after={bad}", "request.invalid", status=400)
    await anybody.refused("GET", "/events?limit=0", "request.invalid", status=400)
    await anybody.refused("GET", "/events?limit=201", "request.invalid", status=400)


async def test_a_list_of_events_takes_the_same_statements_for_one_and_three(admin: Asker, anybody: Asker) -> None:
    await admin.post("/series", {"title": "Seminar"})
    counts = []
    for wanted in (1, 3):
        while len((await anybody.get("/events"))["items"]) < wanted:
            made = await admin.post("/events", {"title": "Seminar", "series": "seminar"})
            await admin.post(f"/events/{made['id']}/links", {"kind": "blog", "url": "https://example.org/"})
        with counted_statements() as statements:
            items = (await anybody.get("/events?series=seminar"))["items"]
        assert len(items) == wanted
        assert all(len(item["links"]) == 1 for item in items)
        counts.append(len(statements))
    assert counts == [2, 2]


async def test_series_are_for_admins_to_change_and_for_all_to_see(
    client: httpx.AsyncClient, admin: Asker, anybody: Asker, database: Database
) -> None:
    event = await admin.post("/events", {"title": "Seminar 2027"})
    organiser = await somebody(client, database, roles=(("organiser", event["id"], None),))
    for who, status, code in ((anybody, 401, "auth.required"), (organiser, 403, "auth.forbidden")):
        await who.refused("POST", "/series", code, status=status, json={"title": "Seminar"})
    for title in ("Beta", "Alpha", "Gamma"):
        await admin.post("/series", {"title": title})
    page = await anybody.get("/series?limit=2")
    assert [item["slug"] for item in page["items"]] == ["alpha", "beta"]
    assert [item["slug"] for item in (await anybody.get(f"/series?after={page['next']}"))["items"]] == ["gamma"]
    await organiser.patch("/events/seminar-2027", {"series": "beta"})
    await admin.patch("/series/beta", {"description": "Every year."})
    await organiser.refused("DELETE", "/series/beta", "auth.forbidden", status=403)
    await admin.delete("/series/beta")
    await anybody.refused("GET", "/series/beta", "series.not_found", status=404)
    assert (await anybody.get("/events/seminar-2027"))["series"] is None
    await anybody.refused("GET", "/series?deleted=true", "auth.required", status=401)
    assert [item["slug"] for item in (await admin.get("/series?deleted=true"))["items"]] == ["beta"]
    await admin.post("/series/beta/restore", status=200)
    assert (await anybody.get("/events/seminar-2027"))["series"]["slug"] == "beta"


async def test_links_are_added_once_replaced_deleted_and_restored(
    client: httpx.AsyncClient, admin: Asker, anybody: Asker
) -> None:
    await admin.post("/events", {"title": "Seminar"})
    tag = (await client.get("/api/v1/events/seminar")).headers["etag"]
    blog = await admin.post("/events/seminar/links", {"kind": "blog", "url": "https://example.org/b", "title": "Blog"})
    again = await admin.post("/events/seminar/links", {"kind": "blog", "url": "https://example.org/b"})
    assert again == blog
    photo = {"kind": "photo", "url": "https://example.org/p", "title": ""}
    put = await admin.ask(
        "PUT", "/events/seminar/links", json=[photo, {"kind": "blog", "url": "https://example.org/b"}]
    )
    assert [item["id"] for item in put["items"]][1] == blog["id"]
    assert (
        (await anybody.get("/events/seminar"))["links"]
        == put["items"]
        == (await anybody.get("/events/seminar/links"))["items"]
    )
    assert (await client.get("/api/v1/events/seminar")).headers["etag"] != tag
    await admin.delete(f"/events/seminar/links/{blog['id']}")
    await admin.refused("DELETE", f"/events/seminar/links/{blog['id']}", "link.not_found", status=404)
    assert [item["kind"] for item in (await anybody.get("/events/seminar"))["links"]] == ["photo"]
    await admin.post(f"/events/seminar/links/{blog['id']}/restore", status=200)
    assert [item["kind"] for item in (await anybody.get("/events/seminar"))["links"]] == ["photo", "blog"]
    for body in ({"kind": "blog", "url": "javascript:1"}, {"kind": "bug", "url": "https://example.org/"}):
        await admin.refused("POST", "/events/seminar/links", "link.invalid", status=400, json=body)
    await anybody.refused("POST", "/events/seminar/links", "auth.required", status=401, json=photo)


async def test_of_changes_at_the_same_time_one_wins(client: httpx.AsyncClient, admin: Asker) -> None:
    await admin.post("/events", {"title": "Seminar"})
    tag = (await client.get("/api/v1/events/seminar")).headers["etag"]

    async def change(number: int) -> int:
        answer = await client.patch(
            "/api/v1/events/seminar", json={"title": f"T{number}"}, headers=admin.headers | {"If-Match": tag}
        )
        return answer.status_code

    assert sorted(await asyncio.gather(*(change(number) for number in range(4)))) == [200, 412, 412, 412]
    made = await asyncio.gather(*(admin.ask("POST", "/events", status=201, json={"title": "Fresh"}) for _ in range(2)))
    assert {event["slug"] for event in made} == {"fresh", "fresh-2"}


async def test_odd_words_are_not_found_or_refused_and_never_break_a_database(admin: Asker) -> None:
    await admin.post("/events", {"title": "Seminar"})
    session = await admin.post("/events/seminar/sessions", {"title": "A talk"})
    for odd in ("%00", "a%00b", "%F0%9F%92%A5", "..", "A%20B", "'; drop", "%25", "x" * 300):
        for path in (
            f"/events/{odd}",
            f"/series/{odd}",
            f"/speakers/{odd}",
            f"/sessions/{odd}",
            f"/events/seminar/rooms/{odd}",
            f"/events/seminar/sessions/{odd}",
        ):
            if odd != "..":
                await admin.get(path, status=404)
        await admin.delete(f"/sessions/{session['id']}/links/{odd.replace('..', '-')}", status=404)
        for query in ("room", "track", "speaker", "q"):
            await admin.get(f"/sessions?event=seminar&{query}={odd}")
        await admin.get(f"/sessions?event={odd}", status=404)
    for body in ({"title": "a\x00b"}, {"title": "x", "speakers": [{"name": "N\x00"}], "guid": "g\x00"}):
        await admin.post("/events/seminar/sessions", body)
    for path, values in (
        ("/events", ["2027-01-01", "\x00"]),
        ("/events", ["2027-01-01", 5]),
        ("/series", ["\x00"]),
        ("/speakers", [None, "x"]),
        ("/sessions", ["2027-01-01T00:00:00", "x"]),
        ("/sessions", ["2027-01-01T00:00:00Z"]),
        ("/events/seminar/rooms", [10**30, "x"]),
        ("/events/seminar/rooms", ["1", "x"]),
    ):
        after = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
        await admin.refused("GET", f"{path}?after={after}", "request.invalid", status=400)
