"""From POST to a recording, through the application in this process, on real engines."""

import hashlib

import httpx
from sqlalchemy import select

from server.core.jobs import JobRow
from server.core.removals import remove_due
from server.core.runtime import Runtime
from server.recordings.models import Recording, Source
from server.uploads.models import Upload, UploadTail
from tests.server.uploads.world import TUS, World, add, begin, noise, offset_of

MIB = 1024 * 1024


async def test_a_file_in_uneven_pieces_becomes_one_object_and_a_recording(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    whole = noise(19 * MIB + 17)
    url = await begin(client, world, len(whole))
    at = 0
    for size in (1, 3 * MIB, 5 * MIB, 64 * 1024, 9 * MIB, len(whole)):
        answer = await add(client, world, url, at, whole[at : at + size])
        assert answer.status_code == 204, answer.text
        at = min(at + size, len(whole))
        assert int(answer.headers["Upload-Offset"]) == at
        assert await offset_of(client, world, url) == at
    shown = (await client.get(url, headers=world.organiser)).json()
    assert shown["state"] == "finished"
    async with runtime.database.read() as db:
        upload = (await db.scalars(select(Upload))).one()
        source = (await db.scalars(select(Source))).one()
        recording = (await db.scalars(select(Recording))).one()
        job = (await db.scalars(select(JobRow))).one()
        assert (await db.scalars(select(UploadTail))).all() == []
    assert shown["result_id"] == recording.id == upload.result_id
    assert (source.key, source.size_bytes, source.filename) == (upload.key, len(whole), "talk.mp4")
    assert job.subject == recording.id
    stored = await runtime.store.get(source.key)
    assert hashlib.sha256(stored).digest() == hashlib.sha256(whole).digest()
    await remove_due(runtime.database, runtime.store)
    assert [item.key async for item in runtime.store.objects("uploads/")] == [upload.key]
    assert await runtime.store.open_multiparts("uploads/") == []


async def test_head_says_what_was_said_at_creation(client: httpx.AsyncClient, world: World) -> None:
    url = await begin(client, world, None)
    answer = await client.head(url, headers=TUS | world.organiser)
    assert answer.headers["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in answer.headers
    assert "session" in answer.headers["Upload-Metadata"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert "Upload-Expires" in answer.headers
