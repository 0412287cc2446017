"""A process that first looks at a room while Redis knows nothing of it."""

import asyncio

import pytest
from redis.asyncio import Redis

from server.live import mirror
from server.media.playlist_check_live import check_low_latency
from server.media.playlist_read_live import read_live_playlist
from tests.server.live.stage import OnAir, Second, Stage, mirrors_of, second, stage, stage_settings
from tests.waiting import soon

__all__ = ["second", "stage", "stage_settings"]  # fixtures

OTHERS = ["../360p/index.m3u8", "../audio/index.m3u8"]


async def test_a_process_that_first_looks_just_after_redis_was_emptied(stage: Stage, second: Second) -> None:
    air = await stage.room()
    await air.add(8 * 12 + 3)
    await air.archive(*range(1, 13))
    async with Redis.from_url(stage.settings.redis_url) as redis:
        await redis.flushall()
    asking = asyncio.create_task(second.client.get(air.track()))
    await soon(lambda: _is_loading(mirrors_of(second.app), air))
    await air.add()
    found = await asking
    assert check_low_latency(found.text, others=OTHERS) == []
    assert read_live_playlist(found.text).end == (13, 3), "the process began behind what others had shown"


async def _is_loading(mirrors: mirror.LiveMirrors, air: OnAir) -> bool:
    return air.room_id in mirrors._loading


async def test_what_only_the_archive_knows_is_a_right_playlist(
    stage: Stage, second: Second, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_SEED_S", 0.1)  # the writer does not come back
    air = await stage.room()
    await air.add(8 * 12)
    await air.archive(*range(1, 13))
    async with Redis.from_url(stage.settings.redis_url) as redis:
        await redis.flushall()
    found = await second.client.get(air.track())
    assert check_low_latency(found.text, others=OTHERS) == []
    assert read_live_playlist(found.text).end[0] == 12
