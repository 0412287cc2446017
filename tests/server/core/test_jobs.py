"""A job is a row with a lease: run once, fenced, rung again, cancelled."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.core import jobs
from server.core.clock import now
from server.core.db import Database
from server.core.jobs import Job, JobRow, LeaseLost
from tests.conftest import BellRecorder


class Sweep(Job, frozen=True, kw_only=True):
    name = "test.sweep"
    queue = "light"
    floor: str


async def _enqueued(database: Database, **options: float) -> str:
    async with database.write() as db:
        return await jobs.enqueue(db, Sweep(floor="2"), subject="house", **options)


async def _claimed(database: Database, job_id: str, *, lease_s: int = 60) -> JobRow | None:
    async with database.write() as db:
        return await jobs.claim(db, job_id, owner="w", lease_s=lease_s)


async def _expire(database: Database, job_id: str) -> None:
    async with database.write() as db:
        await db.execute(
            update(JobRow).where(JobRow.id == job_id).values(lease_until=now() - timedelta(seconds=1), rung_at=None)
        )


async def test_bell_rings_after_commit_only(database: Database, bells: BellRecorder) -> None:
    job_id = await _enqueued(database)
    assert bells.rung == [("light", job_id)]


async def test_rolled_back_work_rings_nothing_and_leaves_no_row(database: Database, bells: BellRecorder) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as db:
            job_id = await jobs.enqueue(db, Sweep(floor="2"))
            raise RuntimeError
    async with database.read() as db:
        assert await db.get(JobRow, job_id) is None
    assert bells.rung == []


async def test_delivered_twice_is_claimed_once(database: Database) -> None:
    job_id = await _enqueued(database)
    first = await _claimed(database, job_id)
    assert first is not None and first.attempt == 1
    assert await _claimed(database, job_id) is None


async def test_expired_lease_is_claimed_anew_and_fences_the_old_attempt(database: Database) -> None:
    job_id = await _enqueued(database)
    await _claimed(database, job_id)
    await _expire(database, job_id)
    second = await _claimed(database, job_id)
    assert second is not None and second.attempt == 2
    with pytest.raises(LeaseLost):
        async with database.write() as db:
            await jobs.hold(db, job_id, 1, lease_s=60)
    with pytest.raises(LeaseLost):
        async with database.write() as db:
            await jobs.finish(db, job_id, 1)
    async with database.write() as db:
        await jobs.finish(db, job_id, 2)


async def test_done_is_never_claimed_again(database: Database) -> None:
    job_id = await _enqueued(database)
    await _claimed(database, job_id)
    async with database.write() as db:
        await jobs.finish(db, job_id, 1)
    await _expire(database, job_id)
    assert await _claimed(database, job_id) is None


async def test_lost_bells_ring_again(database: Database, bells: BellRecorder) -> None:
    quiet, dead, fresh = [await _enqueued(database) for _ in range(3)]
    await _claimed(database, dead)
    await _expire(database, dead)
    await _claimed(database, fresh)
    bells.rung.clear()
    async with database.write() as db:
        await db.execute(update(JobRow).where(JobRow.id == quiet).values(rung_at=None))
    async with database.write() as db:
        assert await jobs.due_bells(db) == 2
    assert {job_id for _queue, job_id in bells.rung} == {quiet, dead}
    async with database.write() as db:
        assert await jobs.due_bells(db) == 0, "a bell that was just rung is not rung again at once"


async def test_delayed_job_is_not_due(database: Database, bells: BellRecorder) -> None:
    job_id = await _enqueued(database, delay_s=3600)
    assert bells.rung == []
    assert await _claimed(database, job_id) is None


async def test_try_again_keeps_the_error_in_words(database: Database) -> None:
    job_id = await _enqueued(database)
    await _claimed(database, job_id)
    async with database.write() as db:
        await jobs.try_again(db, job_id, 1, code="storage.unavailable", detail="away", delay_s=0)
    async with database.read() as db:
        row = await db.get_one(JobRow, job_id)
        assert (row.state, row.error_code, row.error_detail) == ("queued", "storage.unavailable", "away")
    again = await _claimed(database, job_id)
    assert again is not None and again.error_code is None


async def test_cancel_ends_waiting_jobs_and_asks_running_ones(database: Database) -> None:
    waiting, running = await _enqueued(database), await _enqueued(database)
    await _claimed(database, running)
    async with database.write() as db:
        assert await jobs.cancel_jobs(db, subject="house") == 2
    assert await _claimed(database, waiting) is None
    with pytest.raises(LeaseLost):
        async with database.write() as db:
            await jobs.hold(db, running, 1, lease_s=60)
    async with database.write() as db:
        await jobs.mark_cancelled(db, running, 1)
    async with database.read() as db:
        states = {(await db.get_one(JobRow, job_id)).state for job_id in (waiting, running)}
    assert states == {"cancelled"}


async def test_job_that_kills_its_worker_fails_in_words(database: Database) -> None:
    job_id = await _enqueued(database)
    for _ in range(jobs.MOST_STRIKES + 1):
        assert await _claimed(database, job_id) is not None
        await _expire(database, job_id)
    assert await _claimed(database, job_id) is None
    async with database.write() as db:
        dead = await jobs.dead_jobs(db)
    assert [row.id for row in dead] == [job_id]
    assert dead[0].state == "failed" and dead[0].error_code == "jobs.worker_died"


async def test_bells_behind_a_line_are_not_rung_again(database: Database, bells: BellRecorder) -> None:
    job_id = await _enqueued(database)
    async with database.write() as db:
        await db.execute(update(JobRow).where(JobRow.id == job_id).values(rung_at=None))
    bells.rung.clear()
    async with database.write() as db:
        assert await jobs.due_bells(db, queues=["encode"]) == 0
    async with database.write() as db:
        assert await jobs.due_bells(db, queues=["light"]) == 1
    assert bells.rung == [("light", job_id)]
