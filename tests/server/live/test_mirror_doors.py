"""Doors that are closed while people watch, and events that go: what a mirror hears of it, or finds out by itself."""

import asyncio
import json

import pytest
from sqlalchemy import update

from server.core.clock import now
from server.events.models import Event
from server.live import mirror
from server.live.rows import room_channel
from tests.server.live.stage import OnAir, Stage, second, stage, stage_settings
from tests.server.live.synthetic import init_name
from tests.waiting import soon

__all__ = ["second", "stage", "stage_settings"]


@pytest.fixture
async def closed(stage: Stage) -> OnAir:
    air = await stage.room(visibility="closed")
    await air.add(3)
    return air


async def _close_doors(stage: Stage, air: OnAir, *, tell: bool) -> None:
    async with stage.runtime.database.write() as db:
        await db.execute(update(Event).where(Event.id == air.event_id).values(access_epoch=1))
    if tell:
        note = {"kind": "doors", "event_id": air.event_id, "visibility": "closed", "access_epoch": 1}
        await stage.runtime.redis.publish("semma:" + room_channel(air.room_id), json.dumps(note))


async def test_closed_doors_end_what_waits_at_once(stage: Stage, closed: OnAir) -> None:
    old = closed.token
    assert (await stage.client.get(closed.track(token="public"))).status_code == 403
    asking = [
        asyncio.create_task(stage.client.get(closed.track(path, token=old)))
        for path in ("index.m3u8?_HLS_msn=1&_HLS_part=3", "1.3.m4s")
    ]
    await stage.until_waiting(closed, 2)
    await _close_doors(stage, closed, tell=True)
    assert [answer.status_code for answer in await asyncio.gather(*asking)] == [403, 403]
    for path in ("index.m3u8", "1.0.m4s", init_name("720p", 1)):
        answer = await stage.client.get(closed.track(path, token=old))
        assert (answer.status_code, answer.json()["code"]) == (403, "live.token_invalid")
    closed.epoch = 1
    assert (await stage.client.get(closed.track())).status_code == 200


async def test_doors_that_nobody_told_of_are_looked_up(
    stage: Stage, closed: OnAir, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = closed.token
    assert (await stage.client.get(closed.track(token=old))).status_code == 200
    await _close_doors(stage, closed, tell=False)
    closed.epoch = 1
    monkeypatch.setattr(mirror, "_DOUBT_S", 0.0)
    # Whoever has the new token is let in at once: a refusal is never made on old knowledge
    assert (await stage.client.get(closed.track())).status_code == 200
    assert (await stage.client.get(closed.track(token=old))).status_code == 403


async def test_a_deleted_event_is_gone(stage: Stage) -> None:
    air = await stage.room()
    await air.add(3)
    assert (await stage.client.get(air.track())).status_code == 200
    async with stage.runtime.database.write() as db:
        await db.execute(update(Event).where(Event.id == air.event_id).values(deleted_at=now()))
    await stage.runtime.redis.publish("semma:" + room_channel(air.room_id), json.dumps({"kind": "doors"}))

    async def gone() -> bool:
        return (await stage.client.get(air.track())).status_code == 404

    await soon(gone)


# ---- viewers
