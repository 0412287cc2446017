"""A recording is seen from its upload's first byte on, and leaves nothing where no file came."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from server.core.clock import now
from server.core.runtime import Runtime
from server.recordings.models import Recording
from server.upload_purposes import make_desk
from server.uploads.end import sweep_uploads
from server.uploads.models import Upload
from tests.server.uploads.world import TUS, World, add, begin, make_world, noise

SIZE = 200_000


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


async def _recording(client: httpx.AsyncClient, world: World) -> dict[str, Any] | None:
    found = await client.get(f"/api/v1/sessions/{world.talk}", headers=world.organiser)
    return found.json()["recording"]  # type: ignore[no-any-return]


async def test_it_is_receiving_with_the_share_that_has_come_then_probing(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    url = await begin(client, world, SIZE)
    first = await _recording(client, world)
    assert first is not None and (first["state"], first["progress"], first["playable"]) == ("receiving", 0.0, False)
    await add(client, world, url, 0, noise(SIZE)[: SIZE // 2])
    half = (await client.get(f"/api/v1/recordings/{first['id']}", headers=world.organiser)).json()
    assert (half["state"], half["progress"], half["eta_ms"]) == ("receiving", 0.5, None)
    assert (await client.get(f"/api/v1/sessions/{world.talk}")).json()["recording"] is None, "viewers see nothing yet"
    await add(client, world, url, SIZE // 2, noise(SIZE)[SIZE // 2 :])
    after = await _recording(client, world)
    assert after is not None and (after["id"], after["state"]) == (first["id"], "probing")
    async with runtime.database.read() as db:
        assert len(list(await db.scalars(select(Recording)))) == 1


async def test_a_terminated_upload_leaves_no_recording(client: httpx.AsyncClient, world: World) -> None:
    url = await begin(client, world, SIZE)
    assert (await client.delete(url, headers=TUS | world.organiser)).status_code == 204
    assert await _recording(client, world) is None


async def test_an_expired_upload_leaves_no_recording(client: httpx.AsyncClient, world: World, runtime: Runtime) -> None:
    await begin(client, world, SIZE)
    async with runtime.database.write() as db:
        upload = await db.scalar(select(Upload))
        assert upload is not None
        upload.expires_at = now() - timedelta(seconds=1)
    assert (await sweep_uploads(make_desk(runtime)))["expired"] == 1
    assert await _recording(client, world) is None


async def test_deleted_while_it_came_it_stays_deleted(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    url = await begin(client, world, SIZE)
    made = await _recording(client, world)
    assert made is not None
    gone = await client.delete(f"/api/v1/recordings/{made['id']}", headers=world.organiser)
    assert gone.status_code == 200, gone.text
    await add(client, world, url, 0, noise(SIZE))
    assert await _recording(client, world) is None
    async with runtime.database.read() as db:
        row = await db.get_one(Recording, made["id"])
        assert row.deleted_at is not None and row.cut, "its file is freed with it"
