"""A life cycle for every object: deleted, kept for the undo time, freed, and nothing else with it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from server.core.clock import now
from server.core.ids import new_id
from server.core.jobs import JobRow
from server.core.removals import remove_due
from server.core.runtime import Runtime
from server.events.models import Event
from server.orphans import find_orphans, sweep_orphans
from server.playback.models import CaptionTrack
from server.recordings.cut import cut_talk, recording_id_of
from server.recordings.cut_rows import read_archive
from server.recordings.keys import recording_prefix
from server.recordings.models import Recording, Source
from server.recordings.retire import delete_recording, restore_recording
from server.sessions.models import Session
from tests.server.recordings.on_air import put_on_air
from tests.server.uploads.world import World, make_world
from workers.purge import purge
from workers.runtime import run_claimed


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


async def _recording(runtime: Runtime, world: World) -> str:
    upload = new_id()
    source = Source(id=new_id(), event_id=world.event, key=f"uploads/{upload}/file", size_bytes=4, upload_id=upload)
    recording = Recording(
        id=new_id(),
        event_id=world.event,
        session_id=world.talk,
        state="ready",
        cut=[{"source_id": source.id, "start_ms": 0, "end_ms": None}],
    )
    async with runtime.database.write() as db:
        db.add_all([source, recording])
    await runtime.store.put(source.key, b"film")
    await runtime.store.put(recording_prefix(recording.id) + "g1/360p/00000.m4s", b"segment")
    return recording.id


async def _keys(runtime: Runtime) -> int:
    return len([item async for item in runtime.store.objects("")])


async def _age(runtime: Runtime, model: type, row_id: str) -> None:
    """Make a deletion 31 days old."""
    async with runtime.database.write() as db:
        old = now() - timedelta(days=31)
        await db.execute(update(model).where(model.id == row_id).values(deleted_at=old))  # type: ignore[attr-defined]


async def test_deleted_recording_is_kept_for_the_undo_time_then_freed(runtime: Runtime, world: World) -> None:
    gone, kept = await _recording(runtime, world), await _recording(runtime, world)
    async with runtime.database.write() as db:
        await delete_recording(db, await db.get_one(Recording, gone), undo_s=3600)
    assert await remove_due(runtime.database, runtime.store) == 0 and await purge(runtime) == 0
    assert await _keys(runtime) == 4
    async with runtime.database.write() as db:
        await restore_recording(db, await db.get_one(Recording, gone), undo_s=3600)
        await delete_recording(db, await db.get_one(Recording, gone), undo_s=-1)
    assert await remove_due(runtime.database, runtime.store) == 2
    await _age(runtime, Recording, gone)
    assert await purge(runtime) == 1
    async with runtime.database.read() as db:
        assert await db.get(Recording, gone) is None and await db.get(Recording, kept) is not None
        assert await db.scalar(select(func.count()).select_from(Source)) == 1
    assert await _keys(runtime) == 2


@pytest.mark.parametrize("model", [Session, Event])
async def test_what_a_deleted_session_or_event_owned_is_freed(
    runtime: Runtime, world: World, model: type[Session] | type[Event]
) -> None:
    await _recording(runtime, world)
    async with runtime.database.write() as db:
        db.add(CaptionTrack(event_id=world.event, session_id=world.talk, language="fi", cues=[]))
    assert await purge(runtime) == 0
    await _age(runtime, model, world.talk if model is Session else world.event)
    await purge(runtime)
    await remove_due(runtime.database, runtime.store)
    assert await _keys(runtime) == 0
    async with runtime.database.read() as db:
        for table in (Recording, Source, CaptionTrack):
            assert await db.scalar(select(func.count()).select_from(table)) == 0, table


async def test_purging_twice_at_once_is_harmless(runtime: Runtime, world: World) -> None:
    await _recording(runtime, world)
    await _age(runtime, Session, world.talk)
    await purge(runtime)
    assert await purge(runtime) == 0


async def test_orphans_are_found_by_age_and_owner(runtime: Runtime, world: World) -> None:
    kept = await _recording(runtime, world)
    await runtime.store.put(f"recordings/{new_id()}/g1/x.m4s", b"x")
    await runtime.store.put(f"uploads/{new_id()}/file", b"x")
    await runtime.store.put("somebody/elses", b"x")
    assert await find_orphans(runtime.database, runtime.store) == [], "a young object may belong to work going on"
    assert await sweep_orphans(runtime.database, runtime.store, age=timedelta(seconds=-60)) == 2
    left = [item.key async for item in runtime.store.objects("")]
    assert len(left) == 3 and any(kept in key for key in left) and "somebody/elses" in left


async def test_a_purged_talk_frees_only_the_live_segments_no_other_lists(runtime: Runtime, world: World) -> None:
    other = Session(id=new_id(), event_id=world.event, guid="c", slug="c", title="The next talk")
    async with runtime.database.write() as db:
        db.add(other)
    on_air = await put_on_air(runtime, world)
    await on_air.talk(world.talk, 1, 10)
    await on_air.talk(other.id, 10, 23)
    async with runtime.database.write() as db:
        archive = await read_archive(db, on_air.broadcast)
        assert archive is not None
        for session in (world.talk, other.id):
            await cut_talk(db, archive, session, token_overlap_s=60, better=False)
    gone = recording_id_of(on_air.broadcast, world.talk)
    async with runtime.database.write() as db:
        await delete_recording(db, await db.get_one(Recording, gone), undo_s=3600)
    await _age(runtime, Recording, gone)
    await purge(runtime)
    await remove_due(runtime.database, runtime.store)
    async with runtime.database.read() as db:
        jobs = [row.id for row in await db.scalars(select(JobRow).where(JobRow.name == "recordings.drop_segments"))]
        assert await db.get(Source, on_air.broadcast) is not None, "the other talk is made of it"
    for job in jobs:
        await run_claimed(runtime, job, owner="test")
    left = [
        item.key async for item in runtime.store.objects(f"live/{on_air.broadcast}/180p/") if "init" not in item.key
    ]
    assert sorted(left) == [f"live/{on_air.broadcast}/180p/{msn}.m4s" for msn in (3, 4, 5, 6)]

    async with runtime.database.write() as db:
        (await db.get_one(Event, world.event)).deleted_at = now() - timedelta(days=31)
    await purge(runtime)
    await remove_due(runtime.database, runtime.store)
    assert await _keys(runtime) == 0
