"""A web process killed in the middle of a long request: what it acknowledged is there, and the file ends whole."""

import random

import pytest

from server.core.runtime import Runtime
from tests.server.uploads.line import open_patch
from tests.server.uploads.stored import check_stored, recorded
from tests.server.uploads.web_process import WebProcess, browser
from tests.server.uploads.world import World, add, begin, noise, offset_of

MIB = 1024 * 1024


async def test_killed_again_and_again(web: WebProcess, world: World, runtime: Runtime) -> None:
    chance = random.Random(4)
    whole = noise(27 * MIB + 4321)
    async with browser(web) as client:
        url = await begin(client, world, len(whole))
        at = 0
        for _ in range(2 if runtime.database.is_sqlite else 1):
            line = await open_patch(web.url, url, world, offset=at, announced=len(whole) - at)
            target = at + chance.randrange(1, 13 * MIB)
            await line.send(whole[at:target])
            acknowledged = await recorded(runtime, url, max(target // (8 * MIB) * (8 * MIB), at))
            web.kill()
            await line.cut()
            web.start()
            at = await offset_of(client, world, url)
            assert at >= acknowledged
        answer = await add(client, world, url, at, whole[at:])
        assert answer.status_code == 204, answer.text
    await check_stored(runtime, url, whole)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_ended_in_order_it_saves_every_byte_that_came(web: WebProcess, world: World, runtime: Runtime) -> None:
    whole = noise(9 * MIB)
    async with browser(web) as client:
        url = await begin(client, world, len(whole))
        line = await open_patch(web.url, url, world, offset=0, announced=len(whole))
        await line.send(whole[: 8 * MIB + 12345])
        await recorded(runtime, url, 8 * MIB)
        web.stop()
        await recorded(runtime, url, 8 * MIB + 12345)
        await line.cut()
        web.start()
        at = await offset_of(client, world, url)
        assert (await add(client, world, url, at, whole[at:])).status_code == 204
    await check_stored(runtime, url, whole)
