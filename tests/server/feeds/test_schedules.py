"""The programme for other programs: the same as it was put in, for whom it is for, and 304 while nothing changed."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest
from icalendar import Calendar
from lxml import etree, html
from msgspec.structs import replace

from server.sessions.formats.form import ReadProgramme, ReadSpeaker
from server.sessions.formats.read import read_programme
from tests.server.events.people import Asker
from tests.server.sessions.formats.calendar_rules import broken_rules

SESSIONS: list[dict[str, Any]] = [
    {
        "title": "Pictures & sound",
        "guid": "HOqeNIb6G7M4hYFKFRkCmQ",
        "room": "hall",
        "track": "media",
        "starts_at": "2027-05-20T23:30:00+03:00",
        "duration_ms": 2_700_500,
        "speakers": [{"name": "Åsa Öst"}, {"name": "Bo Ek"}],
        "links": [{"kind": "slides", "url": "https://example.org/deck.pdf", "title": "Deck"}],
        "abstract": "One\n\nTwo <three>",
        "description": "Ääni; puhe, \\n 漢字 " * 20,
        "do_not_record": True,
        "licence": "CC-BY-4.0",
        "language": "fi",
    },
    {
        "title": "Off; or, not",
        "slug": "off",
        "room": "attic",
        "starts_at": "2027-05-21T10:00:00+03:00",
        "state": "cancelled",
    },
    {"title": "Some day"},
]


@pytest.fixture
async def event(admin: Asker) -> dict[str, Any]:
    made: dict[str, Any] = await admin.post("/events", {"title": "Seminar", "time_zone": "Europe/Helsinki"})
    for name in ("Hall", "Attic"):
        await admin.post("/events/seminar/rooms", {"name": name})
    await admin.post("/events/seminar/tracks", {"name": "Media", "color": "#00aa66"})
    for session in SESSIONS:
        await admin.post("/events/seminar/sessions", session)
    return made


def told(programme: ReadProgramme) -> Any:
    """The sessions as both schedules carry them: XML has only the names of speakers."""
    names = [tuple(ReadSpeaker(name=speaker.name) for speaker in session.speakers) for session in programme.sessions]
    return [replace(session, speakers=those) for session, those in zip(programme.sessions, names, strict=True)]


async def test_what_was_put_in_comes_out_again(client: httpx.AsyncClient, event: dict[str, Any]) -> None:
    files = {name: await client.get(f"/seminar/schedule.{name}") for name in ("json", "xml", "csv")}
    programmes = {name: read_programme(answer.content, time_zone="UTC") for name, answer in files.items()}
    assert told(programmes["json"]) == told(programmes["xml"])
    pictures = next(session for session in programmes["xml"].sessions if session.title == "Pictures & sound")
    assert (pictures.guid, pictures.duration_ms, pictures.abstract) == (
        SESSIONS[0]["guid"],
        2_700_500,
        "One\n\nTwo <three>",
    )
    assert pictures.url == "http://testserver/seminar/sessions/pictures-sound"
    assert [one.state for one in programmes["json"].sessions] == ["confirmed", "cancelled", "confirmed"]
    assert [session.title for session in programmes["csv"].sessions] == ["Pictures & sound", "Off; or, not", "Some day"]
    assert {room.name for room in programmes["json"].rooms} == {"Hall", "Attic"}
    for answer in files.values():
        assert answer.headers["cache-control"] == "public, max-age=60"
        again = await client.get(answer.url.path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        seen = await client.head(answer.url.path)
        assert (seen.status_code, seen.headers["etag"], seen.content) == (200, answer.headers["etag"], b"")


def entries(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert broken_rules(answer.content) == []
    return {str(entry["SUMMARY"]): entry for entry in Calendar.from_ical(answer.content).walk("VEVENT")}


async def test_calendars_of_everything_and_of_parts(
    client: httpx.AsyncClient, admin: Asker, event: dict[str, Any]
) -> None:
    for query, titles in {
        "": {"Pictures & sound", "Off; or, not"},
        "?room=hall": {"Pictures & sound"},
        "?track=media": {"Pictures & sound"},
        "?speaker=bo-ek": {"Pictures & sound"},
        "?sessions=off,gone": {"Off; or, not"},
        "?sessions=": set(),
    }.items():
        assert entries(await client.get(f"/seminar/calendar.ics{query}")).keys() == titles, query
    assert (await client.get("/seminar/calendar.ics?room=cellar")).status_code == 404
    many = ",".join(str(number) for number in range(501))
    assert (await client.get(f"/seminar/calendar.ics?sessions={many}")).json()["code"] == "feed.too_many_sessions"

    before = entries(await client.get("/seminar/calendar.ics"))["Pictures & sound"]
    await admin.patch("/events/seminar/sessions/pictures-sound".replace("/events/seminar", ""), {"title": "Moved"})
    after = entries(await client.get("/seminar/calendar.ics"))["Moved"]
    assert after["UID"] == before["UID"] and after["SEQUENCE"] > before["SEQUENCE"]
    for moment in ("LAST-MODIFIED", "DTSTAMP"):
        assert after[moment].dt >= before[moment].dt
    assert entries(await client.get("/seminar/calendar.ics"))["Off; or, not"]["STATUS"] == "CANCELLED"


async def test_a_closed_event_is_opened_by_its_address(
    client: httpx.AsyncClient, anybody: Asker, admin: Asker, event: dict[str, Any]
) -> None:
    open_address = (await anybody.get("/events/seminar/feeds"))["calendar"]
    assert open_address == "http://testserver/seminar/calendar.ics"
    programme = (await client.get("/seminar")).text
    assert 'href="/seminar/calendar.ics"' in programme
    (said,) = html.fromstring(programme).xpath('//script[@type="application/ld+json"]/text()')
    assert (json.loads(said)["startDate"], json.loads(said)["endDate"]) == ("2027-05-20", "2027-05-21"), "no own dates"
    await admin.patch("/events/seminar", {"visibility": "closed"})
    assert (await client.get(open_address)).status_code == 401
    await anybody.get("/events/seminar/feeds", status=401)
    addresses = await admin.get("/events/seminar/feeds")
    page = await client.get("/seminar?room=hall", headers=admin.headers)
    assert f'href="/seminar/calendar.ics?room=hall&amp;{urlsplit(addresses["calendar"]).query}"' in page.text
    for address in addresses.values():
        answer = await client.get(address)
        assert answer.status_code == 200 and answer.headers["cache-control"] == "private, no-cache"
        assert "access-control-allow-origin" not in answer.headers
    assert entries(await client.get(f"{addresses['calendar']}&room=hall")).keys() == {"Pictures & sound"}
    for wrong in ("0.AAAAAAAAAAAAAAAAAAAAAA", "x", "0." + "A" * 500):
        assert (await client.get(f"{open_address}?token={wrong}")).json()["code"] == "feed.ended"
    await admin.post("/events/seminar/access/close", {}, status=200)
    assert (await client.get(addresses["calendar"])).json()["code"] == "feed.ended"
    assert (await client.get((await admin.get("/events/seminar/feeds"))["calendar"])).status_code == 200


async def test_the_template(client: httpx.AsyncClient, database: Any) -> None:
    answer = await client.get("/api/v1/programme-template")
    assert answer.headers["content-type"].startswith("text/csv")
    assert read_programme(answer.content).sessions[0].title == "Still slides, moving pictures"


@pytest.mark.skipif(
    "SEMMA_SAMPLES" not in os.environ, reason="SEMMA_SAMPLES is not set: the formats' public definitions"
)
async def test_what_is_told_is_valid(client: httpx.AsyncClient, event: dict[str, Any]) -> None:
    definitions = Path(os.environ["SEMMA_SAMPLES"]) / "schedules"
    schema = json.loads((definitions / "_schema-v1.json").read_text())
    jsonschema.Draft6Validator(schema).validate((await client.get("/seminar/schedule.json")).json())
    xsd = etree.XMLSchema(etree.parse(definitions / "_schedule.xsd"))
    assert xsd.validate(etree.fromstring((await client.get("/seminar/schedule.xml")).content)), xsd.error_log
