"""Pictures of pages: who the token lets in, closed doors, older versions, withdrawals, and the proxy."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from server.app import create_app
from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.events.models import Event
from server.slides.keys import deck_prefix
from server.slides.models import READY, Deck, DeckPage
from tests.server.slides.decks import DECKS, deck_seen
from tests.server.uploads.world import World, make_world

PICTURE = bytes(range(200))
# Every database says the same here.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Hung:
    """A deck with one page."""

    client: httpx.AsyncClient
    runtime: Runtime
    world: World
    id: str

    async def get(self, file: str = "r1/0001-large.webp", token: str = "public", **headers: str) -> httpx.Response:
        return await self.client.get(f"/slides/{token}/{self.id}/{file}", headers=headers)

    async def address(self, who: str) -> str:
        return str((await deck_seen(self.client, self.world, self.id, who))["pages"][0]["large"])

    async def change(self, model: Any, row_id: str, **values: Any) -> None:
        async with self.runtime.database.write() as db:
            await db.execute(update(model).where(model.id == row_id).values(**values))


@pytest.fixture
async def hung(client: httpx.AsyncClient, runtime: Runtime) -> Hung:
    world = await make_world(runtime.database)
    deck = Deck(
        id=new_id(),
        event_id=world.event,
        session_id=world.talk,
        slot="a",
        filename="a.pdf",
        kind="pdf",
        size_bytes=1,
        key="uploads/a",
        state=READY,
        rendering=1,
        page_count=1,
    )
    async with runtime.database.write() as db:
        db.add(deck)
        await db.flush()
        db.add(DeckPage(deck_id=deck.id, number=1, slide=1, width_px=16, height_px=9))
    await runtime.store.put(deck_prefix(deck.id) + "r1/0001-large.webp", PICTURE)
    await runtime.store.put(deck_prefix(deck.id) + "file", b"the file itself")
    return Hung(client, runtime, world, deck.id)


async def test_whole_in_part_and_conditionally(hung: Hung) -> None:
    whole = await hung.get()
    assert (whole.status_code, whole.content) == (200, PICTURE)
    assert whole.headers["content-type"] == "image/webp" and "immutable" in whole.headers["cache-control"]
    assert (await hung.get(Range="bytes=0-9")).content == PICTURE[:10]
    again = await hung.get(**{"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304


async def test_nothing_else_is_there(hung: Hung) -> None:
    others = ("file", "r1/0002-large.webp", "r1/0001-huge.webp", "r0/0001-large.webp", "r1/%2e%2e/file", "r1/1.webp")
    for file in others:
        assert (await hung.get(file)).status_code == 404, file


async def test_closed_doors(hung: Hung) -> None:
    await hung.change(Event, hung.world.event, visibility="closed")
    refused = await hung.get()
    assert (refused.status_code, refused.json()["code"]) == (403, "deck.token_not_valid")
    address = await hung.address("organiser")
    assert (await hung.client.get(address)).content == PICTURE
    _, _, token, *_rest = address.split("/")
    assert (await hung.get(token=token[:-1] + ("A" if token[-1] != "A" else "B"))).status_code == 403


async def test_an_older_version_opens_as_long_as_a_page_may_name_it(hung: Hung) -> None:
    await hung.change(Deck, hung.id, replaced_at=now())
    assert (await hung.get()).status_code == 200


async def test_later_it_opens_to_who_may_bring_slides_only(hung: Hung) -> None:
    long_ago = now() - timedelta(seconds=hung.runtime.limits.token_overlap_s + 10)
    await hung.change(Deck, hung.id, replaced_at=long_ago)
    assert (await hung.get()).status_code == 403
    address = await hung.address("speaker")
    assert address.split("/")[2].startswith("p")
    assert (await hung.client.get(address)).status_code == 200


async def test_a_withdrawn_deck_shows_nothing(hung: Hung) -> None:
    await hung.client.delete(f"{DECKS}/{hung.id}", headers=hung.world.askers["speaker"])
    assert (await hung.get()).status_code == 404


async def test_proxy_is_told_where_the_picture_is(hung: Hung, settings: Settings) -> None:
    app = create_app(replace(settings, x_accel_prefix="/_objects/"))
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver") as client,
    ):
        answer = await client.get(f"/slides/public/{hung.id}/r1/0001-large.webp")
    target = answer.headers["x-accel-redirect"]
    assert target.startswith(f"/_objects/{settings.s3_bucket}/decks/{hung.id}/r1/") and "X-Amz-Signature=" in target
    assert answer.content == b"" and answer.headers["content-type"] == "image/webp"
