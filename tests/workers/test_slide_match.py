"""Slides in step by themselves: a deck and a recording come, a real worker matches them."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import select

from server.core.jobs import QUEUED, JobRow, enqueue
from server.core.runtime import Runtime
from server.live.models import LiveSegment, Stretch
from server.live.storage_keys import broadcast_prefix, init_path, segment_path
from server.recordings.jobs import CutTalk
from server.slides.jobs import MATCH
from server.slides.models import SlideSync
from tests.clips import folder, run_ffmpeg
from tests.server.recordings.on_air import SEGMENTS, OnAir, _encoded, put_on_air, wall
from tests.server.recordings.on_air import _cut as cut_segments
from tests.server.slides.decks import rendered
from tests.server.uploads.world import World, make_world
from tests.workers.walk import Walk, short_chunks
from workers.runtime import run_claimed

# What these run of the database is run on both by tests/server/slides.
pytestmark = [pytest.mark.ffmpeg, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
WIDTH, HEIGHT = 640, 360
WORDS = [
    ("Cranes in autumn", "where they rest, and for how long"),
    ("How we counted", "two people, one telescope, no sleep"),
    ("What we found", "eleven thousand birds in one night"),
]


def picture(number: int) -> Path:
    """A page as a still picture, drawn once a run."""
    path = folder() / f"cranes-{number}.png"
    if not path.exists():
        image = Image.new("RGB", (WIDTH, HEIGHT), ("#fdf6e3", "#ffffff", "#eef4ff")[number % 3])
        draw = ImageDraw.Draw(image)
        title, line = WORDS[number]
        draw.text((30, 30), title, "#203040", ImageFont.load_default(38))
        draw.text((40, 110), line, "#333333", ImageFont.load_default(24))
        for bar in range(7):
            height = 30 + (bar * 37 + number * 53) % 110
            draw.rectangle((50 + 80 * bar, 330 - height, 100 + 80 * bar, 330), fill=("#2a6", "#a62", "#26a")[number])
        image.save(path)
    return path


def deck(*pages: int) -> bytes:
    """A ZIP of pictures of these pages."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for place, number in enumerate(pages):
            made.writestr(f"{place + 1:02d}.png", picture(number).read_bytes())
    return file.getvalue()


def film(shown: Sequence[tuple[int, float]]) -> Path:
    """A slide capture: (page, seconds), five pictures a second, without sound."""
    path = folder() / ("capture-" + "-".join(f"{page}x{seconds:g}" for page, seconds in shown) + ".mp4")
    if not path.exists():
        inputs: list[str] = []
        for page, seconds in shown:
            inputs += ["-loop", "1", "-framerate", "5", "-t", f"{seconds:g}", "-i", f"file:{picture(page)}"]
        joined = "".join(f"[{number}:v]" for number in range(len(shown)))
        run_ffmpeg(
            *inputs, "-filter_complex", f"{joined}concat=n={len(shown)}:v=1:a=0,format=yuv420p[v]", "-map", "[v]",
            "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", f"file:{path}",
        )  # fmt: skip
    return path


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


@pytest.fixture
async def walk(client: httpx.AsyncClient, runtime: Runtime, world: World) -> Walk:
    return Walk(client, short_chunks(runtime, ladder=(360,)), world)


async def slides_of(walk: Walk, who: str = "nobody") -> dict[str, Any]:
    answer = await walk.client.get(f"/api/v1/sessions/{walk.world.talk}/slides", headers=walk.world.askers[who])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def assert_shows(view: dict[str, Any], *wanted: tuple[int | None, int]) -> None:
    """(page, start in seconds) of each cue, to a quarter of a second: pictures come five times a second."""
    assert [cue["page"] for cue in view["cues"]] == [page for page, _start in wanted]
    starts = [cue["start_ms"] / 1000 for cue in view["cues"]]
    assert starts == pytest.approx([start for _page, start in wanted], abs=0.25)


async def orders(runtime: Runtime) -> list[str]:
    """The states of the matcher's jobs, oldest first."""
    async with runtime.database.read() as db:
        return list(await db.scalars(select(JobRow.state).where(JobRow.name == MATCH).order_by(JobRow.id)))


async def test_a_recording_and_a_deck_come_and_cues_are_there(walk: Walk) -> None:
    """One film is looked at from all sides: encoding and matching are what these tests cost."""
    assert (await slides_of(walk))["state"] == "none"
    await walk.upload(film([(0, 7), (1, 6), (2, 5), (1, 6)]))
    await walk.finish()
    first = await rendered(walk.client, walk.world, walk.runtime, deck(0, 1, 2), filename="cranes.zip")
    view = await slides_of(walk)
    assert (view["state"], view["progress"], view["error"]) == ("ready", 1.0, None)
    assert_shows(view, (1, 0), (2, 7), (3, 13), (2, 18))
    assert {cue["deck"] for cue in view["cues"]} == {first} and view["cues"][-1]["end_ms"] == 24_000
    assert all(cue["confidence"] > 0.5 and not cue["edited"] for cue in view["cues"])
    assert await orders(walk.runtime) == ["done"]
    await _a_correction_is_seen(walk, first)
    await _another_deck_takes_its_place(walk)


