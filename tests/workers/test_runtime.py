"""What happens around a handler: done, again, failed in words, cancelled, fenced."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import update

from server.core import jobs
from server.core.clock import now
from server.core.db import Db
from server.core.errors import Conflict, Unavailable
from server.core.jobs import Job, JobRow
from server.core.runtime import Runtime
from tests.waiting import soon
from workers.runtime import Work, handles, on_failure, run_claimed


class Chore(Job, frozen=True, kw_only=True):
    name = "test.chore"
    max_attempts: ClassVar[int] = 2
    what: str


class Broken(Conflict):
    code = "test.broken"
    says = "It is broken; mend it."


SEEN: list[str] = []
FAILED: list[tuple[str, str, str]] = []
CARRIED: list[float] = []
GOING = asyncio.Event()


@handles(Chore)
async def do_chore(job: Chore, work: Work) -> None:
    SEEN.append(job.what)
    if job.what == "refused":
        raise Broken
    if job.what == "away":
        raise Unavailable
    if job.what == "crash":
        raise RuntimeError("boom")
    if job.what == "endless":
        work.on_beat = _carried
        work.progress(0.5)
        GOING.set()
        await asyncio.Event().wait()


async def _carried(_db: Db, share: float) -> None:
    CARRIED.append(share)


@on_failure(Chore)
async def chore_failed(_db: Db, _runtime: Runtime, job: Chore, code: str, detail: str) -> None:
    FAILED.append((job.what, code, detail))


@pytest.fixture(autouse=True)
def _clean() -> None:
    SEEN.clear()
    FAILED.clear()
    CARRIED.clear()
    GOING.clear()


@pytest.fixture
def quick(runtime: Runtime) -> Runtime:
    """Heartbeats every quarter of a second."""
    return replace(runtime, limits=replace(runtime.limits, lease_s=1))


async def _enqueue(runtime: Runtime, what: str) -> str:
    async with runtime.database.write() as db:
        return await jobs.enqueue(db, Chore(what=what), subject="house")


async def _row(runtime: Runtime, job_id: str) -> JobRow:
    async with runtime.database.read() as db:
        return await db.get_one(JobRow, job_id)


async def test_done_once_however_often_it_is_rung(runtime: Runtime) -> None:
    job_id = await _enqueue(runtime, "plain")
    await asyncio.gather(*(run_claimed(runtime, job_id, owner=f"w{n}") for n in range(4)))
    row = await _row(runtime, job_id)
    assert SEEN == ["plain"] and (row.state, row.progress, row.attempt) == ("done", 1.0, 1)


async def test_refusal_fails_at_once_in_words(runtime: Runtime) -> None:
    job_id = await _enqueue(runtime, "refused")
    await run_claimed(runtime, job_id, owner="w")
    row = await _row(runtime, job_id)
    assert (row.state, row.error_code, row.error_detail) == ("failed", "test.broken", "It is broken; mend it.")
    assert FAILED == [("refused", "test.broken", "It is broken; mend it.")]


async def test_crash_is_tried_again_and_then_fails(runtime: Runtime) -> None:
    job_id = await _enqueue(runtime, "crash")
    await run_claimed(runtime, job_id, owner="w")
    assert (await _row(runtime, job_id)).state == "queued" and FAILED == []
    await _make_due(runtime, job_id)
    await run_claimed(runtime, job_id, owner="w")
    row = await _row(runtime, job_id)
    assert row.state == "failed" and "boom" in (row.error_detail or "") and len(FAILED) == 1


async def test_engine_that_is_away_is_waited_for_without_end(runtime: Runtime) -> None:
    job_id = await _enqueue(runtime, "away")
    for _ in range(5):
        await run_claimed(runtime, job_id, owner="w")
        await _make_due(runtime, job_id)
    row = await _row(runtime, job_id)
    assert (row.state, row.strikes, row.error_code) == ("queued", 0, "engine.unavailable") and FAILED == []


async def test_cancel_stops_a_running_handler(quick: Runtime) -> None:
    job_id = await _enqueue(quick, "endless")
    running = asyncio.ensure_future(run_claimed(quick, job_id, owner="w"))
    await GOING.wait()
    async with quick.database.write() as db:
        await jobs.cancel_jobs(db, subject="house")
    await running
    assert (await _row(quick, job_id)).state == "cancelled"


async def test_job_taken_over_stops_the_slow_worker(quick: Runtime) -> None:
    job_id = await _enqueue(quick, "endless")
    running = asyncio.ensure_future(run_claimed(quick, job_id, owner="slow"))
    await GOING.wait()
    async with quick.database.write() as db:
        await db.execute(update(JobRow).where(JobRow.id == job_id).values(attempt=JobRow.attempt + 1, owner="other"))
    await running
    row = await _row(quick, job_id)
    assert (row.state, row.owner) == ("running", "other"), "the new owner's claim was touched"


async def test_heartbeat_renews_the_lease_and_writes_progress(quick: Runtime) -> None:
    job_id = await _enqueue(quick, "endless")
    running = asyncio.ensure_future(run_claimed(quick, job_id, owner="w"))
    await GOING.wait()
    first = (await _row(quick, job_id)).lease_until

    async def renewed() -> bool:
        row = await _row(quick, job_id)
        return row.progress == 0.5 and row.lease_until is not None and first is not None and row.lease_until > first

    await soon(renewed, timeout_s=10, what="a renewed lease")
    assert CARRIED[0] == 0.5, "the domain was told"
    async with quick.database.write() as db:
        await jobs.cancel_jobs(db, subject="house")
    await running


async def _make_due(runtime: Runtime, job_id: str) -> None:
    async with runtime.database.write() as db:
        await db.execute(update(JobRow).where(JobRow.id == job_id).values(run_after=now() - timedelta(seconds=1)))
