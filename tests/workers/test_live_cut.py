"""From live to talk, by the jobs: the talk's end, the consent taken back, the better encode. Every job runs twice."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from server.core.jobs import DONE, ENDED, JobRow, enqueue
from server.core.runtime import Runtime
from server.live.jobs import TalkEnded
from server.live.models import LiveSegment, Stretch
from server.media.playlist_check import check_playlist
from server.recordings.cut import recording_id_of
from server.recordings.keys import recording_prefix
from server.recordings.models import Chunk, Rendition
from tests.frame_code import read_codes
from tests.server.recordings.on_air import OTHERS, OnAir, put_on_air, wall
from tests.server.uploads.world import make_world
from tests.workers.walk import Walk, short_chunks
from workers.runtime import run_claimed

pytestmark = pytest.mark.ffmpeg
# What these run of the database is run on both by the other tests.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def on_air(runtime: Runtime) -> OnAir:
    return await put_on_air(short_chunks(runtime, ladder=(180,)), await make_world(runtime.database), profiles=OTHERS)


@pytest.fixture
async def walk(client: httpx.AsyncClient, on_air: OnAir) -> Walk:
    """The talk from 5.48 s to 17.52 s has just ended; the encoder changed in the middle of it."""
    await on_air.talk(on_air.world.talk, 5.48, 17.52)
    await _tell_ended(on_air)
    made = Walk(client, on_air.runtime, on_air.world)
    made.recording = recording_id_of(on_air.broadcast, on_air.world.talk)
    return made


async def _tell_ended(on_air: OnAir) -> None:
    async with on_air.runtime.database.write() as db:
        fact = TalkEnded(stretch="", broadcast=on_air.broadcast, session=on_air.world.talk)
        await enqueue(db, fact, subject=on_air.broadcast)


async def _work(walk: Walk, *, until: str = "", twice: bool = False) -> list[str]:
    """Run the jobs in order, up to the first of this name; returns the names of those that ran."""
    ran: list[str] = []
    while jobs := await walk.waiting():
        async with walk.runtime.database.read() as db:
            row = await db.get_one(JobRow, jobs[0])
        if row.name == until:
            break
        await run_claimed(walk.runtime, row.id, owner="walk")
        ran.append(row.name)
        if twice:
            async with walk.runtime.database.write() as db:
                again = await db.get_one(JobRow, row.id)
                assert again.state in ENDED, (again.name, again.error_detail)
                again.state = "queued"
            await run_claimed(walk.runtime, row.id, owner="again")
    return ran


async def _count(walk: Walk, model: Any) -> int:
    async with walk.runtime.database.read() as db:
        return await db.scalar(select(func.count()).select_from(model)) or 0


async def test_when_the_talk_ends_it_is_there_and_a_better_encode_takes_its_place(walk: Walk, tmp_path: Path) -> None:
    assert await _work(walk, until="recordings.join_cut", twice=True)
    live = await walk.state()
    assert (live["state"], live["published"], live["playable"], live["next_progress"]) == ("ready", True, True, 0.0)
    assert live["duration_ms"] == 12_040 and [r["name"] for r in live["renditions"]] == ["180p", "audio"]
    session = f"/api/v1/sessions/{walk.world.talk}/playback"
    before = (await walk.client.get(session)).json()
    assert before["clip"] == {"start_ms": 1480, "end_ms": 13_520} and before["complete"]
    assert (await walk.client.get(before["poster"])).content[:2] == b"\xff\xd8"

    ran = await _work(walk, until="recordings.make_poster", twice=True)
    assert "recordings.encode_chunk" in ran and "recordings.encode_audio" in ran
    await _work(walk)
    after = (await walk.client.get(session)).json()
    assert after["hls"] == before["hls"] and after["clip"] is None and after["duration_ms"] == 12_040
    assert (await walk.client.get(after["poster"])).content[:2] == b"\xff\xd8" and after["storyboard"]
    ended = await walk.state()
    assert (ended["state"], ended["error"], ended["next_progress"]) == ("ready", None, None), ended
    async with walk.runtime.database.read() as db:
        jobs = (await db.execute(select(JobRow.name, JobRow.state, JobRow.error_detail))).all()
    assert {job.state for job in jobs} == {DONE}, jobs
    await walk.look()
    index = await walk.save(tmp_path)
    playlist = next((index.parent).glob("g*/180p/index.m3u8"))
    codes = [code for _time, code in read_codes(playlist)]
    assert codes == list(range(137, 438)), "the talk's pictures and no other, across two encoders"
    times = [time for time, _code in read_codes(playlist)]
    assert all(abs(time - number / 25) < 0.002 for number, time in enumerate(times))
    assert await _count(walk, Rendition) == 2 and await _count(walk, Chunk) == 2
    assert (await walk.get("live/180p/3.m4s")).status_code == 200, "who is watching goes on with what they have"


@SQLITE
async def test_borders_moved_while_it_encodes_begin_it_anew(walk: Walk, on_air: OnAir) -> None:
    await _work(walk, until="recordings.encode_chunk")
    first = (await walk.row()).next_generation
    async with walk.runtime.database.write() as db:
        stretch = await db.scalar(select(Stretch))
        assert stretch is not None
        stretch.ends_at = wall(20)
    await _tell_ended(on_air)
    await _work(walk, until="recordings.join_cut")
    row = await walk.row()
    assert row.next_generation is not None and first is not None and row.next_generation > first
    assert (row.duration_ms, row.state, row.playable) == (14_520, "ready", True)
    assert "recordings.join_cut" in await _work(walk, until="recordings.encode_chunk")
    async with walk.runtime.database.read() as db:
        chunks = list(await db.scalars(select(Chunk).order_by(Chunk.position)))
    assert {chunk.generation for chunk in chunks} == {row.next_generation} and chunks[-1].end_ms == 14_520


@SQLITE
async def test_a_better_encode_that_is_cancelled_or_fails_leaves_what_is_shown(walk: Walk, on_air: OnAir) -> None:
    await _work(walk, until="recordings.encode_chunk")
    shown = (await walk.row()).generation
    order = f"/api/v1/recordings/{walk.recording}"
    answer = await walk.client.post(f"{order}/cancel", headers=walk.world.organiser)
    assert answer.status_code == 200 and answer.json()["next_progress"] is None
    assert (answer.json()["state"], answer.json()["playable"]) == ("ready", True)
    await _work(walk)
    assert (await walk.row()).generation == shown and await _count(walk, Chunk) == 0
    await walk.look()

    assert (await walk.client.post(f"{order}/retry", headers=walk.world.organiser)).status_code == 200
    prefix = f"live/{on_air.broadcast}/180p/4.m4s"
    await walk.runtime.store.delete(prefix)
    await _work(walk)
    row = await walk.row()
    assert (row.generation, row.next_generation, row.state, row.playable) == (shown, None, "ready", True)
    assert [one["code"] for one in row.warnings] == ["recording.not_bettered"]


async def test_marked_do_not_record_afterwards_nothing_can_be_reached(walk: Walk, on_air: OnAir) -> None:
    await _work(walk, until="recordings.encode_chunk")
    session = f"/api/v1/sessions/{walk.world.talk}"
    changed = await walk.client.patch(session, json={"do_not_record": True}, headers=walk.world.organiser)
    assert changed.status_code == 200, changed.text
    await _work(walk, twice=True)
    row = await walk.row()
    assert (row.state, row.playable, row.published_at, row.next_generation) == ("cancelled", False, None, None)
    async with walk.runtime.database.read() as db:
        dropped = list(await db.scalars(select(LiveSegment.msn).where(LiveSegment.dropped_at.is_not(None))))
    assert sorted(dropped) == [2, 3, 4, 5]
    for path in ("index.m3u8", "g1/180p/index.m3u8", "live/180p/3.m4s"):
        assert (await walk.get(path)).status_code in (403, 404, 410), path


async def test_until_the_last_segment_is_archived_the_playlist_grows(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    on_air = await put_on_air(runtime, await make_world(runtime.database), archived=4)
    await on_air.talk(on_air.world.talk, 1, 23)
    await _tell_ended(on_air)
    walk = Walk(client, on_air.runtime, on_air.world, recording=recording_id_of(on_air.broadcast, on_air.world.talk))
    await walk.step()
    growing = await walk.state()
    assert (growing["state"], growing["playable"], growing["published"]) == ("encoding", True, True)
    text = (await walk.get("g1/180p/index.m3u8")).text
    assert check_playlist(text) == [] and "ENDLIST" not in text
    await on_air.archive(5, 6)
    await _work(walk, until="recordings.join_cut")
    whole = (await walk.get("g1/180p/index.m3u8")).text
    assert whole.endswith("#EXT-X-ENDLIST\n") and whole.startswith(text.split("#EXT-X-PLAYLIST-TYPE")[0])
    stored = [item.key async for item in runtime.store.objects(recording_prefix(walk.recording))]
    assert [key for key in stored if key.endswith(".m4s")] == [], "nothing is copied"
