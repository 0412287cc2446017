"""A recording goes in, a talk comes out: every job run off its row, every playlist judged."""

from pathlib import Path

import av
import httpx
import pytest

from server.core.runtime import Runtime
from server.recordings.models import Recording
from tests.clips import clip
from tests.frame_code import read_codes
from tests.server.uploads.world import World, make_world
from tests.workers.walk import Walk, short_chunks

pytestmark = pytest.mark.ffmpeg
# The whole walk is on both databases; what a file holds makes no difference to them.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


@pytest.fixture
async def walk(client: httpx.AsyncClient, runtime: Runtime, world: World) -> Walk:
    return Walk(client, short_chunks(runtime, encode_preset="superfast"), world)


async def test_a_recording_is_watchable_early_and_whole_at_the_end(walk: Walk, tmp_path: Path) -> None:
    """One encode is looked at from all sides: encoding is what these tests cost."""
    source = clip("bars", seconds=14)
    await walk.upload(source)
    await _watch_it_grow(walk, 14_000)
    ended = await walk.state()
    assert (ended["state"], ended["error"], ended["progress"], ended["published"]) == ("ready", None, 1.0, True)
    assert [item["name"] for item in ended["renditions"]] == ["360p", "240p", "audio"]
    async with walk.runtime.database.read() as db:
        plan = (await db.get_one(Recording, walk.recording)).plan
    assert {rung["preset"] for rung in plan["rungs"]} == {walk.runtime.limits.encode_preset} == {"superfast"}
    await _has_every_frame(walk, source, tmp_path)
    await _has_storyboard_and_poster(walk)


async def _watch_it_grow(walk: Walk, duration_ms: int) -> None:
    """Watchable after the first chunk; it grows without a new address."""
    states = []
    while await walk.step():
        await walk.look()
        state = await walk.state()
        states.append((state["state"], state["playable"], state["playable_ms"]))
    first = next(number for number, state in enumerate(states) if state[1])
    assert states[first][0] == "encoding" and 0 < states[first][2] < duration_ms, "not watchable while it encodes"
    assert [playable for _state, _flag, playable in states] == sorted(p for _s, _f, p in states)
    versions = walk.playlists["g1/360p/index.m3u8"]
    assert "EVENT" in versions[0] and "VOD" in versions[-1] and len(set(versions)) > 2


async def _has_every_frame(walk: Walk, source: Path, folder: Path) -> None:
    """Every picture of the source is in every rung, at its time."""
    index = await walk.save(folder)
    wanted = [code for _time, code in read_codes(source)]
    for rung in ("360p", "240p"):
        got = read_codes(index.parent / "g1" / rung / "index.m3u8")
        assert [code for _time, code in got] == wanted, rung
        assert all(abs(time - number / 25) < 0.002 for number, (time, _code) in enumerate(got)), rung


async def _has_storyboard_and_poster(walk: Walk) -> None:
    shown = (await walk.client.get(f"/api/v1/sessions/{walk.world.talk}/playback")).json()
    index = (await walk.client.get(shown["storyboard"])).text
    assert index.startswith("WEBVTT") and index.count("#xywh=") == 4 and "00:00:12.000 --> 00:00:14" in index
    sheet = await walk.get("g1/storyboard/0000.jpg")
    assert sheet.content[:2] == b"\xff\xd8"
    assert (await walk.client.get(shown["poster"])).content[:2] == b"\xff\xd8"


@SQLITE
async def test_sound_only_becomes_a_talk_to_listen_to(walk: Walk, tmp_path: Path) -> None:
    await walk.upload(clip("audio_only", seconds=12))
    ended = await walk.finish()
    assert (ended["state"], ended["error"]) == ("ready", None)
    assert [item["kind"] for item in ended["renditions"]] == ["audio"]
    index = await walk.save(tmp_path)
    with av.open(str(index.parent / "g1/audio/index.m3u8")) as media:
        samples = sum(frame.samples for frame in media.decode(audio=0))
    assert abs(samples / 48_000 - 12) < 0.1
    poster = (await walk.client.get(f"/api/v1/sessions/{walk.world.talk}/playback")).json()["poster"]
    assert (await walk.client.get(poster)).headers["content-type"] == "image/jpeg"


@SQLITE
async def test_picture_only_becomes_a_talk(walk: Walk) -> None:
    await walk.upload(clip("video_only", seconds=6))
    ended = await walk.finish()
    assert (ended["state"], ended["error"]) == ("ready", None)
    assert {item["kind"] for item in ended["renditions"]} == {"video"}


@SQLITE
@pytest.mark.parametrize(
    ("name", "code"),
    [("not_media", "media.not_media"), ("playlist_in_disguise", "media.not_media")],
)
async def test_what_is_no_talk_is_refused_in_words(walk: Walk, name: str, code: str) -> None:
    await walk.upload(clip(name))
    ended = await walk.finish()
    assert ended["state"] == "failed" and ended["error"]["code"] == code
    assert ended["error"]["detail"].endswith(".") and len(ended["error"]["detail"]) > 20


async def test_job_delivered_again_changes_nothing(walk: Walk) -> None:
    from workers.runtime import run_claimed

    await walk.upload(clip("bars", seconds=6))
    seen: list[str] = []
    while jobs := await walk.waiting():
        seen.append(jobs[0])
        await walk.step()
    before = [item async for item in walk.runtime.store.objects("recordings/")]
    for job in seen:
        await run_claimed(walk.runtime, job, owner="again")
    assert [item async for item in walk.runtime.store.objects("recordings/")] == before
