"""Imports on real databases: applied, taken back, missing and back, answered, edited and reverted."""

import copy
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import func, select, update

from server.core.clock import now
from server.core.db import Database
from server.core.jobs import JobRow
from server.core.runtime import Runtime
from server.sessions.imports.models import ImportedSession, ProgrammeSource
from server.sessions.imports.settle import hide_missing
from server.sessions.models import Session, SessionLink
from tests.server.events.people import Asker, counted_statements


def talk(number: int, **more: Any) -> dict[str, Any]:
    """A session of a schedule.json."""
    return {
        "guid": f"guid-{number}",
        "id": number,
        "date": f"2027-05-20T{8 + number % 10:02}:00:00+03:00",
        "duration": "0:45",
        "room": "Hall",
        "title": f"Talk {number}",
        "abstract": "About.",
        "persons": [{"id": number, "public_name": f"Person {number}"}],
        "links": [{"url": f"https://example.org/{number}.pdf", "title": "Slides"}],
    } | more


def schedule(*talks: dict[str, Any], **conference: Any) -> bytes:
    """A schedule.json of these sessions."""
    rooms: dict[str, list[Any]] = {}
    for one in talks:
        rooms.setdefault(one["room"], []).append(one)
    day = {"index": 1, "date": "2027-05-20", "rooms": rooms}
    known = {"acronym": "s27", "title": "Seminar", "days": [day]} | conference
    return msgspec.json.encode({"schedule": {"version": "1", "conference": known}})


@pytest.fixture
def runtime(kept_app: Any) -> Runtime:
    """The application's engines."""
    made: Runtime = kept_app.state.runtime
    return made


@pytest.fixture
async def event(admin: Asker) -> AsyncIterator[str]:
    made = await admin.post("/events", {"title": "Seminar", "time_zone": "Europe/Helsinki"})
    yield made["id"]


async def bring(admin: Asker, body: bytes, *, apply: bool = True, name: str = "schedule.json") -> dict[str, Any]:
    found: dict[str, Any] = await admin.ask(
        "POST", f"/events/seminar/imports?filename={name}&apply={str(apply).lower()}", status=201, content=body
    )
    return found


async def programme_of(asker: Asker) -> dict[str, dict[str, Any]]:
    """Sessions by guid."""
    return {one["guid"]: one for one in (await asker.get("/sessions?event=seminar&limit=200"))["items"]}


def kinds(shown: dict[str, Any]) -> dict[str, str]:
    return {entry["title"]: entry["kind"] for entry in shown["entries"]}


async def test_a_programme_is_shown_applied_edited_moved_and_taken_back(
    admin: Asker, anybody: Asker, event: str, database: Database
) -> None:
    talks = [talk(1), talk(2), talk(3, room="Cellar")]
    shown = await bring(admin, schedule(*talks), apply=False)
    assert shown["state"] == "shown" and shown["counts"] == {"new": 3, "places": 2}
    assert await programme_of(anybody) == {}, "nothing before somebody said yes"
    path = f"/events/seminar/imports/{shown['id']}"
    await anybody.refused("POST", f"{path}/apply", "auth.required", status=401)
    applied = await admin.post(f"{path}/apply", status=200)
    assert applied["state"] == "applied" and applied["applied_at"]
    before = await programme_of(anybody)
    assert [one["title"] for one in before.values()] == ["Talk 1", "Talk 2", "Talk 3"]
    assert before["guid-1"]["starts_at"] == "2027-05-20T09:00:00+03:00" and before["guid-1"]["duration_ms"] == 2_700_000
    assert before["guid-1"]["speakers"][0]["name"] == "Person 1" and before["guid-1"]["slug"] == "talk-1"
    assert (await bring(admin, schedule(*talks)))["state"] == "unchanged"
    assert await programme_of(anybody) == before, "the same again is nothing"

    mine = before["guid-2"]["id"]
    await admin.patch(f"/sessions/{mine}", {"title": "My title"})
    changed = copy.deepcopy(talks)
    changed[0] |= {"date": "2027-05-20T15:00:00+03:00", "room": "Cellar", "persons": [{"id": 9, "public_name": "Nine"}]}
    changed[1] |= {"title": "Their title", "abstract": "New words."}
    second = await bring(admin, schedule(*changed))
    assert kinds(second) == {"Talk 1": "moved", "Their title": "changed"}
    moved = next(entry for entry in second["entries"] if entry["title"] == "Talk 1")
    named = {
        change["field"]: second["names"].get(change["new"], "")
        for change in moved["changes"]
        if change["field"] == "room"
    }
    assert named == {"room": "Cellar"}
    after = await programme_of(anybody)
    assert (after["guid-2"]["title"], after["guid-2"]["abstract"]) == ("My title", "New words.")
    assert after["guid-1"]["id"] == before["guid-1"]["id"] and after["guid-1"]["speakers"][0]["name"] == "Nine"
    assert after["guid-1"]["links"] == before["guid-1"]["links"], "links that stay are the same ones"

    said = await admin.get(f"/sessions/{mine}/imported")
    assert said["edited"] == [{"field": "title", "here": "My title", "programme": "Their title"}]
    await anybody.refused("GET", f"/sessions/{mine}/imported", "auth.required", status=401)
    reverted = await admin.post(f"/sessions/{mine}/imported/revert", {"fields": ["title"]}, status=200)
    assert reverted["edited"] == [] and (await anybody.get(f"/sessions/{mine}"))["title"] == "Their title"

    await admin.patch(f"/sessions/{mine}", {"title": "Mine again"})
    undone = await admin.post(f"/events/seminar/imports/{second['id']}/undo", status=200)
    assert undone["state"] == "undone"
    assert [(note["where"], note["says"]) for note in undone["notes"] if note["code"] == "import.not_undone"] == []
    back = await programme_of(anybody)
    assert back["guid-1"] == before["guid-1"] and back["guid-2"]["abstract"] == "About."
    assert back["guid-2"]["title"] == "Mine again", "what was edited since stays"
    await admin.refused("POST", f"/events/seminar/imports/{second['id']}/undo", "import.not_applied", status=409)

    undone = await admin.post(f"{path}/undo", status=200)
    stays = [note["where"] for note in undone["notes"] if note["code"] == "import.not_undone"]
    assert stays == ["Mine again"] and list(await programme_of(anybody)) == ["guid-2"]
    assert [one["name"] for one in (await anybody.get("/events/seminar/rooms"))["items"]] == ["Hall"]
    assert kinds(await bring(admin, schedule(*talks)))["Talk 1"] == "new", "and it may come again"
    again = await programme_of(anybody)
    assert (again["guid-1"]["id"], again["guid-1"]["slug"]) == (before["guid-1"]["id"], "talk-1")
    assert len((await admin.get("/events/seminar/imports"))["items"]) == 4


