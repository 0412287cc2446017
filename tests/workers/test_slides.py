"""A deck from its upload to its pictures: by the real worker's code, from the real storage, on both databases."""

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import delete, select, update

from server.core.clock import now
from server.core.jobs import JobRow
from server.core.redis import listen, make_listener
from server.core.removals import Removal
from server.core.runtime import Runtime
from server.orphans import find_orphans
from server.slides.jobs import RENDER
from server.slides.models import Deck, DeckPage
from tests.server.slides.decks import DECKS, brief_of, bring, deck_of, deck_seen, rendered, work_off
from tests.server.uploads.world import World, make_world
from tests.waiting import soon
from workers.housekeeping import housekeep
from workers.runtime import run_claimed

# What no database has a say in.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


async def keys(runtime: Runtime, prefix: str) -> list[str]:
    return [item.key async for item in runtime.store.objects(prefix)]


async def test_a_deck_becomes_pages_that_anybody_may_look_at(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    answer = await bring(client, world, deck_of("Why they dance", "Why they dance (and sing)"))
    assert answer.status_code == 201
    brief = await brief_of(client, world)
    assert brief is not None and (brief["state"], brief["pages"]) == ("waiting", 0)
    assert (await work_off(runtime))[:2] == [RENDER, "slides.deck_ready"]
    brief = await brief_of(client, world)
    assert brief is not None and (brief["state"], brief["pages"]) == ("ready", 3)

    deck = await deck_seen(client, world, brief["id"])
    assert (deck["state"], deck["progress"], deck["error"], deck["page_count"]) == ("ready", 1.0, None, 3)
    assert [page["number"] for page in deck["pages"]] == [1, 2, 3]
    first = deck["pages"][0]
    assert first["text"] == "Cranes" and "words" not in first
    assert first["large"] == f"/slides/public/{deck['id']}/r1/0001-large.webp"
    for size, most in (("large", 1600), ("small", 320)):
        picture = await client.get(first[size])
        assert picture.status_code == 200 and picture.headers["content-type"] == "image/webp"
        assert picture.headers["cache-control"] == "public, max-age=86400, immutable"
        with Image.open(BytesIO(picture.content)) as image:
            assert image.format == "WEBP" and max(image.size) == most
            assert size == "small" or image.size == (first["width_px"], first["height_px"])
    page = (await client.get(f"{DECKS}/{deck['id']}/pages/1")).json()
    ((x0, y0, x1, y1, word),) = page["words"]
    assert word == "Cranes" and abs(x0 - 0.1) < 0.02 and 0.2 < y0 < y1 < 0.4 and x1 > x0
    ((*_box, address),) = page["links"]
    assert address == "https://example.org/"
    assert (await client.get(f"{DECKS}/{deck['id']}/pages/4")).json()["code"] == "deck.page_not_found"
    async with runtime.database.write() as db:
        assert (await db.get_one(Deck, deck["id"])).slide_count == max(one["slide"] for one in deck["pages"])


@on_one_database
async def test_what_cannot_be_read_says_why_and_never_hides_what_is_good(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    good = await rendered(client, world, runtime, deck_of("A"))
    bad = await rendered(client, world, runtime, b"%PDF-1.7\n" + b"slides" * 50)
    brief = await brief_of(client, world)
    assert brief is not None and (brief["id"], brief["state"]) == (good, "ready")
    assert await deck_seen(client, world, bad) == {"status": 404}
    seen = await deck_seen(client, world, bad, "speaker")
    assert seen["state"] == "failed" and seen["error"]["code"].startswith("deck.") and seen["error"]["detail"]
    versions = (await deck_seen(client, world, good, "speaker"))["versions"]
    assert [(one["id"], one["state"], one["shown"]) for one in versions] == [
        (bad, "failed", False),
        (good, "ready", True),
    ]
    assert (await deck_seen(client, world, good))["versions"] == []


@on_one_database
async def test_a_newer_version_is_shown_once_it_is_rendered_and_the_older_is_kept(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    older = await rendered(client, world, runtime, deck_of("A"))
    await bring(client, world, deck_of("A", "B"), filename="later.pdf")
    assert ((await brief_of(client, world)) or {})["id"] == older, "shown until the newer one has pages"
    await work_off(runtime)
    brief = await brief_of(client, world)
    assert brief is not None and brief["id"] != older and brief["pages"] == 3
    assert await deck_seen(client, world, older) == {"status": 404}
    kept = await deck_seen(client, world, older, "speaker")
    assert kept["replaced_at"] and kept["slot"] == older and len(kept["pages"]) == 2

    speaker = world.askers["speaker"]
    back = await client.post(f"{DECKS}/{older}/restore", headers=speaker)
    assert (back.status_code, back.json()["revision"], back.json()["replaced_at"]) == (200, 3, None)
    assert ((await brief_of(client, world)) or {})["id"] == older
    assert await deck_seen(client, world, brief["id"]) == {"status": 404}
    assert "slides.decks_changed" in await work_off(runtime)


async def test_rendering_again_makes_new_names_and_old_pictures_stay_for_open_pages(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    deck = await rendered(client, world, runtime, deck_of("A"))
    answer = await client.post(f"{DECKS}/{deck}/render", headers=world.askers["speaker"])
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert len((await deck_seen(client, world, deck))["pages"]) == 2, "its pages stay meanwhile"
    await work_off(runtime)
    seen = await deck_seen(client, world, deck)
    assert seen["pages"][1]["large"].endswith("/r2/0002-large.webp")
    assert (await client.get(f"/slides/public/{deck}/r1/0001-large.webp")).status_code == 200
    async with runtime.database.write() as db:
        (removal,) = await db.scalars(select(Removal).where(Removal.owner_id == f"{deck}:r1"))
        assert removal.due_at > now() + timedelta(hours=47)
        removal.due_at = now()
    await housekeep(runtime)
    assert {key.split("/")[2] for key in await keys(runtime, f"decks/{deck}/")} == {"r2"}

    # The second attempt of a job whose end was lost makes the same again.
    async with runtime.database.write() as db:
        job_id = (await db.scalars(select(JobRow.id).where(JobRow.name == RENDER).order_by(JobRow.id.desc()))).first()
        await db.execute(update(JobRow).where(JobRow.id == job_id).values(state="queued", run_after=now()))
    await run_claimed(runtime, str(job_id), owner="again")
    assert (await deck_seen(client, world, deck))["pages"][0]["large"].endswith("/r3/0001-large.webp")


@on_one_database
async def test_a_rendering_that_fails_later_keeps_the_pages_there_are(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    deck = await rendered(client, world, runtime, deck_of("A"))
    async with runtime.database.read() as db:
        await runtime.store.delete((await db.get_one(Deck, deck)).key)
    await client.post(f"{DECKS}/{deck}/render", headers=world.askers["speaker"])
    await work_off(runtime)
    seen = await deck_seen(client, world, deck)
    assert (seen["state"], seen["error"]["code"], len(seen["pages"])) == ("ready", "deck.lost", 2)
    assert (await client.get(f"{DECKS}/{deck}/file")).status_code == 410


async def test_decks_from_before_there_were_pages_are_rendered_by_housekeeping(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    await bring(client, world, deck_of("A"))
    async with runtime.database.write() as db:
        await db.execute(delete(JobRow))
    await housekeep(runtime)
    await housekeep(runtime)
    assert (await work_off(runtime)).count(RENDER) == 1
    assert ((await brief_of(client, world)) or {})["state"] == "ready"


async def test_a_withdrawal_ends_the_work_and_frees_what_was_made(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    deck = await rendered(client, world, runtime, deck_of("A"))
    speaker = world.askers["speaker"]
    await client.post(f"{DECKS}/{deck}/render", headers=speaker)
    assert (await client.delete(f"{DECKS}/{deck}", headers=speaker)).status_code == 200
    assert RENDER not in await work_off(runtime) and await brief_of(client, world) is None
    assert await find_orphans(runtime.database, runtime.store, age=timedelta(0)) == []
    async with runtime.database.write() as db:
        await db.execute(update(Removal).values(due_at=now()))
    await housekeep(runtime)
    assert await keys(runtime, f"decks/{deck}/") == []
    async with runtime.database.write() as db:
        await db.execute(delete(Deck))
        assert await db.scalar(select(DeckPage.number).limit(1)) is None, "pages go with their deck"


@on_one_database
async def test_listeners_hear_of_every_state(client: httpx.AsyncClient, world: World, runtime: Runtime) -> None:
    heard: list[dict[str, Any]] = []

    async def hear() -> None:
        async with make_listener(runtime.redis_url) as redis:
            async for message in listen(redis, f"changes:{world.event}"):
                heard.append(message or {"kind": "listening"})

    async def listening() -> bool:
        return bool(heard)

    hearing = asyncio.create_task(hear())
    try:
        await soon(listening, timeout_s=10, what="the subscription")
        deck = await rendered(client, world, runtime, deck_of("A"))

        def states() -> list[str]:
            return [one["state"] for one in heard if one["kind"] == "slides" and one["id"] == deck]

        async def ready() -> bool:
            return "ready" in states()

        await soon(ready, timeout_s=10, what="the last state")
        assert list(dict.fromkeys(states())) == ["waiting", "rendering", "ready"]
    finally:
        hearing.cancel()
