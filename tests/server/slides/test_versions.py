"""Decks of a session over HTTP: several in order, versions, withdrawals with undo, and who may download."""

import httpx
import pytest
from sqlalchemy import update

from server.core.clock import now
from server.core.runtime import Runtime
from server.recordings.models import Recording
from server.sessions.models import Session
from server.slides.models import READY, DeckPage
from server.slides.queries import read_session_decks
from server.slides.show import Rendered, keep_rendering
from tests.server.slides.decks import DECKS, brief_of, bring, deck_seen
from tests.server.uploads.world import World, make_world

PDF = b"%PDF-1.7\n" + b"slides" * 50


# What no database has a say in.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


@pytest.fixture
async def watched(runtime: Runtime, world: World) -> None:
    """The talk has a recording."""
    async with runtime.database.write() as db:
        db.add(
            Recording(
                event_id=world.event,
                session_id=world.talk,
                state="ready",
                playable=True,
                published_at=now(),
                duration_ms=8000,
                playable_ms=8000,
            )
        )


async def brought(client: httpx.AsyncClient, world: World, runtime: Runtime, name: str, **pairs: str) -> str:
    """Bring a deck, and give it the page that a worker would; returns its id."""
    answer = await bring(client, world, PDF, filename=name, **pairs)
    assert answer.status_code == 201, answer.text
    made = await client.get(answer.headers["Location"], headers=world.askers["speaker"])
    deck_id = str(made.json()["result_id"])
    async with runtime.database.write() as db:
        page = DeckPage(deck_id=deck_id, number=1, slide=1, width_px=1600, height_px=900, title=name)
        done = await keep_rendering(
            db, deck_id, Rendered(number=1, pages=[page], outline=[], warnings=[]), overlap_s=60
        )
        assert done is not None and done.state == READY
    return deck_id


async def shown(runtime: Runtime, world: World) -> list[str]:
    """Names of the files that are shown, in order."""
    async with runtime.database.read() as db:
        return [deck.filename for deck in (await read_session_decks(db, world.talk, pages=False)).shown]


async def test_several_decks_stand_in_an_order_that_can_be_changed(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    speaker = world.askers["speaker"]
    await brought(client, world, runtime, "a.pdf")
    await brought(client, world, runtime, "b.pdf", slot="new")
    last = await brought(client, world, runtime, "c.pdf", slot="new")
    assert await shown(runtime, world) == ["a.pdf", "b.pdf", "c.pdf"]
    brief = await brief_of(client, world)
    assert brief is not None and brief["pages"] == 3
    moved = await client.patch(f"{DECKS}/{last}", json={"position": 0}, headers=speaker)
    assert (moved.status_code, moved.json()["position"]) == (200, 0)
    assert await shown(runtime, world) == ["c.pdf", "a.pdf", "b.pdf"]
    assert (await client.patch(f"{DECKS}/{last}", json={"position": -1}, headers=speaker)).status_code == 400
    # A file of the same name replaces its deck and stands where that stood.
    await brought(client, world, runtime, "a.pdf")
    assert await shown(runtime, world) == ["c.pdf", "a.pdf", "b.pdf"]


@on_one_database
async def test_a_version_is_named_by_its_slot(client: httpx.AsyncClient, world: World, runtime: Runtime) -> None:
    first = await brought(client, world, runtime, "a.pdf")
    await brought(client, world, runtime, "b.pdf", slot="new")
    await brought(client, world, runtime, "c.pdf", slot=first)
    assert await shown(runtime, world) == ["c.pdf", "b.pdf"]
    answer = await bring(client, world, PDF, slot="f" * 32)
    assert (answer.status_code, answer.json()["reason"]) == (422, "deck.slot_unknown")
    assert (await bring(client, world, PDF, slot="../x")).json()["code"] == "upload.bad_metadata"


async def test_a_withdrawn_deck_comes_back_with_its_versions(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    speaker = world.askers["speaker"]
    older = await brought(client, world, runtime, "a.pdf")
    newer = await brought(client, world, runtime, "b.pdf")
    gone = await client.delete(f"{DECKS}/{newer}", headers=speaker)
    assert gone.json()["deleted_at"] and await shown(runtime, world) == []
    assert await deck_seen(client, world, older, "speaker") == {"status": 404}
    back = (await client.post(f"{DECKS}/{newer}/restore", headers=speaker)).json()
    assert [one["id"] for one in back["versions"]] == [newer, older] and back["deleted_at"] is None
    assert await shown(runtime, world) == ["b.pdf"]
    # Only a version that is not shown goes alone.
    await client.delete(f"{DECKS}/{older}", headers=speaker)
    assert await shown(runtime, world) == ["b.pdf"]
    stale = await client.delete(f"{DECKS}/{newer}", headers=speaker | {"If-Match": '"v1"'})
    assert stale.status_code == 412


@on_one_database
async def test_a_licence_that_refuses_leaves_the_pages_to_look_at(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    deck = await brought(client, world, runtime, "a.pdf")
    async with runtime.database.write() as db:
        await db.execute(update(Session).where(Session.id == world.talk).values(licence="All rights reserved"))
    seen = await deck_seen(client, world, deck)
    assert seen["url"] is None and len(seen["pages"]) == 1
    assert ((await brief_of(client, world)) or {})["url"] is None
    refused = await client.get(f"{DECKS}/{deck}/file")
    assert (refused.status_code, refused.json()["code"]) == (403, "deck.not_for_download")
    speaker = world.askers["speaker"]
    assert ((await brief_of(client, world, "speaker")) or {})["url"] == f"{DECKS}/{deck}/file"
    assert (await client.get(f"{DECKS}/{deck}/file", headers=speaker)).content == PDF
    said = await client.patch(f"{DECKS}/{deck}", json={"downloadable": True}, headers=speaker)
    assert said.json()["downloadable"] is True
    part = await client.get(f"{DECKS}/{deck}/file", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, b"%PDF-")


@on_one_database
async def test_a_player_is_told_where_the_slides_are(
    client: httpx.AsyncClient, world: World, runtime: Runtime, watched: None
) -> None:
    address = f"/api/v1/sessions/{world.talk}/playback"
    assert (await client.get(address)).json()["slides"] is None
    await bring(client, world, PDF)
    assert (await client.get(address)).json()["slides"] is None, "no pages yet"
    await brought(client, world, runtime, "b.pdf")
    assert (await client.get(address)).json()["slides"] == {
        "url": f"/api/v1/sessions/{world.talk}/slides",
        "pages": 1,
    }