async def test_what_vanishes_is_hidden_after_a_while_never_purged_and_back(
    admin: Asker, anybody: Asker, event: str, runtime: Runtime, database: Database
) -> None:
    from workers.purge import purge

    talks = [talk(1), talk(2), talk(3)]
    await bring(admin, schedule(*talks))
    gone = await bring(admin, schedule(*talks[:2]))
    assert kinds(gone) == {"Talk 3": "gone"} and len(await programme_of(anybody)) == 3
    async with database.write() as db:
        assert await hide_missing(db, runtime) == []
        (hidden,) = await hide_missing(db, runtime, moment=now() + timedelta(days=1, minutes=1))
    assert list(await programme_of(anybody)) == ["guid-1", "guid-2"]
    long_ago = now() - timedelta(days=400)
    async with database.write() as db:
        await db.execute(update(Session).where(Session.id == hidden).values(deleted_at=long_ago))
        await db.execute(
            update(ImportedSession).where(ImportedSession.hidden_at.is_not(None)).values(hidden_at=long_ago)
        )
    await purge(runtime)
    back = await bring(admin, schedule(*talks))
    assert kinds(back) == {"Talk 3": "back"}
    assert (await programme_of(anybody))["guid-3"]["id"] == hidden
    await admin.post(f"/events/seminar/imports/{gone['id']}/undo", status=200)
    await admin.post(f"/events/seminar/imports/{back['id']}/undo", status=200)
    assert list(await programme_of(anybody)) == ["guid-1", "guid-2"], "missing and hidden as it was"


async def test_a_changed_guid_is_asked_about_and_two_become_one(admin: Asker, anybody: Asker, event: str) -> None:
    await bring(admin, schedule(talk(1), talk(2)))
    before = (await programme_of(anybody))["guid-1"]["id"]
    other = talk(1, guid="guid-X", title="Talk 1!", date="2027-05-20T17:00:00+03:00", persons=talk(1)["persons"])
    shown = await bring(admin, schedule(other, talk(2)), apply=False)
    (question,) = shown["questions"]
    assert (question["key"], question["session"]) == ("guid-X", before)
    path = f"/events/seminar/imports/{shown['id']}"
    body = {"key": "guid-X", "session": before, "same": True}
    answered = await admin.post(f"{path}/answers", body, status=200)
    assert answered["questions"] == [] and kinds(answered) == {"Talk 1!": "moved"}
    await admin.refused("POST", f"{path}/answers", "import.answer_invalid", status=400, json=body)
    await admin.post(f"{path}/discard", status=200)

    async_applied = await bring(admin, schedule(talk(2), other | {"guid": "guid-Y", "title": "Talk 1?"}))
    assert kinds(async_applied) == {"Talk 1?": "new", "Talk 1": "gone"} and async_applied["questions"]
    body["key"] = "guid-Y"
    await admin.post(f"/events/seminar/imports/{async_applied['id']}/answers", body, status=200)
    after = {one["title"]: one["id"] for one in (await programme_of(anybody)).values()}
    assert after == {"Talk 1?": before, "Talk 2": after["Talk 2"]}, "the older one goes on"
    assert (await bring(admin, schedule(talk(2), other | {"guid": "guid-Y", "title": "Talk 1?"})))[
        "state"
    ] == "unchanged"


