"""Files to download: made of our own segments without encoding, progressive, with captions and chapters inside."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from sqlalchemy import delete, select

from server.core.clock import now
from server.core.ids import new_id
from server.core.jobs import JobRow
from server.core.removals import Removal, remove_due
from server.core.runtime import Runtime
from server.media.mp4_summary import read_summary
from server.playback.downloads_keep import retire_of_session
from server.playback.models import CaptionTrack, ChapterList, Download
from server.recordings.cut import cut_talk, recording_id_of
from server.recordings.cut_rows import read_archive
from server.recordings.models import Recording
from server.recordings.retire import delete_recording
from server.sessions.models import Session
from tests.clips import clip
from tests.frame_code import read_codes
from tests.server.recordings.on_air import OTHERS, OnAir, put_on_air
from tests.server.uploads.world import World, make_world
from tests.workers.walk import Walk, short_chunks
from workers.downloads import look_after_downloads
from workers.purge import purge

# What differs between databases is asked of neighbours; files are made the same way.
pytestmark = [pytest.mark.ffmpeg, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
KURKI = "Kurki & tanssi: miksi?"


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


async def _listed(client: httpx.AsyncClient, session: str, **headers: str) -> dict[str, dict[str, Any]]:
    answer = await client.get(f"/api/v1/sessions/{session}/downloads", headers=headers)
    assert answer.status_code == 200, answer.text
    return {one["rung"] or one["kind"]: one for one in answer.json()["items"]}


async def _made(walk: Walk, rung: str, **headers: str) -> dict[str, Any]:
    """Ask for a file, run the jobs, and give what is listed then."""
    url = f"/api/v1/sessions/{walk.world.talk}/downloads"
    answer = await walk.client.post(url, json={"rung": rung}, headers=headers)
    assert answer.status_code == 202 and answer.json()["state"] == "making", answer.text
    while await walk.step():
        pass
    found = (await _listed(walk.client, walk.world.talk, **headers))[rung]
    assert found["state"] == "ready", found
    return found


async def _annotate(runtime: Runtime, walk: Walk) -> None:
    async with runtime.database.write() as db:
        session = await db.get_one(Session, walk.world.talk)
        session.title = KURKI
        cues = [[0, 2000, "Hei <i>maailma</i>", ""], [3000, 60_000, "Yli lopun", ""]]
        for language in ("fi", "sv"):
            row = CaptionTrack(event_id=walk.world.event, session_id=session.id, language=language, cues=cues)
            db.add(row)
        db.add(ChapterList(recording_id=walk.recording, chapters=[[0, "Alku; 1=1"], [4000, "Loppu"]]))


async def test_an_upload_is_downloaded_as_viewers_watched_it(
    client: httpx.AsyncClient, runtime: Runtime, world: World, tmp_path: Path
) -> None:
    """One encode is looked at from all sides: encoding is what this test costs."""
    walk = Walk(client, short_chunks(runtime, ladder=(240,)), world)
    source = clip("bars", seconds=10)
    await walk.upload(source)
    assert await _listed(client, world.talk) == {}, "nothing while it is encoded"
    while await walk.step():
        pass
    await _annotate(runtime, walk)
    offered = await _listed(client, world.talk)
    assert {rung: one["state"] for rung, one in offered.items() if rung != "captions"} == {
        "240p": "none",
        "audio": "none",
    }
    found = await _made(walk, "240p")
    saved = tmp_path / "talk.mp4"
    await _served_right(client, found, saved)
    _is_whole(saved, source)
    assert (await _listed(client, world.talk))["240p"] == found
    await _repeats_are_no_ops(walk, found)
    await _sound_alone(walk, tmp_path / "talk.m4a")
    await _changes_make_another(walk, runtime, found)
    await _licence_decides(walk, runtime)
    await _goes_with_its_recording(walk, runtime)


async def _served_right(client: httpx.AsyncClient, found: dict[str, Any], saved: Path) -> None:
    whole = await client.get(found["url"])
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert len(whole.content) == found["size_bytes"] == int(whole.headers["content-length"])
    named = "filename*=UTF-8''Kurki%20%26%20tanssi%20miksi%20%28240p%29.mp4"
    assert whole.headers["content-disposition"] == f'attachment; filename="talk.mp4"; {named}'
    part = await client.get(found["url"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{found['size_bytes']}"
    saved.write_bytes(whole.content)


def _is_whole(saved: Path, source: Path) -> None:
    summary = read_summary(saved)
    assert summary.progressive, "its tables come first"
    with av.open(str(saved)) as media:
        assert media.metadata["title"] == KURKI and media.metadata["album"] == "Seminar 2026"
        languages = [one.metadata["language"] for one in media.streams if one.type == "subtitle"]
        assert languages == ["fin", "swe"]
        chapters = [(round(one["start"] * one["time_base"], 3), one["metadata"]["title"]) for one in media.chapters()]
        assert chapters == [(0, "Alku; 1=1"), (4, "Loppu")]
        words = [frame for packet in media.demux(media.streams.subtitles[0]) for frame in packet.decode()]
        assert any("maailma" in str(getattr(rect, "ass", rect)) for rect in words)
        sound = sum(frame.samples for frame in _decoded(saved, "audio"))
    assert abs(sound / 48_000 - 10) < 0.05
    assert [code for _time, code in read_codes(saved)] == [code for _time, code in read_codes(source)]
    assert max(abs(time - number / 25) for number, (time, _code) in enumerate(read_codes(saved))) < 0.002


def _decoded(path: Path, kind: str) -> list[Any]:
    with av.open(str(path)) as media:
        return list(media.decode(**{kind: 0}))


async def _repeats_are_no_ops(walk: Walk, found: dict[str, Any]) -> None:
    again = await walk.client.post(f"/api/v1/sessions/{walk.world.talk}/downloads", json={"rung": "240p"})
    assert again.json() == found and await walk.waiting() == []


async def _sound_alone(walk: Walk, saved: Path) -> None:
    found = await _made(walk, "audio")
    answer = await walk.client.get(found["url"])
    assert (answer.headers["content-type"], answer.content[8:12]) == ("audio/mp4", b"M4A ")
    saved.write_bytes(answer.content)
    with av.open(str(saved)) as media:
        assert [one.type for one in media.streams if one.type in ("audio", "video", "subtitle")] == ["audio"]
        assert len(media.chapters()) == 2


async def _changes_make_another(walk: Walk, runtime: Runtime, found: dict[str, Any]) -> None:
    """Other captions: another file; the older one goes when that is there. The same bytes twice."""
    before = hashlib.sha256((await walk.client.get(found["url"])).content).hexdigest()
    async with runtime.database.write() as db:
        track = await db.scalar(select(CaptionTrack).where(CaptionTrack.language == "sv"))
        assert track is not None
        track.cues, track.version = [[0, 900, "Hej", ""]], track.version + 1
    assert (await _listed(walk.client, walk.world.talk))["240p"]["state"] == "none"
    newer = await _made(walk, "240p")
    assert newer["url"] != found["url"]
    assert (await walk.client.get(found["url"])).status_code == 404, "the older one made way"
    assert hashlib.sha256((await walk.client.get(newer["url"])).content).hexdigest() != before
    async with runtime.database.write() as db:
        track = await db.get_one(CaptionTrack, track.id)
        track.deleted_at = track.created_at
    assert await look_after_downloads(runtime) == 0, "looked at an hour later only"


async def _licence_decides(walk: Walk, runtime: Runtime) -> None:
    """At once, also for who has the address; whoever runs the talk may still have it."""
    url = f"/api/v1/sessions/{walk.world.talk}/downloads"
    while await walk.step():
        pass
    found = await _made(walk, "240p")
    async with runtime.database.write() as db:
        (await db.get_one(Session, walk.world.talk)).licence = "All rights reserved"
    refused = await walk.client.get(found["url"])
    assert (refused.status_code, refused.json()["code"]) == (403, "downloads.not_allowed")
    assert await _listed(walk.client, walk.world.talk) == {}
    answer = await walk.client.post(url, json={"rung": "240p"})
    assert answer.json()["code"] == "downloads.not_allowed"
    own = (await _made(walk, "240p", **walk.world.organiser))["url"]  # the licence stands in it
    assert re.match(r"/downloads/p\d+\.", own) and (await walk.client.get(own)).status_code == 200
    said = await walk.client.patch(url, json={"allowed": True}, headers=walk.world.organiser)
    assert said.json() == {"allowed": True, "podcast": False}
    assert (await _listed(walk.client, walk.world.talk))["240p"]["url"].startswith("/downloads/public/")


async def _goes_with_its_recording(walk: Walk, runtime: Runtime) -> None:
    assert [one async for one in runtime.store.objects("downloads/")]
    async with runtime.database.write() as db:
        await delete_recording(db, await db.get_one(Recording, walk.recording), undo_s=0)
    await purge(replace(runtime, limits=replace(runtime.limits, undo_s=-1)))
    await remove_due(runtime.database, runtime.store)
    assert [one.key async for one in runtime.store.objects("downloads/")] == []
    async with runtime.database.read() as db:
        assert (await db.scalars(select(Download))).all() == []


async def _cut(on_air: OnAir) -> str:
    async with on_air.runtime.database.write() as db:
        archive = await read_archive(db, on_air.broadcast)
        assert archive is not None
        await cut_talk(db, archive, on_air.world.talk, token_overlap_s=60)
        # What follows the cut (a better encode) is not what is looked at here.
        await db.execute(delete(JobRow))
    return recording_id_of(on_air.broadcast, on_air.world.talk)


async def test_a_live_cut_begins_and_ends_at_its_exact_borders(
    client: httpx.AsyncClient, runtime: Runtime, world: World, tmp_path: Path
) -> None:
    """The talk is 5 s to 17.52 s of a broadcast that two encoders sent: pictures 125 to 437."""
    on_air = await put_on_air(runtime, world)
    await on_air.talk(world.talk, 5, 17.52)
    walk = Walk(client, runtime, world, recording=await _cut(on_air))
    found = await _made(walk, "180p")
    saved = tmp_path / "talk.mp4"
    saved.write_bytes((await client.get(found["url"])).content)
    pictures = read_codes(saved)
    codes = [code for _time, code in pictures]
    assert codes == list(range(125, 125 + len(codes))) and abs(codes[-1] - 437) <= 2, "a picture or two more at most"
    assert pictures[0][0] < 0.001, "what it needs before the border is not shown"
    sound = sum(frame.samples for frame in _decoded(saved, "audio"))
    assert abs(sound / 48_000 - 12.52) < 0.06


async def test_encoders_that_differ_are_no_one_file(client: httpx.AsyncClient, runtime: Runtime, world: World) -> None:
    on_air = await put_on_air(runtime, world, profiles=OTHERS)
    await on_air.talk(world.talk, 5, 17.52)
    walk = Walk(client, runtime, world, recording=await _cut(on_air))
    url = f"/api/v1/sessions/{world.talk}/downloads"
    await client.post(url, json={"rung": "180p"})
    while await walk.step():
        pass
    found = (await _listed(client, world.talk))["180p"]
    assert (found["state"], found["url"], found["error"]["code"]) == ("failed", None, "downloads.mixed_encoders")
    assert (await client.post(url, json={"rung": "180p"})).json()["state"] == "making", "asked again, tried again"


async def test_nothing_stays_of_a_talk_that_may_not_be_recorded(runtime: Runtime, world: World) -> None:
    recording = Recording(id=new_id(), event_id=world.event, session_id=world.talk, state="ready")
    file = {"recording_id": recording.id, "rung": "360p", "fingerprint": "f" * 32}
    async with runtime.database.write() as db:
        db.add(recording)
        await db.flush()
        row = Download(event_id=world.event, session_id=world.talk, state="ready", **file)
        db.add(row)
        await retire_of_session(db, world.talk)
    async with runtime.database.read() as db:
        removal = (await db.scalars(select(Removal))).one()
        assert removal.prefix == f"downloads/{recording.id}/{'f' * 32}/360p.mp4" and removal.due_at <= now()
        assert (await db.scalars(select(Download))).all() == []
