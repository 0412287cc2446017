"""Which segments a talk consists of, and what becomes of its recording when borders or marks change."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.core.clock import now
from server.core.removals import Removal
from server.core.runtime import Runtime
from server.events.models import Event
from server.live.models import Broadcast, LiveSegment, Stretch
from server.recordings.cut import Outcome, cut_talk, recording_id_of
from server.recordings.cut_choice import Filed, choose, clock_of, joined, media_of
from server.recordings.cut_rows import read_archive
from server.recordings.live_list import live_of
from server.recordings.models import Recording, Source
from server.sessions.models import Session
from tests.server.recordings.on_air import BEGAN, OnAir, put_on_air, wall
from tests.server.uploads.world import make_world

S = 90_000
LONG_AGO = BEGAN - timedelta(days=1)


def _filed(msn: int, *, at: datetime | None = LONG_AGO, **more: Any) -> Filed:
    start = (msn - 1) * 4 * S
    moment = BEGAN + timedelta(seconds=(msn - 1) * 4)
    return Filed(**{"msn": msn, "start": start, "duration": 4 * S, "wall": moment, "archived_at": at} | more)


SIX = [_filed(n) for n in range(1, 7)]


def _chosen(segments: list[Filed], wanted: list[tuple[int, int]], forbidden: Any = (), **more: Any) -> Any:
    return choose(segments, wanted, forbidden, **{"is_over": False, "moment": now()} | more)


def test_whole_segments_are_listed_and_the_exact_borders_kept() -> None:
    choice = _chosen(SIX, [(5 * S, 15 * S)])
    assert (choice.runs, choice.clip, choice.ranges, choice.complete) == (
        [[2, 4]], (1 * S, 11 * S), [(5 * S, 15 * S)], True
    )  # fmt: skip


def test_a_border_on_a_segments_border_takes_no_neighbour() -> None:
    assert _chosen(SIX, [(4 * S, 12 * S)]).runs == [[2, 3]]


def test_what_reaches_into_a_forbidden_neighbour_is_left_out_on_either_side() -> None:
    choice = _chosen(SIX, [(5 * S, 19 * S)], [(0, 5 * S), (19 * S, 24 * S)])
    assert choice.runs == [[3, 4]] and choice.ranges == [(8 * S, 16 * S)] and choice.clip == (0, 8 * S)


def test_a_hole_makes_groups_and_the_time_after_it_moves_up() -> None:
    choice = _chosen(SIX, [(1 * S, 23 * S)], [(9 * S, 10 * S)])
    assert choice.runs == [[1, 2], [4, 6]] and choice.ranges == [(1 * S, 8 * S), (12 * S, 23 * S)]
    assert choice.clip == (1 * S, 19 * S)


def test_several_stretches_of_one_talk_are_one_cut() -> None:
    assert joined([(8 * S, 10 * S), (0, 5 * S)]) == [(0, 10 * S)]
    choice = _chosen(SIX, [(1 * S, 3 * S), (13 * S, 23 * S)])
    assert choice.runs == [[1, 1], [4, 6]] and choice.ranges == [(1 * S, 4 * S), (12 * S, 23 * S)]


def test_it_grows_up_to_what_is_not_archived_yet() -> None:
    late = [*SIX[:4], _filed(5, at=None), _filed(6, at=now())]
    choice = _chosen(late, [(5 * S, 23 * S)])
    assert (choice.runs, choice.complete) == ([[2, 4]], False)
    gap = [*SIX[:4], _filed(6, at=now())]
    assert (_chosen(gap, [(5 * S, 23 * S)]).runs, _chosen(gap, [(5 * S, 23 * S)]).complete) == ([[2, 4]], False)
    assert not _chosen(SIX[:4], [(5 * S, 17 * S)]).complete


def test_what_is_lost_for_good_is_not_waited_for() -> None:
    lost = [*SIX[:3], *SIX[4:]]
    choice = _chosen(lost, [(5 * S, 23 * S)])
    assert (choice.runs, choice.complete) == ([[2, 3], [5, 6]], True)
    assert _chosen(SIX[:4], [(5 * S, 17 * S)], is_over=True).complete


def test_wall_time_is_read_from_the_run_it_lies_in() -> None:
    second = [_filed(n, wall=wall((n - 1) * 4), discontinuity=n == 4) for n in range(1, 7)]
    clock = clock_of(second)
    assert media_of(clock, BEGAN + timedelta(seconds=5)) == 5 * S
    assert media_of(clock, BEGAN + timedelta(seconds=14)) == 14 * S - S // 2
    assert media_of(clock, BEGAN + timedelta(seconds=12, milliseconds=200)) == 12 * S, "in the clock's hole"
    assert media_of(clock, BEGAN - timedelta(hours=1)) == 0
    assert media_of(clock, BEGAN + timedelta(seconds=30)) == 30 * S - S // 2


def test_a_clock_set_back_does_not_break_the_cut() -> None:
    back = [_filed(n, wall=BEGAN + timedelta(seconds=(n - 1) * 4 - (60 if n > 3 else 0)), discontinuity=n == 4)
            for n in range(1, 7)]  # fmt: skip
    assert media_of(clock_of(back), BEGAN + timedelta(seconds=5)) == 5 * S


# ---- with rows


@pytest.fixture
async def on_air(runtime: Runtime) -> OnAir:
    return await put_on_air(runtime, await make_world(runtime.database))


async def _cut(on_air: OnAir, session: str | None = None) -> Outcome:
    async with on_air.runtime.database.write() as db:
        archive = await read_archive(db, on_air.broadcast)
        assert archive is not None
        return await cut_talk(db, archive, session or on_air.world.talk, token_overlap_s=60)


async def _recording(on_air: OnAir, session: str | None = None) -> Recording:
    async with on_air.runtime.database.read() as db:
        return await db.get_one(Recording, recording_id_of(on_air.broadcast, session or on_air.world.talk))


async def test_a_talk_that_ended_is_published_at_once_and_only_once(on_air: OnAir) -> None:
    await on_air.talk(on_air.world.talk, 5, 17.5)
    first = await _cut(on_air)
    version = (await _recording(on_air)).version
    again = await _cut(on_air)
    made = await _recording(on_air)
    assert first.recording and again.recording and first.recording.id == again.recording.id == made.id
    assert (made.state, made.playable, made.duration_ms, made.version) == ("ready", True, 12_500, version)
    assert made.published_at is not None
    assert made.cut == [{"source_id": on_air.broadcast, "start_ms": 5000, "end_ms": 17_500}]
    live = live_of(made.plan)
    assert live is not None and live.runs == ((2, 5),) and live.clip == (1 * S, 27 * S // 2)
    async with on_air.runtime.database.read() as db:
        source = await db.get_one(Source, on_air.broadcast)
        assert source.kind == "broadcast" and len(list(await db.scalars(select(Recording)))) == 1


async def test_it_waits_where_the_event_wants_approval(on_air: OnAir) -> None:
    await on_air.change(Event, on_air.world.event, publish_live=False)
    await on_air.talk(on_air.world.talk, 5, 17.5)
    await _cut(on_air)
    made = await _recording(on_air)
    assert made.playable and made.published_at is None and made.publish_when_playable is False


async def test_it_grows_under_its_address_until_its_end_is_archived(runtime: Runtime) -> None:
    on_air = await put_on_air(runtime, await make_world(runtime.database), archived=4)
    await on_air.talk(on_air.world.talk, 1, 22)
    assert (await _cut(on_air)).again
    growing = await _recording(on_air)
    assert (growing.state, growing.playable, growing.playable_ms, growing.generation) == ("encoding", True, 15_000, 1)
    await on_air.archive(5, 6)
    assert not (await _cut(on_air)).again
    whole = await _recording(on_air)
    assert (whole.state, whole.duration_ms, whole.generation) == ("ready", 21_000, 1)


async def test_a_broadcast_that_closed_early_completes_the_talk(runtime: Runtime) -> None:
    on_air = await put_on_air(runtime, await make_world(runtime.database), archived=4)
    await on_air.talk(on_air.world.talk, 1, 22)
    await on_air.change(Broadcast, on_air.broadcast, closed_at=wall(16.2))
    assert not (await _cut(on_air)).again
    assert (await _recording(on_air)).duration_ms == 15_000


async def test_moving_a_border_changes_the_cut_in_place(on_air: OnAir) -> None:
    stretch = await on_air.talk(on_air.world.talk, 5, 17.5)
    await _cut(on_air)
    before = await _recording(on_air)
    await on_air.change(Stretch, stretch, starts_at=wall(2), ends_at=wall(23))
    await _cut(on_air)
    after = await _recording(on_air)
    assert after.id == before.id and after.version > before.version and after.published_at == before.published_at
    assert after.duration_ms == 21_000 and after.generation > before.generation
    assert after.next_generation is not None and after.next_generation > after.generation, "the encode begins anew"


async def test_every_reconnect_is_in_the_one_recording(on_air: OnAir) -> None:
    await on_air.talk(on_air.world.talk, 5, 9)
    await on_air.talk(on_air.world.talk, 17, 23)
    await _cut(on_air)
    made = await _recording(on_air)
    assert [(part["start_ms"], part["end_ms"]) for part in made.cut] == [(5000, 12_000), (16_000, 23_000)]
    assert made.duration_ms == 14_000


async def test_a_neighbour_that_is_not_to_be_recorded_keeps_its_segments(on_air: OnAir) -> None:
    await on_air.talk(on_air.world.secret_talk, 13, None)  # its session carries the mark
    await on_air.talk(on_air.world.talk, 5, 13)
    await _cut(on_air)
    made = await _recording(on_air)
    assert [(part["start_ms"], part["end_ms"]) for part in made.cut] == [(5000, 12_000)]


async def test_marked_afterwards_nothing_of_it_stays(on_air: OnAir) -> None:
    await on_air.talk(on_air.world.talk, 5, 17.5)
    await _cut(on_air)
    await on_air.change(Session, on_air.world.talk, do_not_record=True)
    await _cut(on_air)
    await _cut(on_air)
    gone = await _recording(on_air)
    assert (gone.state, gone.playable, gone.published_at, gone.cut) == ("cancelled", False, None, [])
    assert gone.error_code == "recording.do_not_record"
    async with on_air.runtime.database.read() as db:
        removals = list(await db.scalars(select(Removal).where(Removal.owner_id == f"{gone.id}:withdrawn")))
    assert removals and all(one.due_at <= now() for one in removals)
    live = live_of(gone.plan)
    assert live is not None and not any(live.lists(msn) for msn in range(1, 7))


async def test_a_dropped_segment_is_named_by_no_recording(on_air: OnAir) -> None:
    await on_air.talk(on_air.world.talk, 1, 23)
    await _cut(on_air)
    async with on_air.runtime.database.write() as db:
        (await db.get_one(LiveSegment, (on_air.broadcast, 3))).dropped_at = now()
    await _cut(on_air)
    live = live_of((await _recording(on_air)).plan)
    assert live is not None and live.runs == ((1, 2), (4, 6))


async def test_a_deleted_recording_is_not_brought_back(on_air: OnAir) -> None:
    await on_air.talk(on_air.world.talk, 5, 17.5)
    made = (await _cut(on_air)).recording
    assert made is not None
    await on_air.change(Recording, made.id, deleted_at=now())
    assert (await _cut(on_air)).recording is None
    assert (await _recording(on_air)).deleted_at is not None
