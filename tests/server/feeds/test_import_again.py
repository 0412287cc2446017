"""Import, export, import is the identity: what Semma exported finds itself again, whatever the source called it."""

import copy
from typing import Any

import httpx
import pytest

from tests.server.events.people import Asker
from tests.server.sessions.imports.test_apply import bring, kinds, schedule, talk


def without_guid(number: int, **more: Any) -> dict[str, Any]:
    """A session as systems without guids tell it."""
    return {name: value for name, value in talk(number, **more).items() if name != "guid"}


MO = [{"id": number, "public_name": "mo", "biography": f"Mo {number}."} for number in (71, 72)]
TALKS = [
    without_guid(1, persons=[MO[0]]),
    without_guid(2, persons=[MO[1]]),
    without_guid(3, title="Lunch", persons=[], room="Cellar"),
    without_guid(4, title="Lunch", persons=[], room="Cellar"),
    without_guid(5, persons=MO[::-1], links=[]),
]


@pytest.fixture
async def event(admin: Asker) -> None:
    await admin.post("/events", {"title": "Seminar", "time_zone": "Europe/Helsinki"})


async def told(asker: Asker) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await asker.get("/sessions?event=seminar&limit=200"))["items"]
    return found


async def test_an_export_imported_again_changes_nothing_and_its_source_goes_on(
    client: httpx.AsyncClient, admin: Asker, event: None
) -> None:
    first = await bring(admin, schedule(*TALKS), name="original.json")
    assert first["counts"]["new"] == 5
    mine = (await told(admin))[0]
    await admin.patch(f"/sessions/{mine['id']}", {"title": "My title"})
    before = await told(admin)
    for form in ("json", "xml"):
        exported = (await client.get(f"/seminar/schedule.{form}")).content
        again = await bring(admin, exported, name=f"schedule.{form}")
        assert (again["state"], again["counts"]) == ("unchanged", {"unchanged": 5}), form
        assert again["source"] == first["source"]
        assert await told(admin) == before
    assert len((await admin.get("/events/seminar/programme-sources"))["items"]) == 1

    assert (await bring(admin, schedule(*TALKS), name="original.json"))["state"] == "unchanged"
    moved = copy.deepcopy(TALKS)
    moved[0] |= {"title": "Their title", "persons": [MO[0] | {"biography": "Mo the first."}]}
    shown = await bring(admin, schedule(*moved), name="original.json")
    assert kinds(shown) == {"Their title": "kept"}, "the edit made here is one after the export came back, too"
    after = await told(admin)
    assert [one["speakers"] for one in after] == [one["speakers"] for one in before] and after[0]["title"] == "My title"
    assert len((await admin.get("/speakers"))["items"]) == 2


FORMS = ("schedule.json", "schedule.xml", "schedule.csv", "calendar.ics")


async def test_an_export_of_two_sources_and_of_what_was_made_by_hand_is_nobodys(
    client: httpx.AsyncClient, admin: Asker, event: None
) -> None:
    main = schedule(*[talk(number) for number in range(1, 6)])
    await bring(admin, main, name="main.json")
    await bring(admin, schedule(*[without_guid(50 + at, room="Attic") for at in range(3)]), name="attic.json")
    hand = await admin.post("/events/seminar/sessions", {"title": "Hand", "starts_at": "2027-05-20T12:00:00+03:00"})
    mine = next(one for one in await told(admin) if one["title"] == "Talk 1")
    await admin.patch(f"/sessions/{mine['id']}", {"title": "My title", "abstract": "My *words*."})
    before = await told(admin)
    said = await admin.get(f"/sessions/{mine['id']}/imported")
    sources = (await admin.get("/events/seminar/programme-sources"))["items"]
    for name in FORMS:
        exported = (await client.get(f"/seminar/{name}")).content
        for source in ["", *(source["id"] for source in sources if name == FORMS[0])]:
            path = f"/events/seminar/imports?filename={name}&source={source}&apply=true"
            shown = await admin.ask("POST", path, status=201, content=exported)
            assert (shown["state"], shown["entries"]) == ("unchanged", []), (name, shown["entries"])
            assert [note["code"] for note in shown["notes"]][-1] == "import.from_here"
    assert await told(admin) == before
    assert await admin.get(f"/sessions/{mine['id']}/imported") == said
    await admin.refused("GET", f"/sessions/{hand['id']}/imported", "session.not_imported", status=404)
    assert (await admin.get("/events/seminar/programme-sources"))["items"] == sources

    assert (await bring(admin, main, name="main.json"))["state"] == "unchanged", "and nobody is gone"
    changed = schedule(talk(1, title="Their title"), *[talk(number) for number in range(2, 6)])
    assert kinds(await bring(admin, changed, name="main.json")) == {"Their title": "kept"}

    await admin.post("/events", {"title": "Other", "time_zone": "Europe/Helsinki"})
    exported = (await client.get("/seminar/schedule.json")).content
    other = await admin.ask("POST", "/events/other/imports?apply=true", status=201, content=exported)
    assert other["counts"]["new"] == 9, "of another event it is a programme like any other"
    assert [one["title"] for one in await told(admin)] == [one["title"] for one in before]


async def test_a_spreadsheet_that_was_filled_in_is_edits_made_here(
    client: httpx.AsyncClient, admin: Asker, event: None
) -> None:
    first = await bring(admin, schedule(talk(1), talk(2)), name="main.json")
    await admin.post("/events/seminar/sessions", {"title": "Hand", "starts_at": "2027-05-20T12:00:00+03:00"})
    before = {one["title"]: one for one in await told(admin)}
    filled = (await client.get("/seminar/schedule.csv")).text
    filled = filled.replace("Talk 2", "Better").replace("Hand", "Hands") + ",,More,,,,2027-05-21,09:00\r\n"
    waits = await bring(admin, schedule(talk(1), talk(2, room="Attic")), name="main.json", apply=False)
    shown = await bring(admin, filled.encode(), name="schedule.csv")
    assert kinds(shown) == {"Better": "changed", "Hands": "changed", "More": "new"}
    assert shown["source"] == first["source"]
    assert (await admin.get(f"/events/seminar/imports/{waits['id']}"))["state"] == "shown"
    edited = (await admin.get(f"/sessions/{before['Talk 2']['id']}/imported"))["edited"]
    assert edited == [{"field": "title", "here": "Better", "programme": "Talk 2"}]
    assert (await bring(admin, schedule(talk(1), talk(2)), name="main.json"))["state"] == "unchanged"
    await admin.post(f"/events/seminar/imports/{shown['id']}/undo", status=200)
    after = {one["title"]: one["id"] for one in await told(admin)}
    assert after == {title: one["id"] for title, one in before.items()}
