"""Who sees which event: every role × visibility, by address and in lists; the query and the policy agree."""

from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from server.accounts.actor import ANONYMOUS, Actor
from server.accounts.policy import Action, can
from server.core.db import Database
from server.events.editions import create_event, delete_thing
from server.events.models import Event
from server.events.queries import may_edit, may_see, subject_of
from server.sessions.programme import create_session
from tests.server.events.people import Asker, somebody

ROLES = ("anybody", "stranger", "viewer", "speaker", "organiser", "admin")
# visibility → who reaches it by its address, who has it in lists
EXPECTED = {
    "public": (set(ROLES), set(ROLES)),
    "unlisted": (set(ROLES), {"viewer", "speaker", "organiser", "admin"}),
    "closed": ({"viewer", "speaker", "organiser", "admin"}, {"viewer", "speaker", "organiser", "admin"}),
}


async def _asker(role: str, client: httpx.AsyncClient, database: Database, event_id: str, session_id: str) -> Asker:
    if role == "anybody":
        return Asker(client)
    if role == "admin":
        return await somebody(client, database, is_admin=True)
    if role == "stranger":
        return await somebody(client, database)
    return await somebody(client, database, roles=((role, event_id, session_id if role == "speaker" else None),))


@pytest.mark.parametrize("visibility", list(EXPECTED))
async def test_each_role_sees_what_it_may_and_no_more(
    client: httpx.AsyncClient, database: Database, visibility: str
) -> None:
    async with database.write() as db:
        event = await create_event(db, title="Seminar", visibility=visibility)
        session = await create_session(db, event.id, title="A talk")
    by_address, in_lists = EXPECTED[visibility]
    for role in ROLES:
        asker = await _asker(role, client, database, event.id, session.id)
        listed = [item["id"] for item in (await asker.get("/events"))["items"]]
        assert listed == ([event.id] if role in in_lists else []), role
        listed = [item["id"] for item in (await asker.get("/sessions"))["items"]]
        assert listed == ([session.id] if role in in_lists else []), role
        missing = 401 if role == "anybody" else 404
        status = 200 if role in by_address else missing
        for path in (
            "/events/seminar",
            f"/events/{event.id}/rooms",
            "/events/seminar/tracks",
            "/events/seminar/links",
            "/events/seminar/sessions",
            "/events/seminar/sessions/a-talk",
            "/sessions?event=seminar",
            f"/sessions/{session.id}",
            f"/sessions/{session.id}/links",
        ):
            await asker.get(path, status=status)


@pytest.mark.parametrize("visibility", list(EXPECTED))
async def test_only_organisers_change_an_event(client: httpx.AsyncClient, database: Database, visibility: str) -> None:
    async with database.write() as db:
        event = await create_event(db, title="Seminar", visibility=visibility)
        session = await create_session(db, event.id, title="A talk")
    refused = {
        "anybody": 401 if visibility != "closed" else 404,
        "stranger": 403 if visibility != "closed" else 404,
        "viewer": 403,
        "speaker": 403,
    }
    for role in ROLES:
        asker = await _asker(role, client, database, event.id, session.id)
        for method, path, body, fine in (
            ("PATCH", "/events/seminar", {"subtitle": role}, 200),
            ("POST", "/events/seminar/rooms", {"name": role}, 201),
            ("POST", "/events/seminar/tracks", {"name": role}, 201),
            ("POST", "/events/seminar/sessions", {"title": role}, 201),
            ("PATCH", f"/sessions/{session.id}", {"subtitle": role}, 200),
        ):
            await asker.ask(method, path, status=refused.get(role, fine), json=body)
        link = {"kind": "slides", "url": f"https://example.org/{role}"}
        speaks = 201 if role == "speaker" else refused.get(role, 201)
        await asker.post(f"/sessions/{session.id}/links", link, status=speaks)


async def test_a_token_does_only_what_its_scopes_say(client: httpx.AsyncClient, database: Database) -> None:
    async with database.write() as db:
        event = await create_event(db, title="Seminar")
    roles = (("organiser", event.id, None),)
    reads = await somebody(client, database, roles=roles, scopes=("read",))
    writes = await somebody(client, database, roles=roles, scopes=("write",))
    await reads.get("/events/seminar")
    await reads.refused("PATCH", "/events/seminar", "auth.scope_missing", status=403, json={"subtitle": "x"})
    assert (await reads.get("/events?mine=true"))["items"] == []
    await writes.patch("/events/seminar", {"subtitle": "x"})
    assert len((await writes.get("/events?mine=true"))["items"]) == 1  # who may write may read


async def test_closing_the_doors_ends_older_access(admin: Asker, database: Database) -> None:
    event = await admin.post("/events", {"title": "Seminar"})
    for visibility, epoch in (("closed", 1), ("closed", 1), ("public", 1), ("closed", 2)):
        await admin.patch("/events/seminar", {"visibility": visibility})
        async with database.read() as db:
            row = await db.get(Event, event["id"])
        assert row is not None
        assert row.access_epoch == epoch


async def test_the_query_and_the_policy_agree(database: Database) -> None:
    async with database.write() as db:
        events = [await create_event(db, title=visibility, visibility=visibility) for visibility in EXPECTED]
        gone = await create_event(db, title="gone")
        await delete_thing(db, gone)
    ids = frozenset(event.id for event in events)
    actors = [
        ANONYMOUS,
        Actor(user_id="u"),
        Actor(user_id="u", is_admin=True),
        Actor(user_id="u", organiser_of=ids),
        Actor(user_id="u", viewer_of=ids),
        Actor(link_id="l", speaks_at=ids, speaker_of=frozenset({"s"})),
    ]
    actors += [replace(actor, scopes=frozenset(scopes)) for actor in actors for scopes in ([], ["read"], ["write"])]
    for actor in actors:
        async with database.read() as db:
            seen = set(await db.scalars(select(Event.id).where(may_see(actor, listed=False))))
            edited = set(await db.scalars(select(Event.id).where(may_edit(actor), Event.deleted_at.is_(None))))
        assert seen == {event.id for event in events if can(actor, Action.SEE, subject_of(event))}
        assert edited == {event.id for event in events if can(actor, Action.EDIT_EVENT, subject_of(event))}
