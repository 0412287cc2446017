"""A job is a row; Celery rings the bell (DESIGN §3.6).

The row holds the work's arguments, its state, a lease with a fencing attempt, progress and an error in words. The
message carries only the row's id and is sent after commit. Delivered twice, a job runs once: `claim` is a
compare-and-swap. Lost, it is rung again by `due_bells`. A dead worker's lease runs out and the job is claimed anew with
a higher attempt; whatever the dead one still writes is refused by `hold`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

import msgspec
from sqlalchemy import CursorResult, Index, String, Text, and_, case, or_, select, true, update
from sqlalchemy.orm import Mapped, mapped_column

from server.core.clock import now
from server.core.db import Base, Db, HasId, HasTimes, ring_after_commit
from server.core.errors import Conflict
from server.core.ids import new_id

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
# A job whose workers died so often kills them (memory, a crash of ffmpeg's host…): it is failed in words.
MOST_STRIKES = 40


class LeaseLost(Conflict):
    """Another worker has the job now, or it was cancelled; nothing of this attempt may be kept."""

    code = "jobs.lease_lost"
    says = "This attempt no longer holds the job."


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An order to do something; subclasses name it and add ids as fields."""

    name: ClassVar[str] = ""
    queue: ClassVar[str] = "light"
    max_attempts: ClassVar[int] = 5


class JobRow(HasId, HasTimes, Base):
    """One unit of work."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_run_after", "state", "run_after"),
        Index("ix_jobs_subject", "subject"),
    )

    name: Mapped[str] = mapped_column(String(80))
    queue: Mapped[str] = mapped_column(String(20))
    arguments: Mapped[dict[str, Any]]
    subject: Mapped[str] = mapped_column(String(64), default="")
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default=QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)  # the fence: rises with every claim
    strikes: Mapped[int] = mapped_column(default=0)  # how often a worker died over it, or its handler failed
    max_attempts: Mapped[int] = mapped_column(default=5)
    run_after: Mapped[datetime] = mapped_column(default=now)
    rung_at: Mapped[datetime | None] = mapped_column(default=now)
    lease_until: Mapped[datetime | None]
    owner: Mapped[str] = mapped_column(String(120), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None] = mapped_column(String(80))
    error_detail: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


async def enqueue(
    db: Db, job: Job, *, subject: str = "", position: int = 0, delay_s: float = 0.0, job_id: str | None = None
) -> str:
    """Write the job in this transaction; its bell rings after the commit. Returns the job's id."""
    row = JobRow(
        id=job_id or new_id(),
        name=job.name,
        queue=job.queue,
        arguments=msgspec.to_builtins(job),
        subject=subject,
        position=position,
        max_attempts=job.max_attempts,
        run_after=now() + timedelta(seconds=delay_s),
    )
    db.add(row)
    await db.flush()
    if delay_s <= 0:
        ring_after_commit(db, queue=row.queue, job_id=row.id)
    return row.id


async def claim(db: Db, job_id: str, *, owner: str, lease_s: int) -> JobRow | None:
    """Take the job if it is free: queued and due, or running with a lease that ran out. None when it is not."""
    moment = now()
    free = or_(
        and_(JobRow.state == QUEUED, JobRow.run_after <= moment),
        and_(JobRow.state == RUNNING, JobRow.lease_until < moment),
    )
    taken = await db.execute(
        update(JobRow)
        .where(JobRow.id == job_id, free, JobRow.cancel_asked.is_(False), JobRow.strikes < MOST_STRIKES)
        .values(
            state=RUNNING,
            attempt=JobRow.attempt + 1,
            strikes=case((JobRow.state == RUNNING, JobRow.strikes + 1), else_=JobRow.strikes),
            owner=owner,
            started_at=moment,
            lease_until=moment + timedelta(seconds=lease_s),
            error_code=None,
            error_detail=None,
        )
        .execution_options(synchronize_session=False)
    )
    if not cast(CursorResult[Any], taken).rowcount:
        return None
    return await db.get(JobRow, job_id, populate_existing=True)


async def hold(db: Db, job_id: str, attempt: int, *, lease_s: int, progress: float | None = None) -> None:
    """Renew the lease of this attempt; raises LeaseLost when it is not ours, or was cancelled.

    Called first in every transaction a worker writes in: the row stays locked until that transaction ends, so nobody
    can take the job between this check and the commit.
    """
    values: dict[str, Any] = {"lease_until": now() + timedelta(seconds=lease_s)}
    if progress is not None:
        values["progress"] = progress
    held = await db.execute(_ours(job_id, attempt).where(JobRow.cancel_asked.is_(False)).values(**values))
    if not cast(CursorResult[Any], held).rowcount:
        raise LeaseLost


