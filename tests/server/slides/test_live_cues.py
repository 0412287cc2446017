"""Cues of a talk that is on air, as rows: which talk is looked at, who reads them, and when they go."""

from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.events.models import Room
from server.live.models import Broadcast, Stretch
from server.media.live import Layout, Track
from server.slides.live_cues import KEPT, CueFound, OnNow, forget_old_cues, last_cue, read_on_now, tell_cues
from server.slides.live_watch import track_to_look_at
from server.slides.models import LiveCue
from tests.server.slides.talk_with_slides import Talk
from tests.server.uploads.world import make_world


@pytest.fixture
async def talk(client: httpx.AsyncClient, runtime: Runtime) -> Talk:
    return Talk(client, runtime, await make_world(runtime.database))


async def go_on_air(talk: Talk) -> str:
    """The talk is on in a room; returns the broadcast."""
    room = Room(id=new_id(), event_id=talk.world.event, slug="r", name="R")
    broadcast = Broadcast(id=new_id(), event_id=talk.world.event, room_id=room.id, started_at=now())
    async with talk.runtime.database.write() as db:
        db.add(room)
        await db.flush()
        db.add(broadcast)
        await db.flush()
        db.add(
            Stretch(event_id=talk.world.event, broadcast_id=broadcast.id, session_id=talk.world.talk, starts_at=now())
        )
    return broadcast.id


def found(talk: Talk, second: int, page: tuple[str, int] | None, begin: datetime) -> CueFound:
    return CueFound(
        event=talk.world.event, session=talk.world.talk, at=second * 90_000, wall=begin + timedelta(seconds=second),
        page=page, confidence=0.97,
    )  # fmt: skip


async def test_a_talk_on_air_has_cues_until_a_day_after(talk: Talk) -> None:
    broadcast, begin = await go_on_air(talk), now()
    async with talk.runtime.database.read() as db:
        assert await read_on_now(db, broadcast) is None  # it has no slides
    deck = await talk.draw()
    async with talk.runtime.database.write() as db:
        assert await read_on_now(db, broadcast) == OnNow(
            event=talk.world.event, session=talk.world.talk, looked_for=((deck, 1),)
        )
        assert await last_cue(db, broadcast) is None
        await tell_cues(db, talk.runtime, broadcast, [found(talk, 0, (deck, 1), begin), found(talk, 9, None, begin)])
        await tell_cues(db, talk.runtime, broadcast, [found(talk, 9, (deck, 2), begin)])  # the same moment again
    async with talk.runtime.database.read() as db:
        last = await last_cue(db, broadcast)
    assert last is not None and (last.at, last.page) == (9 * 90_000, 2)
    told = [(one["deck"], one["page"], datetime.fromisoformat(one["at"])) for one in (await talk.look())["live"]]
    assert told == [(deck, 1, begin), (deck, 2, begin + timedelta(seconds=9))]
    for since, count in ((KEPT / 2, 2), (KEPT + timedelta(minutes=1), 0)):
        async with talk.runtime.database.write() as db:
            (await db.get_one(Broadcast, broadcast)).closed_at = now() - since
            await forget_old_cues(db)
        assert len((await talk.look())["live"]) == count
        async with talk.runtime.database.read() as db:
            assert len(list(await db.scalars(select(LiveCue)))) == count


async def test_the_next_talk_begins_with_the_picture_of_the_last_page_and_both_are_kept(talk: Talk) -> None:
    broadcast, begin, deck = await go_on_air(talk), now(), await talk.draw()
    last = found(talk, 9, (deck, 2), begin)
    following = replace(last, session=talk.world.secret_talk, page=(deck, 1))
    for cue in (last, following, last, following):  # each is told again by a follower that was started again
        async with talk.runtime.database.write() as db:
            await tell_cues(db, talk.runtime, broadcast, [cue])
    async with talk.runtime.database.read() as db:
        rows = list(await db.scalars(select(LiveCue).order_by(LiveCue.at)))
    assert [(row.session_id, row.page, row.wall) for row in rows] == [
        (cue.session, cue.page[1] if cue.page else None, last.wall) for cue in (last, following)
    ]


@pytest.mark.parametrize(
    ("heights", "chosen"),
    [((1080, 720, 480), 720), ((2160, 1080), 1080), ((480, 360), 480), ((), None)],
)
def test_the_highest_rung_of_at_most_720_lines_is_looked_at(heights: tuple[int, ...], chosen: int | None) -> None:
    tracks = [
        Track(name=f"{height}p", kind="video", codecs="avc1.64001f", timescale=90_000, peak_kbps=1000,
              width=height * 16 // 9, height=height)
        for height in heights
    ]  # fmt: skip
    sound = Track(name="audio", kind="audio", codecs="mp4a.40.2", timescale=48_000, peak_kbps=96)
    track = track_to_look_at(Layout(tracks=(*tracks, sound), frame_rate="25/1", part_frames=(13, 12)))
    assert (track.height if track else None) == chosen
