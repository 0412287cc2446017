"""Publish, hide, cancel, try again, delete and bring back, over HTTP; who may."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from server.core.ids import new_id
from server.core.jobs import JobRow, enqueue
from server.core.runtime import Runtime
from server.recordings.jobs import EncodeChunk
from server.recordings.models import Chunk, Recording, Rendition, Source
from server.recordings.retire import fail_recording, replace_older
from tests.server.uploads.world import World, make_world


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


async def _recording(runtime: Runtime, world: World, **values: Any) -> str:
    """A recording in any state, with one rung and one chunk."""
    made = {"state": "ready", "playable": True, "playable_ms": 8000, "duration_ms": 8000} | values
    source = Source(id=new_id(), event_id=world.event, key=f"uploads/{new_id()}/file", size_bytes=4)
    cut = [{"source_id": source.id, "start_ms": 0, "end_ms": None}]
    recording = Recording(id=new_id(), event_id=world.event, session_id=world.talk, cut=cut, **made)
    async with runtime.database.write() as db:
        db.add_all([source, recording])
        await db.flush()
        db.add(Rendition(recording_id=recording.id, name="360p", kind="video", width=640, height=360))
        db.add(Chunk(recording_id=recording.id, position=0, start_ms=0, end_ms=8000, first_segment=0))
        await enqueue(db, EncodeChunk(recording=recording.id, generation=1, position=0), subject=recording.id)
    return recording.id


async def _ask(client: httpx.AsyncClient, world: World, recording: str, act: str = "", **more: Any) -> httpx.Response:
    asker = world.askers[more.pop("asker", "organiser")]
    headers = asker | more.pop("headers", {})
    url = f"/api/v1/recordings/{recording}" + (f"/{act}" if act else "")
    return await client.request("POST" if act else "GET", url, headers=headers)


async def test_view_says_everything_an_organiser_needs(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    recording = await _recording(
        runtime, world, state="failed", error_code="media.broken", error_detail="It is damaged.", warnings=[]
    )
    body = (await _ask(client, world, recording)).json()
    assert body["state"] == "failed" and body["error"] == {"code": "media.broken", "detail": "It is damaged."}
    assert [item["name"] for item in body["renditions"]] == ["360p"]
    assert body["eta_ms"] is None and body["published"] is False


async def test_publish_and_unpublish(client: httpx.AsyncClient, runtime: Runtime, world: World) -> None:
    recording = await _recording(runtime, world)
    assert (await _ask(client, world, recording, asker="nobody")).status_code == 404
    published = await _ask(client, world, recording, "publish")
    assert published.status_code == 200 and published.json()["published"] is True
    assert (await _ask(client, world, recording, asker="nobody")).status_code == 200
    assert (await client.get(f"/api/v1/sessions/{world.talk}/playback")).status_code == 200
    hidden = await _ask(client, world, recording, "unpublish")
    assert hidden.json()["published"] is False
    assert (await _ask(client, world, recording, asker="nobody")).status_code == 404
    answer = await client.get(f"/api/v1/sessions/{world.talk}/playback")
    assert (answer.status_code, answer.json()["code"]) == (404, "playback.nothing_to_watch")
    preview = await client.get(f"/api/v1/sessions/{world.talk}/playback", headers=world.organiser)
    assert preview.json()["hls"].startswith("/media/p0."), "organisers preview what is hidden"


async def test_nothing_to_publish_is_said(client: httpx.AsyncClient, runtime: Runtime, world: World) -> None:
    recording = await _recording(runtime, world, state="encoding", playable=False)
    answer = await _ask(client, world, recording, "publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "recording.nothing_to_publish")


async def test_stale_change_is_refused(client: httpx.AsyncClient, runtime: Runtime, world: World) -> None:
    recording = await _recording(runtime, world)
    etag = (await _ask(client, world, recording)).headers["etag"]
    assert (await _ask(client, world, recording, "publish", headers={"If-Match": etag})).status_code == 200
    stale = await _ask(client, world, recording, "unpublish", headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "request.stale")


async def test_cancel_ends_its_jobs_and_retry_begins_anew(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    recording = await _recording(runtime, world, state="encoding", playable=False)
    assert (await _ask(client, world, recording, "retry")).json()["code"] == "recording.wrong_state"
    cancelled = await _ask(client, world, recording, "cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert (await _ask(client, world, recording, "cancel")).status_code == 409
    again = await _ask(client, world, recording, "retry")
    assert (again.json()["state"], again.json()["progress"], again.json()["renditions"]) == ("probing", 0.0, [])
    async with runtime.database.read() as db:
        states = {(row.name, row.state) for row in await db.scalars(select(JobRow))}
        row = await db.get_one(Recording, recording)
    assert states == {("recordings.encode_chunk", "cancelled"), ("recordings.probe", "queued")}
    assert row.generation == 2


async def test_delete_and_bring_back(client: httpx.AsyncClient, runtime: Runtime, world: World) -> None:
    recording = await _recording(runtime, world)
    await _ask(client, world, recording, "publish")
    answer = await client.delete(f"/api/v1/recordings/{recording}", headers=world.organiser)
    assert answer.status_code == 200 and answer.json()["deleted_at"] is not None
    assert (await _ask(client, world, recording, asker="nobody")).status_code == 404
    assert (await client.get(f"/media/public/{recording}/index.m3u8")).status_code == 404
    back = await _ask(client, world, recording, "restore")
    assert back.status_code == 200 and back.json()["deleted_at"] is None
    assert (await _ask(client, world, recording, asker="nobody")).status_code == 200


@pytest.mark.parametrize("asker", ["nobody", "stranger", "other_organiser", "speaker", "organiser_reading"])
async def test_others_may_not_manage(client: httpx.AsyncClient, runtime: Runtime, world: World, asker: str) -> None:
    recording = await _recording(runtime, world)
    await _ask(client, world, recording, "publish")
    refused = await _ask(client, world, recording, "unpublish", asker=asker)
    if asker == "other_organiser":  # the small world makes them organiser of the same event
        assert refused.status_code == 200
    else:
        assert refused.status_code in (401, 403)


async def test_newer_ready_recording_takes_the_place_of_the_older(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    older = await _recording(runtime, world)
    await _ask(client, world, older, "publish")
    newer = await _recording(runtime, world, state="encoding")
    async with runtime.database.write() as db:
        assert await replace_older(db, await db.get_one(Recording, newer), undo_s=60) == [], "not before it is ready"
    shown = (await client.get(f"/api/v1/sessions/{world.talk}")).json()["recording"]["id"]
    assert shown == older
    await _ask(client, world, newer, "publish")
    async with runtime.database.write() as db:
        row = await db.get_one(Recording, newer)
        row.state = "ready"
        await db.flush()
        assert await replace_older(db, row, undo_s=60) == [older]
    shown = (await client.get(f"/api/v1/sessions/{world.talk}")).json()["recording"]["id"]
    assert shown == newer


async def test_failure_stops_the_other_jobs_in_words(runtime: Runtime, world: World) -> None:
    recording = await _recording(runtime, world, state="encoding")
    async with runtime.database.write() as db:
        failed = await fail_recording(db, recording, code="media.broken", detail="It is damaged.")
        assert failed is not None and failed.error_detail == "It is damaged."
    async with runtime.database.read() as db:
        states = {row.name: row.state for row in await db.scalars(select(JobRow))}
    assert states.pop("recordings.failed") == "queued", "others hear of it"
    assert set(states.values()) == {"cancelled"}


async def test_do_not_record_is_never_published(client: httpx.AsyncClient, runtime: Runtime, world: World) -> None:
    made = Recording(
        id=new_id(), event_id=world.event, session_id=world.secret_talk, state="ready", playable=True, cut=[]
    )
    async with runtime.database.write() as db:
        db.add(made)
    answer = await _ask(client, world, made.id, "publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "recording.do_not_record")
