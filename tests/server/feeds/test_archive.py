"""An event taken elsewhere: the document, and the archive with its files."""

import io
import json
import zipfile

import httpx
import pytest

from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.events.models import CLOSED, Event
from server.feeds.archive import Member, safe_part, without_doubles
from server.playback.downloads import download_key
from server.playback.models import CaptionTrack, ChapterList, Download
from server.recordings.models import Recording, Source
from server.slides.models import Deck
from tests.conftest import client, database
from tests.server.uploads.world import World, make_world

__all__ = ["client", "database"]
FILM = bytes(range(256)) * 4096


@pytest.fixture
async def world(runtime: Runtime) -> World:
    """A talk with an uploaded recording, a file made of it, captions and slides of which one file is gone."""
    made = await make_world(runtime.database)
    about = {"event_id": made.event, "session_id": made.talk}
    source = Source(id=new_id(), event_id=made.event, key="uploads/u1", size_bytes=1, filename="../kurki.mkv")
    recording = Recording(
        id=new_id(), state="ready", playable=True, published_at=now(), duration_ms=9000,
        cut=[{"source_id": source.id, "start_ms": 0, "end_ms": None}], **about,
    )  # fmt: skip
    async with runtime.database.write() as db:
        db.add_all([source, recording])
        await db.flush()
        db.add(ChapterList(recording_id=recording.id, chapters=[[0, "A"], [3000, "B"]]))
        db.add(CaptionTrack(language="fi", cues=[[0, 900, "Hei", ""]], **about))
        file = {"recording_id": recording.id, "fingerprint": "f" * 32, "state": "ready"}
        db.add(Download(rung="360p", **file, **about))
        for slot, key in (("a", "uploads/deck"), ("b", "uploads/gone")):
            deck = {"filename": "slides.pdf", "kind": "pdf", "size_bytes": 4, "state": "ready", "rendering": 1}
            db.add(Deck(slot=slot, key=key, **deck, **about))
    await runtime.store.put("uploads/u1", FILM)
    await runtime.store.put("uploads/deck", b"%PDF")
    await runtime.store.put(download_key(recording.id, "f" * 32, "360p"), b"film")
    return made


async def _archive(client: httpx.AsyncClient, world: World, media: str) -> zipfile.ZipFile:
    answer = await client.get(f"/api/v1/events/e26/archive?media={media}", headers=world.organiser)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="e26.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


async def test_the_document_has_what_the_asker_may_see(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    answer = await client.get("/api/v1/events/e26/export")
    found = answer.json()
    assert (found["semma_export"], found["event"]["slug"]) == (1, "e26")
    talk = next(one for one in found["sessions"] if one["session"]["slug"] == "a")
    assert [one["title"] for one in talk["chapters"]] == ["A", "B"]
    assert talk["session"]["captions"][0]["language"] == "fi" and talk["session"]["recording"]["published"]
    again = await client.get("/api/v1/events/e26/export", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    async with runtime.database.write() as db:
        (await db.get_one(Event, world.event)).visibility = CLOSED
    assert (await client.get("/api/v1/events/e26/export")).status_code == 401


async def test_the_archive_has_words_and_slides_and_media_on_request(client: httpx.AsyncClient, world: World) -> None:
    archive = await _archive(client, world, "none")
    words = {"event.json", "schedule.json", "schedule.xml", "calendar.ics", "missing.txt"}
    talk = {f"sessions/a/{name}" for name in ("fi.vtt", "fi.srt", "fi.txt", "slides/slides.pdf")}
    assert set(archive.namelist()) == words | talk
    assert json.loads(archive.read("event.json"))["event"]["title"] == "Seminar 2026"
    assert archive.read("sessions/a/slides/slides.pdf") == b"%PDF" and b"Hei" in archive.read("sessions/a/fi.txt")
    assert archive.read("missing.txt") == b"sessions/a/slides/slides-2.pdf\n"
    assert (await _archive(client, world, "made")).read("sessions/a/360p.mp4") == b"film"
    assert (await _archive(client, world, "original")).read("sessions/a/original/_kurki.mkv") == FILM
    refused = await client.get("/api/v1/events/e26/archive?media=all", headers=world.organiser)
    assert refused.status_code == 400


def test_paths_lead_nowhere_else_and_stay_apart() -> None:
    names = ["../../etc/passwd", "a\x00b", "..", "C:\\x", "CON. ", "ä.pdf"]
    assert [safe_part(name) for name in names] == ["_.._etc_passwd", "a_b", "file", "C__x", "CON", "ä.pdf"]
    doubles = [Member(path="x/A.pdf"), Member(path="x/a.pdf"), Member(path="x/a.pdf")]
    assert [one.path for one in without_doubles(doubles)] == ["x/A.pdf", "x/a-2.pdf", "x/a-3.pdf"]
