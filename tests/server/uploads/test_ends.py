"""How uploads end: finished by whoever comes next, refused by their consumer, expired, swept; and the storage away."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from server.core.clock import now
from server.core.db import Db
from server.core.errors import Conflict
from server.core.removals import Removal, remove_due
from server.core.runtime import Runtime
from server.core.storage import ObjectStore, StorageAway
from server.recordings.errors import NotToBeRecorded
from server.recordings.models import Recording
from server.sessions.models import Session
from server.upload_purposes import make_desk
from server.uploads import end
from server.uploads.accept import stand_of
from server.uploads.desk import Desk, FinishedUpload
from server.uploads.end import abort_stray, expire_late, finish_left_over
from server.uploads.errors import Refused
from server.uploads.finish import finish_upload
from server.uploads.hold import parts_of
from server.uploads.models import Upload
from server.uploads.store import prefix_of
from tests.server.uploads.hall import Hall
from tests.server.uploads.stored import check_stored, row
from tests.server.uploads.world import TUS, World, add, begin, noise, offset_of

MIB = 1024 * 1024
WHOLE = noise(8 * MIB + 99)


@pytest.fixture
def client(hall_client: httpx.AsyncClient) -> httpx.AsyncClient:
    return hall_client


@pytest.fixture
def world(hall: Hall) -> World:
    return hall.world


@pytest.fixture
def runtime(hall: Hall) -> Runtime:
    return hall.runtime


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return make_desk(runtime)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Names of storage calls that fail as if the storage did not answer."""
    failing: set[str] = set()

    def breakable(name: str) -> None:
        real = getattr(ObjectStore, name)

        async def call(self: ObjectStore, *args: Any, **options: Any) -> Any:
            if name in failing:
                raise StorageAway
            return await real(self, *args, **options)

        monkeypatch.setattr(ObjectStore, name, call)

    for name in ("begin_multipart", "put_part", "put", "complete_multipart", "head"):
        breakable(name)
    yield failing


async def whole_but_unfinished(client: httpx.AsyncClient, world: World, away: set[str]) -> str:
    """An upload whose last byte is durable, and whose storage went away before the parts were joined."""
    url = await begin(client, world, len(WHOLE))
    away.add("complete_multipart")
    answer = await add(client, world, url, 0, WHOLE)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage.unavailable")
    away.clear()
    return url


async def recordings_of(runtime: Runtime, url: str) -> int:
    upload = await row(runtime, url)
    async with runtime.database.read() as db:
        return await db.scalar(select(func.count()).where(Recording.id == upload.result_id)) or 0


async def age(runtime: Runtime, url: str, **values: Any) -> None:
    """Let time pass for one upload."""
    upload_id = url.rsplit("/", 1)[-1]
    async with runtime.database.write() as db:
        await db.execute(update(Upload).where(Upload.id == upload_id).values(**values))


async def test_the_next_head_finishes(
    client: httpx.AsyncClient, world: World, runtime: Runtime, away: set[str]
) -> None:
    url = await whole_but_unfinished(client, world, away)
    assert await offset_of(client, world, url) == len(WHOLE)
    await check_stored(runtime, url, WHOLE)
    assert await recordings_of(runtime, url) == 1


async def test_housekeeping_finishes_without_help(
    client: httpx.AsyncClient, world: World, runtime: Runtime, away: set[str], desk: Desk
) -> None:
    url = await whole_but_unfinished(client, world, away)
    assert await finish_left_over(desk) == 0  # its request may still be at it
    await age(runtime, url, updated_at=now() - timedelta(minutes=1))
    assert await finish_left_over(desk) == 1
    await check_stored(runtime, url, WHOLE)
    assert await finish_left_over(desk) == 0


async def test_a_crash_between_joining_and_the_commit(
    client: httpx.AsyncClient, world: World, runtime: Runtime, away: set[str], desk: Desk
) -> None:
    url = await whole_but_unfinished(client, world, away)
    upload = await row(runtime, url)
    async with runtime.database.read() as db:
        parts = await parts_of(db, upload.id)
    await runtime.store.complete_multipart(upload.key, upload.multipart_id or "", parts)
    assert await offset_of(client, world, url) == len(WHOLE)
    await check_stored(runtime, url, WHOLE)
    assert await recordings_of(runtime, url) == 1


async def test_finishing_twice_makes_one_recording(
    client: httpx.AsyncClient, world: World, runtime: Runtime, away: set[str], desk: Desk
) -> None:
    url = await whole_but_unfinished(client, world, away)
    upload_id = url.rsplit("/", 1)[-1]
    first = await finish_upload(desk, upload_id)
    again = await finish_upload(desk, upload_id)
    assert first.result_id == again.result_id
    assert await recordings_of(runtime, url) == 1


