"""Chapters of an uploaded file's container: kept, in the API, as WebVTT, and on the player's bar."""

from pathlib import Path

import httpx
import pytest

from server.core.runtime import Runtime
from server.media.chapters import read_webvtt_chapters
from server.playback.models import ChapterList
from tests.clips import clip, run_ffmpeg
from tests.server.uploads.world import make_world
from tests.workers.walk import Walk, short_chunks

pytestmark = pytest.mark.ffmpeg
MARKS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1500
title=Welcome
[CHAPTER]
TIMEBASE=1/1000
START=1500
END=4000
title=Käsitteet & <b>
"""


async def test_the_containers_chapters_are_kept_and_shown(
    client: httpx.AsyncClient, runtime: Runtime, tmp_path: Path
) -> None:
    marks, path = tmp_path / "marks.txt", tmp_path / "talk.mkv"
    marks.write_text(MARKS)
    film = clip("bars", seconds=4, width=128, height=96)
    run_ffmpeg(
        "-i", f"file:{film}", "-i", f"file:{marks}", "-map", "0", "-map_metadata", "1", "-c", "copy", f"file:{path}"
    )
    walk = Walk(client, short_chunks(runtime, ladder=(96,)), await make_world(runtime.database))
    await walk.upload(path)
    await walk.finish()
    shown = (await client.get(f"/api/v1/sessions/{walk.world.talk}/playback")).json()
    assert shown["chapters"] == [
        {"start_ms": 0, "title": "Welcome"}, {"start_ms": 1500, "title": "Käsitteet & <b>"}
    ]  # fmt: skip
    text = await client.get(shown["chapters_src"])
    assert text.headers["content-type"].startswith("text/vtt")
    read = read_webvtt_chapters(text.content)
    assert [(one.start_ms, one.title) for one in read] == [(0, "Welcome"), (1500, "Käsitteet & <b>")]
    page = (await client.get("/e26/sessions/a")).text
    assert f'<track kind="chapters" src="{shown["chapters_src"]}">' in page
    async with runtime.database.read() as db:
        assert await db.get(ChapterList, walk.recording) is not None


async def test_a_recording_without_chapters_has_none(client: httpx.AsyncClient, runtime: Runtime) -> None:
    walk = Walk(client, short_chunks(runtime, ladder=(96,)), await make_world(runtime.database))
    await walk.upload(clip("bars", seconds=4, width=128, height=96))
    await walk.finish()
    shown = (await client.get(f"/api/v1/sessions/{walk.world.talk}/playback")).json()
    assert (shown["chapters"], shown["chapters_src"]) == ([], None)
    assert (await walk.get("chapters.vtt")).status_code == 404