async def _a_correction_is_seen(walk: Walk, first: str) -> None:
    """Said by the speaker; seen by everybody."""
    root, speaker = f"/api/v1/sessions/{walk.world.talk}", walk.world.askers["speaker"]
    said = {"op": "set", "start_ms": 14_000, "end_ms": 16_000, "deck": first, "page": 1}
    answer = await walk.client.post(f"{root}/cues", json=said, headers=speaker)
    assert answer.status_code == 200, answer.text
    wanted = [(1, 0), (2, 7), (3, 13), (1, 14), (3, 16), (2, 18)]
    assert_shows(answer.json(), *wanted)
    assert_shows(await slides_of(walk), *wanted)


async def _another_deck_takes_its_place(walk: Walk) -> None:
    """Matched anew by itself. Its pages say nothing but by their pictures, so what was said of one is in doubt."""
    second = await rendered(walk.client, walk.world, walk.runtime, deck(2, 0), filename="cranes.zip")
    view = await slides_of(walk)
    assert view["state"] == "ready" and [one["id"] for one in view["decks"]] == [second]
    assert {cue["page"] for cue in view["cues"] if cue["deck"] == second} == {1, 2}
    assert view["cues"][0]["page"] == 2
    assert [one["why"] for one in view["unsure"] if one["start_ms"] == 14_000] == ["page_gone"]
    async with walk.runtime.database.read() as db:
        sync = await db.get_one(SlideSync, walk.world.talk)
    assert sync.turn == 2 and await orders(walk.runtime) == ["done"] * 2


async def show(on_air: OnAir, path: Path) -> None:
    """The broadcast showed this film: its picture in the place of the archived one."""
    encoded = _encoded(
        path, "-an", "-c:v", "libx264", "-preset", "superfast", "-bf", "0", "-crf", "23", "-force_key_frames",
        "expr:gte(t,n_forced*4)", "-video_track_timescale", "90000", "-movie_timescale", "90000",
    )  # fmt: skip
    pieces = cut_segments(encoded, [number * 4 * 90_000 for number in range(SEGMENTS + 1)], 1)
    prefix = broadcast_prefix(on_air.broadcast)
    for msn, one in enumerate(pieces, 1):
        await on_air.runtime.store.put(prefix + segment_path("180p", msn), one.data, content_type="video/mp4")
        await on_air.runtime.store.put(prefix + init_path("180p", one.init_name), one.init, content_type="video/mp4")
    async with on_air.runtime.database.write() as db:
        for row in await db.scalars(select(LiveSegment)):
            one = pieces[row.msn - 1]
            row.tracks = {**row.tracks, "180p": [one.duration, len(one.data), one.init_name]}


async def test_a_live_cut_is_matched_from_the_archive_and_only_where_it_grew(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    """Borders that move ask for what is new."""
    on_air = await put_on_air(short_chunks(runtime, ladder=(180,)), world)
    stretch = await on_air.talk(world.talk, 5, 11)
    await show(on_air, film([(0, 7), (1, 6), (2, 5), (1, 6)]))
    await rendered(client, world, on_air.runtime, deck(0, 1, 2), filename="cranes.zip")
    await _cut(on_air)
    walk = Walk(client, on_air.runtime, world)
    view = await slides_of(walk)
    assert view["state"] == "ready" and view["cues"][-1]["end_ms"] == 6_000
    assert_shows(view, (1, 0), (2, 2))
    await _mark(on_air.runtime, on_air.broadcast)
    await on_air.change(Stretch, stretch, ends_at=wall(21))
    await _cut(on_air)
    grown = await slides_of(walk)
    assert grown["cues"][-1]["end_ms"] == 16_000
    assert_shows(grown, (1, 0), (2, 2), (3, 8), (2, 13))
    async with runtime.database.read() as db:
        found = (await db.get_one(SlideSync, world.talk)).found[on_air.broadcast]["cues"]
    assert [cue[4] for cue in found if cue[0] < 11_000] == ["marked"] * 2, "what was known was looked at again"
    assert found[-1][1] >= 20_000 and await orders(runtime) == ["done", "done"]


async def _cut(on_air: OnAir) -> None:
    """The talk ended, or its borders moved: every job that follows, but for the better encode."""
    async with on_air.runtime.database.write() as db:
        await enqueue(db, CutTalk(broadcast=on_air.broadcast, session=on_air.world.talk), subject=on_air.broadcast)
    for names in (["recordings.cut_talk"], ["recordings.published", "recordings.ready"], [MATCH]):
        async with on_air.runtime.database.read() as db:
            waiting = list(await db.scalars(select(JobRow.id).where(JobRow.name.in_(names), JobRow.state == QUEUED)))
        for job in waiting:
            await run_claimed(on_air.runtime, job, owner="test")


async def _mark(runtime: Runtime, source: str) -> None:
    """Tell what was found by now from what will be."""
    async with runtime.database.write() as db:
        sync = (await db.scalars(select(SlideSync))).one()
        one = sync.found[source]
        sync.found = {**sync.found, source: {**one, "cues": [[*cue[:4], "marked"] for cue in one["cues"]]}}