async def test_a_consumer_that_refuses(client: httpx.AsyncClient, world: World, runtime: Runtime, desk: Desk) -> None:
    class NotThis(Conflict):
        code = "slides.broken"
        says = "This deck cannot be read; export it again."

    async def refuse(_db: Db, _upload: FinishedUpload, /) -> str:
        raise NotThis

    url = await begin(client, world, len(WHOLE) + 1)
    await add(client, world, url, 0, WHOLE)
    await age(runtime, url, length_bytes=len(WHOLE))
    with pytest.raises(Refused) as refused:
        await stand_of(replace(desk, consumers={"recording": refuse}), url.rsplit("/", 1)[-1])
    assert (refused.value.detail, refused.value.extra) == (NotThis.says, {"reason": NotThis.code})
    shown = (await client.get(url, headers=world.organiser)).json()
    assert (shown["state"], shown["error"]) == ("failed", {"code": NotThis.code, "detail": NotThis.says})
    assert (await client.head(url, headers=TUS | world.organiser)).status_code == 410
    answer = await add(client, world, url, len(WHOLE), b"x")
    assert (answer.status_code, answer.json()["detail"]) == (410, NotThis.says)
    await remove_due(runtime.database, runtime.store)
    assert [item async for item in runtime.store.objects(prefix_of(shown["id"]))] == []


async def test_a_refusal_ends_the_last_request_for_good(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    """422, not the 409 it may be elsewhere: at a 409 tus clients would begin anew and send everything again."""
    url = await begin(client, world, 5)

    async def mark(marked: bool) -> None:
        async with runtime.database.write() as db:
            await db.execute(update(Session).where(Session.id == world.talk).values(do_not_record=marked))

    await mark(True)
    answer = await add(client, world, url, 0, b"12345")
    await mark(False)
    assert (answer.status_code, answer.json()["code"]) == (422, "upload.refused")
    assert answer.json()["reason"] == NotToBeRecorded.code
    assert (await client.head(url, headers=TUS | world.organiser)).status_code == 410


@pytest.mark.parametrize("call", ["put_part", "put"])
async def test_nothing_is_acknowledged_that_is_not_durable(
    client: httpx.AsyncClient, world: World, runtime: Runtime, away: set[str], call: str
) -> None:
    url = await begin(client, world, len(WHOLE))
    assert (await add(client, world, url, 0, WHOLE[:MIB])).status_code == 204
    away.add(call)
    answer = await add(client, world, url, MIB, WHOLE[MIB:-1])
    assert (answer.status_code, answer.json()["code"]) == (503, "storage.unavailable")
    # The tail after a whole part is lost with the storage, the part is not; without the part nothing is kept.
    assert await offset_of(client, world, url) == (8 * MIB if call == "put" else MIB)
    away.clear()
    at = await offset_of(client, world, url)
    assert (await add(client, world, url, at, WHOLE[at:])).status_code == 204
    await check_stored(runtime, url, WHOLE)


async def test_storage_away_at_creation(client: httpx.AsyncClient, world: World, away: set[str]) -> None:
    away.add("begin_multipart")
    with pytest.raises(AssertionError, match=r"storage\.unavailable"):
        await begin(client, world, 5)


async def test_what_is_not_finished_in_time_expires(
    client: httpx.AsyncClient, world: World, runtime: Runtime, desk: Desk
) -> None:
    url, kept = await begin(client, world, len(WHOLE)), await begin(client, world, len(WHOLE))
    await add(client, world, url, 0, WHOLE[:-5])
    await age(runtime, url, expires_at=now() - timedelta(seconds=1))
    assert (await client.head(url, headers=TUS | world.organiser)).status_code == 410
    assert (await add(client, world, url, len(WHOLE) - 5, b"12345")).json()["code"] == "upload.expired"
    assert await expire_late(desk) == 1
    upload = await row(runtime, url)
    assert upload.state == "expired"
    async with runtime.database.read() as db:
        assert await db.scalar(select(Removal.prefix).where(Removal.owner_id == upload.id)) == prefix_of(upload.id)
    await remove_due(runtime.database, runtime.store)
    assert [item async for item in runtime.store.objects(prefix_of(upload.id))] == []
    assert await runtime.store.open_multiparts(prefix_of(upload.id)) == []
    assert await offset_of(client, world, kept) == 0


async def test_stray_multiparts_are_swept(
    client: httpx.AsyncClient, world: World, runtime: Runtime, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await begin(client, world, 5)
    stray = await runtime.store.begin_multipart("uploads/nobody/file")
    assert await abort_stray(desk) == 0  # fresh ones may be about to get their row
    monkeypatch.setattr(end, "STRAY_AFTER", timedelta(seconds=-60))
    assert await abort_stray(desk) == 1
    left = [one.upload_id for one in await runtime.store.open_multiparts("uploads/")]
    assert stray not in left
    assert (await row(runtime, url)).multipart_id in left
    assert (await add(client, world, url, 0, b"12345")).status_code == 204


async def test_a_multipart_the_storage_dropped(client: httpx.AsyncClient, world: World, runtime: Runtime) -> None:
    url = await begin(client, world, len(WHOLE))
    upload = await row(runtime, url)
    await runtime.store.abort_multipart(upload.key, upload.multipart_id or "")
    answer = await add(client, world, url, 0, WHOLE)
    assert (answer.status_code, answer.json()["code"]) == (410, "upload.lost")
    assert (await client.head(url, headers=TUS | world.organiser)).status_code == 410  # so clients begin anew
