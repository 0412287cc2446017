"""Bodies that come slowly: what has come of a part is made durable while it fills, and silence ends the request."""

import asyncio
import random
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import func, select

from server.core.runtime import Runtime
from server.uploads import receive
from server.uploads.models import UploadTail
from tests.server.uploads.hall import Hall
from tests.server.uploads.stored import check_stored, recorded
from tests.server.uploads.world import BYTES, TUS, World, add, begin, noise, offset_of

MIB = 1024 * 1024


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
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is a hundredth of one."""
    monkeypatch.setattr(receive, "TICK_S", 0.01)
    monkeypatch.setattr(receive, "TAIL_EVERY_S", 0.02)


async def patch(
    client: httpx.AsyncClient, world: World, url: str, offset: int, body: AsyncIterator[bytes]
) -> httpx.Response:
    headers = TUS | BYTES | world.organiser | {"Upload-Offset": str(offset)}
    return await client.patch(url, headers=headers, content=body)


@pytest.mark.usefixtures("impatient")
async def test_what_has_come_is_durable_before_the_part_is_full(
    client: httpx.AsyncClient, world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "MANY_TAILS", 4)
    whole = noise(17 * MIB)
    url = await begin(client, world, len(whole))
    for at in range(0, MIB, MIB // 4):  # tails of earlier requests stand before those of this one
        assert (await add(client, world, url, at, whole[at : at + MIB // 4])).status_code == 204

    async def body() -> AsyncIterator[bytes]:
        for start, end in ((MIB, 2 * MIB), (2 * MIB, 5 * MIB), (5 * MIB, 9 * MIB), (9 * MIB, 17 * MIB)):
            yield whole[start:end]
            if end < len(whole):
                await recorded(runtime, url, end)

    assert (await patch(client, world, url, MIB, body())).status_code == 204
    await check_stored(runtime, url, whole)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seed", range(3))
async def test_pieces_of_any_size_in_any_number_of_requests(
    client: httpx.AsyncClient, world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(receive, "TAIL_MIN_BYTES", 1)
    monkeypatch.setattr(receive, "MANY_TAILS", 3)
    chance = random.Random(seed)
    whole = noise(chance.randrange(1, 20 * MIB), seed)
    url = await begin(client, world, len(whole))
    at = 0
    while at < len(whole):
        end = min(len(whole), at + chance.choice([1, 1000, MIB, 3 * MIB, 9 * MIB]))

        async def body(at: int = at, end: int = end) -> AsyncIterator[bytes]:
            while at < end:
                size = chance.choice([1, 77, 64 * 1024, MIB])
                yield whole[at : min(at + size, end)]
                at = min(at + size, end)
                if chance.random() < 0.02:
                    await recorded(runtime, url, at)  # a pause: all of it is made durable meanwhile

        answer = await patch(client, world, url, at, body())
        assert answer.status_code == 204, answer.text
        at = int(answer.headers["Upload-Offset"])
        assert at == end
    await check_stored(runtime, url, whole)


async def test_silence_ends_the_request_and_keeps_what_came(
    client: httpx.AsyncClient, world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "TICK_S", 0.01)
    monkeypatch.setattr(receive, "STALLED_S", 0.05)
    url = await begin(client, world, 100)
    hung = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"abc"
        await hung.wait()

    answer = await patch(client, world, url, 0, body())
    assert (answer.status_code, answer.json()["code"]) == (409, "upload.stalled")
    assert await offset_of(client, world, url) == 3


async def test_many_small_requests_keep_few_tails(client: httpx.AsyncClient, world: World, runtime: Runtime) -> None:
    whole = noise(40)
    url = await begin(client, world, len(whole))
    for at in range(39):
        assert (await add(client, world, url, at, whole[at : at + 1])).status_code == 204
    async with runtime.database.read() as db:
        tails = await db.scalar(
            select(func.count()).select_from(UploadTail).where(UploadTail.upload_id == url.rsplit("/", 1)[-1])
        )
    assert tails is not None
    assert tails <= 17
    assert (await add(client, world, url, 39, whole[39:])).status_code == 204
    await check_stored(runtime, url, whole)
