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


async def test_an_export_of_two_sources_is_not_doubled_nor_fought_over(
    client: httpx.AsyncClient, admin: Asker, event: None
) -> None:
    await bring(admin, schedule(*TALKS), name="main.json")
    await bring(admin, schedule(*[without_guid(50 + at, room="Attic") for at in range(3)]), name="attic.json")
    before = await told(admin)
    exported = (await client.get("/seminar/schedule.json")).content
    sources = (await admin.get("/events/seminar/programme-sources"))["items"]
    assert len(sources) == 2 and len(before) == 8
    for source in sources:
        path = f"/events/seminar/imports?source={source['id']}&apply=true"
        shown = await admin.ask("POST", path, status=201, content=exported)
        assert (shown["state"], shown["entries"]) == ("unchanged", [])
        assert shown["notes"][-1]["code"] == "import.elsewhere"
    assert await told(admin) == before

    await admin.post("/events", {"title": "Other", "time_zone": "Europe/Helsinki"})
    other = await admin.ask("POST", "/events/other/imports?apply=true", status=201, content=exported)
    assert other["counts"]["new"] == 8 and await told(admin) == before, "another event's are never touched"
