"""Words of a page are found at the second the page is first shown, as the cues say it, and follow corrections."""

import httpx
import pytest

from server.accounts.actor import ANONYMOUS
from server.core.runtime import Runtime
from server.search.answer import answer_question
from server.search.queries import Narrowed
from server.search.schemas import hit_url
from tests.server.search.conftest import bring_up
from tests.server.slides.talk_with_slides import Talk
from tests.server.uploads.world import make_world

# What it runs of the database is run on both by others.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def found(runtime: Runtime, typed: str) -> list[tuple[int | None, int | None, str]]:
    """(page, ms, where the link leads) of each page that has the words."""
    await bring_up(runtime.database)
    async with runtime.database.read() as db:
        said = await answer_question(db, ANONYMOUS, typed, Narrowed(), offset=0, limit=1)
    [talk] = said.answer.talks
    return [
        (hit.page, hit.at_ms, hit_url(said.items[talk.session], hit).partition("?")[2])
        for hit in talk.hits
        if hit.part == "page"
    ]


async def test_a_page_opens_where_it_is_shown_first(client: httpx.AsyncClient, runtime: Runtime) -> None:
    talk = Talk(client, runtime, await make_world(runtime.database))
    deck = await talk.matched(((0, None), (90, 2), (240, 1), (300, 4), (330, 1), (400, 6)))
    assert await found(runtime, "autumn") == [(1, 240_000, "slide=1")]
    assert await found(runtime, '"counted part 1"') == [(2, 90_000, "slide=2")]
    assert await found(runtime, '"part 2"') == [(3, 90_000, "slide=3")]  # a build step of the same slide
    assert await found(runtime, "photograph") == [(5, None, "slide=5")]  # never shown
    await talk.edit(op="set", start_ms=20_000, end_ms=30_000, deck=deck, page=1)
    assert await found(runtime, "autumn") == [(1, 20_000, "slide=1")]
