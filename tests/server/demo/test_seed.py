"""The demo seminar's programme: made once, whole, on both databases, and shown by the API."""

import httpx
import pytest
from sqlalchemy import func, select

from server.core.db import Database
from server.demo.programme import EVENT_SLUG, ITEMS, filmed
from server.demo.seed import make_programme
from server.events.models import Event, Room
from server.sessions.models import Session, Speaker

pytestmark = pytest.mark.db


async def test_the_programme_is_made_once(database: Database, client: httpx.AsyncClient) -> None:
    async with database.write() as db:
        first = await make_programme(db)
    async with database.write() as db:
        again = await make_programme(db)
    assert first == again
    assert set(first) == {item.slug for item in ITEMS}
    async with database.read() as db:
        counts = [await db.scalar(select(func.count()).select_from(table)) for table in (Event, Room, Session, Speaker)]
    assert counts == [1, 2, 6, 6]

    shown = (await client.get(f"/api/v1/sessions/{first[filmed()[0].slug]}")).json()
    assert (shown["title"], shown["language"], shown["duration_ms"]) == ("Miksi hiljaiset jäävät", "fi", 1_800_000)
    assert [speaker["name"] for speaker in shown["speakers"]] == ["Aino Karhulinna"]
    assert [link["kind"] for link in shown["links"]] == ["discussion"]
    assert (await client.get(f"/{EVENT_SLUG}")).status_code == 200