async def test_links_that_come_back_are_the_same_rows_and_consent_is_told(
    admin: Asker, event: str, database: Database
) -> None:
    await bring(admin, schedule(talk(1)))
    without = await bring(admin, schedule(talk(1, links=[], do_not_record=True)))
    assert {change["field"] for change in without["entries"][0]["changes"]} == {"links", "do_not_record"}
    await bring(admin, schedule(talk(1)))
    async with database.read() as db:
        rows = (await db.scalars(select(SessionLink))).all()
        facts = (await db.scalars(select(JobRow).where(JobRow.name == "sessions.recording_consent_changed"))).all()
    assert [(row.url, row.deleted_at) for row in rows] == [("https://example.org/1.pdf", None)]
    assert [fact.arguments["keep_files"] for fact in facts] == [True, True]


async def test_a_large_programme_takes_few_statements_and_goes_to_its_own_source(
    admin: Asker, event: str, database: Database
) -> None:
    many = [talk(number, room=f"Room {number % 3}", title=f"Talk {number % 50}") for number in range(300)]
    with counted_statements() as first:
        await bring(admin, schedule(*many))
    moved = [one | {"date": "2027-05-21T10:00:00+03:00"} for one in many]
    with counted_statements() as second:
        assert (await bring(admin, schedule(*moved), name="schedule (1).json"))["counts"] == {"moved": 300}
    assert len(first) < 90 and len(second) < 70, (len(first), len(second))
    await bring(admin, schedule(*[talk(1000 + number) for number in range(3)]), name="lounge.json")
    async with database.read() as db:
        assert await db.scalar(select(func.count()).select_from(ProgrammeSource)) == 2
        missing = select(func.count()).select_from(ImportedSession).where(ImportedSession.missing_since.is_not(None))
        assert await db.scalar(missing) == 0
        slugs = list(await db.scalars(select(Session.slug)))
    assert len(slugs) == len(set(slugs)) == 303


async def test_a_source_that_was_removed_doubles_nothing_and_two_sources_do_not_fight(
    admin: Asker, anybody: Asker, event: str
) -> None:
    talks = [talk(1), talk(2)]
    await bring(admin, schedule(*talks), name="main.json")
    before = await programme_of(anybody)
    path = "/events/seminar/programme-sources"
    (source,) = (await admin.get(path))["items"]
    await admin.delete(f"{path}/{source['id']}")
    assert (await bring(admin, schedule(*talks), name="main.json"))["state"] == "unchanged"
    assert [one["id"] for one in (await admin.get(path))["items"]] == [source["id"]]

    other = await admin.post(path, {"url": "https://example.org/everything.json"})
    body = schedule(*talks, talk(3))
    shown = await admin.ask(
        "POST", f"/events/seminar/imports?source={other['id']}&apply=true", status=201, content=body
    )
    assert kinds(shown) == {"Talk 3": "new"} and shown["notes"][-1]["code"] == "import.elsewhere"
    await admin.delete(f"{path}/{source['id']}")
    await admin.ask("POST", f"/events/seminar/imports?source={other['id']}&apply=true", status=201, content=body)
    after = await programme_of(anybody)
    assert list(after) == ["guid-1", "guid-2", "guid-3"] and after["guid-1"]["id"] == before["guid-1"]["id"]


async def test_sources_and_files_that_cannot_be_used_are_refused_in_words(
    client: httpx.AsyncClient, admin: Asker, event: str
) -> None:
    made = await admin.post("/events/seminar/programme-sources", {"url": "webcal://example.org/p.ics"})
    assert (made["url"], made["state"], made["name"]) == ("https://example.org/p.ics", "waiting", "example.org")
    path = "/events/seminar/programme-sources"
    twice = {"url": "https://example.org/p.ics"}
    await admin.refused("POST", path, "programme_source.taken", status=409, json=twice)
    await admin.refused("POST", path, "link.invalid", status=400, json={"url": "ftp://example.org"})
    await admin.refused("PATCH", f"{path}/{made['id']}", "programme_source.invalid", status=400, json={"grace_s": -1})
    changed = await admin.patch(f"{path}/{made['id']}", {"apply_itself": True, "grace_s": 0})
    assert changed["apply_itself"] and changed["grace_s"] == 0
    await admin.post(f"{path}/{made['id']}/look", status=202)
    await admin.delete(f"{path}/{made['id']}")
    assert (await admin.get(path))["items"] == []
    await admin.post(f"{path}/{made['id']}/restore", status=200)

    imports = "/events/seminar/imports"
    await admin.refused("POST", imports, "import.empty", status=400, content=b"")
    await admin.refused("POST", imports, "request.too_large", status=413, content=b"x" * (10 * 2**20 + 2))
    await admin.refused("GET", f"{imports}/none", "import.not_found", status=404)
    assert (await admin.get(imports))["items"] == []