async def finish(db: Db, job_id: str, attempt: int) -> None:
    """Mark this attempt's work done; raises LeaseLost when it is not ours."""
    done = await db.execute(_ours(job_id, attempt).values(state=DONE, progress=1.0, lease_until=None, ended_at=now()))
    if not cast(CursorResult[Any], done).rowcount:
        raise LeaseLost


async def give_up(db: Db, job_id: str, attempt: int, *, code: str, detail: str) -> None:
    """Mark the job failed for good, in words; raises LeaseLost when it is not ours."""
    failed = await db.execute(
        _ours(job_id, attempt).values(
            state=FAILED, lease_until=None, ended_at=now(), error_code=code, error_detail=detail
        )
    )
    if not cast(CursorResult[Any], failed).rowcount:
        raise LeaseLost


async def try_again(
    db: Db, job_id: str, attempt: int, *, code: str, detail: str, delay_s: float, strike: bool = True
) -> None:
    """Put the job back for another attempt after a delay, keeping the error in words.

    `strike` is False when nothing is wrong with the job, only an engine away: that is waited for without end.
    """
    back = await db.execute(
        _ours(job_id, attempt).values(
            state=QUEUED,
            lease_until=None,
            run_after=now() + timedelta(seconds=delay_s),
            rung_at=None,
            strikes=JobRow.strikes + int(strike),
            error_code=code,
            error_detail=detail,
        )
    )
    if not cast(CursorResult[Any], back).rowcount:
        raise LeaseLost


async def cancel_jobs(db: Db, *, subject: str, names: Sequence[str] = ()) -> int:
    """Cancel every job of a subject: waiting ones at once, running ones when their worker next looks (≤ 2 s)."""
    of_subject = [JobRow.subject == subject]
    if names:
        of_subject.append(JobRow.name.in_(names))
    options = {"synchronize_session": False}
    waiting = await db.execute(
        update(JobRow)
        .where(*of_subject, JobRow.state == QUEUED)
        .values(state=CANCELLED, ended_at=now(), cancel_asked=True)
        .execution_options(**options)
    )
    running = await db.execute(
        update(JobRow)
        .where(*of_subject, JobRow.state == RUNNING)
        .values(cancel_asked=True)
        .execution_options(**options)
    )
    return cast(CursorResult[Any], waiting).rowcount + cast(CursorResult[Any], running).rowcount


async def mark_cancelled(db: Db, job_id: str, attempt: int) -> None:
    """A worker says that it stopped on request."""
    await db.execute(_ours(job_id, attempt).values(state=CANCELLED, lease_until=None, ended_at=now()))


async def due_bells(db: Db, *, silent_s: int = 10, most: int = 500, queues: Collection[str] | None = None) -> int:
    """Ring again for jobs nobody took: due but unclaimed for `silent_s`, or with a lease that ran out.

    `queues` narrows it to queues that hold no bell any more: behind a long line of waiting jobs nothing is lost, and
    ringing again would only make the line longer.

    A job whose lease ran out while its cancellation was asked is ended here: no worker will claim it.
    """
    moment = now()
    await db.execute(
        update(JobRow)
        .where(JobRow.state == RUNNING, JobRow.lease_until < moment, JobRow.cancel_asked.is_(True))
        .values(state=CANCELLED, ended_at=moment, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    silent = moment - timedelta(seconds=silent_s)
    quiet = or_(JobRow.rung_at.is_(None), JobRow.rung_at < silent)
    rows = await db.scalars(
        select(JobRow)
        .where(
            or_(
                and_(JobRow.state == QUEUED, JobRow.run_after <= moment),
                and_(JobRow.state == RUNNING, JobRow.lease_until < moment),
            ),
            JobRow.strikes < MOST_STRIKES,
            true() if queues is None else JobRow.queue.in_(list(queues)),
            quiet,
        )
        .order_by(JobRow.position, JobRow.id)
        .limit(most)
    )
    count = 0
    for row in rows:
        row.rung_at = moment
        ring_after_commit(db, queue=row.queue, job_id=row.id)
        count += 1
    return count


async def dead_jobs(db: Db) -> list[JobRow]:
    """Fail the jobs that were claimed too often without an end; returns them for whoever must hear of it."""
    moment = now()
    rows = list(
        await db.scalars(
            select(JobRow).where(
                JobRow.strikes >= MOST_STRIKES,
                or_(JobRow.state == QUEUED, and_(JobRow.state == RUNNING, JobRow.lease_until < moment)),
            )
        )
    )
    for row in rows:
        row.state, row.ended_at, row.lease_until = FAILED, moment, None
        row.error_code = "jobs.worker_died"
        row.error_detail = "Every worker that took this job died over it; look for memory or disk that ran out."
    return rows


def _ours(job_id: str, attempt: int) -> Any:
    """An update of the job as long as this attempt holds it."""
    return (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.attempt == attempt, JobRow.state == RUNNING)
        .execution_options(synchronize_session=False)
    )
