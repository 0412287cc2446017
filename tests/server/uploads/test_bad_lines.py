"""Connections that break, hang and fight over one upload: no byte that came is lost, and one writer at a time."""

import pytest

from server.core.runtime import Runtime
from server.uploads.queries import find_upload
from tests.server.uploads.hall import Hall
from tests.server.uploads.line import open_patch
from tests.server.uploads.stored import check_stored, recorded, row
from tests.server.uploads.web_process import WebProcess, browser
from tests.server.uploads.world import World, add, begin, checksum, noise, offset_of
from tests.waiting import soon

MIB = 1024 * 1024


@pytest.fixture
def web(hall_web: WebProcess) -> WebProcess:
    return hall_web


@pytest.fixture
def world(hall: Hall) -> World:
    return hall.world


@pytest.fixture
def runtime(hall: Hall) -> Runtime:
    return hall.runtime


async def test_a_broken_line_keeps_every_byte_that_came(web: WebProcess, world: World, runtime: Runtime) -> None:
    whole = noise(11 * MIB)
    async with browser(web) as client:
        url = await begin(client, world, len(whole))
        line = await open_patch(web.url, url, world, offset=0, announced=len(whole))
        await line.send(whole[: 9 * MIB + 5])
        await line.cut()
        await recorded(runtime, url, 9 * MIB + 5)
        assert await offset_of(client, world, url) == 9 * MIB + 5
        assert (await add(client, world, url, 9 * MIB + 5, whole[9 * MIB + 5 :])).status_code == 204
    await check_stored(runtime, url, whole)
    assert "ERROR" not in web.said()
    assert "Traceback" not in web.said()


async def test_a_broken_line_with_a_checksum_keeps_nothing(web: WebProcess, world: World, runtime: Runtime) -> None:
    whole = noise(9 * MIB)
    async with browser(web) as client:
        url = await begin(client, world, len(whole))
        extra = checksum(whole, "sha256")
        line = await open_patch(web.url, url, world, offset=0, announced=len(whole), **extra)
        await line.send(whole[: 8 * MIB + 5])
        await line.cut()

        async def let_go() -> bool:
            upload = await row(runtime, url)
            return upload.fence == 1 and upload.held_until is None

        await soon(let_go, what="the writer to let go")
        assert await offset_of(client, world, url) == 0
        wrong = whole[:-1] + b"\0"
        assert (await add(client, world, url, 0, wrong, **extra)).status_code == 460
        assert await offset_of(client, world, url) == 0
        assert (await add(client, world, url, 0, whole, **extra)).status_code == 204
    await check_stored(runtime, url, whole)


async def test_head_makes_a_hanging_writer_save_and_let_go(web: WebProcess, world: World, runtime: Runtime) -> None:
    whole = noise(9 * MIB)
    async with browser(web) as client:
        url = await begin(client, world, len(whole))
        line = await open_patch(web.url, url, world, offset=0, announced=len(whole))
        await line.send(whole[: MIB + 3])

        async def has_come() -> bool:
            return await offset_of(client, world, url) > 0

        # The line hangs and says nothing. Asking how far it is interrupts it; what had come is there.
        await soon(has_come, what="bytes of a hanging line")
        status, said = await line.answer()
        assert (status, b"upload.interrupted" in said) == (409, True)
        at = await offset_of(client, world, url)
        assert (await add(client, world, url, at, whole[at:])).status_code == 204
    await check_stored(runtime, url, whole)


async def test_another_process_makes_it_let_go_too(web: WebProcess, world: World, runtime: Runtime) -> None:
    other = WebProcess(web.settings, web.log_path.with_name("other.log"))
    other.start()
    whole = noise(3 * MIB)
    try:
        async with browser(web) as here, browser(other) as there:
            url = await begin(here, world, len(whole))
            line = await open_patch(web.url, url, world, offset=0, announced=len(whole))
            await line.send(whole[:MIB])

            async def has_come() -> bool:
                return await offset_of(there, world, url) > 0

            await soon(has_come, what="bytes of a hanging line")
            at = await offset_of(there, world, url)
            assert (await add(there, world, url, at, whole[at:])).status_code == 204
            assert (await line.answer())[0] == 409
            assert await offset_of(here, world, url) == len(whole)
        await check_stored(runtime, url, whole)
    finally:
        other.stop()


async def test_a_writer_shut_out_by_its_fence_cannot_advance(web: WebProcess, world: World, runtime: Runtime) -> None:
    """As if its machine had slept: somebody else took the upload without waiting for it."""
    whole = noise(3 * MIB)
    async with browser(web) as client:
        url = await begin(client, world, len(whole))
        line = await open_patch(web.url, url, world, offset=0, announced=2 * MIB)
        await line.send(whole[:MIB])

        async def held() -> bool:
            return (await row(runtime, url)).fence == 1

        await soon(held, what="a writer")
        async with runtime.database.write() as db:
            upload = await find_upload(db, url.rsplit("/", 1)[-1])
            assert upload is not None
            upload.fence, upload.held_until = 7, None
        await line.send(whole[MIB : 2 * MIB])
        assert (await line.answer())[0] == 409
        assert await offset_of(client, world, url) == 0
        assert (await add(client, world, url, 0, whole)).status_code == 204
    await check_stored(runtime, url, whole)


async def test_a_refusal_is_read_although_the_body_still_comes(web: WebProcess, world: World) -> None:
    async with browser(web) as client:
        url = await begin(client, world, 90 * MIB)
        line = await open_patch(web.url, url, world, offset=5, announced=90 * MIB - 5)
        await line.send(bytes(MIB))
        status, said = await line.answer()
        assert (status, b"upload.offset_mismatch" in said, b"connection: close" in said.lower()) == (409, True, True)
