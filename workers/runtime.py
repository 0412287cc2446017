"""One worker process: one event loop, one database, one S3 client, made after the fork (DESIGN §5).

`run_job` claims a job's row, runs its handler with a heartbeat beside it, and records the outcome. The heartbeat renews
the lease and looks for a cancellation; when either is lost the handler's task is cancelled, which stops its children.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
import structlog

import server.tables  # noqa: F401 -- registers every table
from server.core import jobs
from server.core.db import Db
from server.core.errors import SemmaError, Unavailable
from server.core.jobs import Job, JobRow, LeaseLost
from server.core.metrics import JOBS_ENDED
from server.core.queue import Ringer
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.media.refusals import MediaError
from server.process import make_runtime

log = structlog.get_logger(__name__)

J = TypeVar("J", bound=Job)
Handler = Callable[[Any, "Work"], Awaitable[None]]
_HANDLERS: dict[str, tuple[type[Job], Handler]] = {}
# What a job that will not be tried again leaves behind: (job, error code, sentence) → the domain's own record of it.
FailureRecorder = Callable[[Db, Runtime, Any, str, str], Awaitable[None]]
_ON_FAILURE: dict[str, FailureRecorder] = {}


def handles(job_type: type[J]) -> Callable[[Callable[[J, "Work"], Awaitable[None]]], Handler]:
    """Register the handler of a job."""

    def register(handler: Callable[[J, "Work"], Awaitable[None]]) -> Handler:
        _HANDLERS[job_type.name] = (job_type, handler)
        return handler

    return register


def on_failure(
    job_type: type[J],
) -> Callable[[Callable[[Db, Runtime, J, str, str], Awaitable[None]]], FailureRecorder]:
    """Register what is recorded, in the same transaction, when a job fails for good."""

    def register(recorder: Callable[[Db, Runtime, J, str, str], Awaitable[None]]) -> FailureRecorder:
        _ON_FAILURE[job_type.name] = recorder
        return recorder

    return register


class Work:
    """What a handler works with: the engines, and transactions fenced by this attempt's lease."""

    def __init__(self, runtime: Runtime, row: JobRow) -> None:
        self.runtime = runtime
        self.store = runtime.store
        self.job_id, self.attempt = row.id, row.attempt
        self._progress: float | None = None
        self._finished = False
        # Called in the transaction of each heartbeat with the progress so far, to carry it to the domain's own row.
        self.on_beat: Callable[[Db, float], Awaitable[None]] | None = None

    @asynccontextmanager
    async def transaction(self, *, last: bool = False) -> AsyncIterator[Db]:
        """A writing transaction that only commits while this attempt holds the job; raises LeaseLost otherwise.

        `last` marks the job done in the same transaction, so that its outcome is recorded exactly once.
        """
        async with self.runtime.database.write() as db:
            await jobs.hold(db, self.job_id, self.attempt, lease_s=self.runtime.limits.lease_s)
            yield db
            if last:
                await db.flush()
                await jobs.finish(db, self.job_id, self.attempt)
        self._finished = self._finished or last

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Db]:
        """A database session for reading."""
        async with self.runtime.database.read() as db:
            yield db

    def progress(self, share: float) -> None:
        """Note how far the work is, 0…1; the next heartbeat writes it."""
        self._progress = min(max(share, 0.0), 1.0)

    async def beat(self) -> None:
        """Renew the lease once; raises LeaseLost."""
        async with self.runtime.database.write() as db:
            await jobs.hold(db, self.job_id, self.attempt, lease_s=self.runtime.limits.lease_s, progress=self._progress)
            if self.on_beat is not None and self._progress is not None:
                await self.on_beat(db, self._progress)


class WorkerProcess:
    """The state of one pool child."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._runtime: Runtime | None = None
        self._ringer: Ringer | None = None
        self.owner = ""

    def start(self, settings: Settings) -> None:
        """Make the loop and the engines; die with the parent, whatever happens to it."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, prctl(2)
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self._runner = asyncio.Runner()
        self._ringer = Ringer(settings.redis_url)
        self._runtime = make_runtime(settings, self._ringer)

    def stop(self) -> None:
        """Close what `start` made."""
        if self._runner is None or self._runtime is None:
            return
        with contextlib.suppress(Exception):
            self._runner.run(self._runtime.database.close())
        self._runtime.store.close()
        self._runner.close()

    def run_job(self, job_id: str) -> None:
        """Claim and run one job; returns when it ended, whatever its outcome."""
        runner, runtime = self._ready()
        runner.run(run_claimed(runtime, job_id, owner=self.owner))

    def run_housekeeping(self) -> None:
        """One housekeeping round."""
        runner, runtime = self._ready()
        from workers.housekeeping import housekeep  # noqa: PLC0415 -- circular import

        runner.run(housekeep(runtime))

    def run_search(self) -> None:
        """One look whether the search index is behind."""
        runner, runtime = self._ready()
        from workers.search import look_for_changes  # noqa: PLC0415 -- circular import

        runner.run(look_for_changes(runtime))

    def _ready(self) -> tuple[asyncio.Runner, Runtime]:
        if self._runner is None or self._runtime is None:
            raise RuntimeError("the worker process was not started")
        return self._runner, self._runtime


async def run_claimed(runtime: Runtime, job_id: str, *, owner: str) -> None:
    """Claim the job if it is free and run it to an end: done, tried again later, failed, or cancelled."""
    import workers.handlers  # noqa: F401, PLC0415 -- circular import: registers every handler

    async with runtime.database.write() as db:
        row = await jobs.claim(db, job_id, owner=owner, lease_s=runtime.limits.lease_s)
    if row is None:
        return
    structlog.contextvars.bind_contextvars(job_id=row.id, job=row.name, attempt=row.attempt)
    work = Work(runtime, row)
    try:
        await _run_with_heartbeat(work, row)
        JOBS_ENDED.labels(row.name, "done").inc()
    except LeaseLost:
        async with runtime.database.write() as db:
            await jobs.mark_cancelled(db, row.id, row.attempt)  # ours only if it was cancelled, not taken over
        log.info("job.let_go")
        JOBS_ENDED.labels(row.name, "let_go").inc()
    except Exception as error:
        await _record_failure(runtime, row, error)
    finally:
        structlog.contextvars.unbind_contextvars("job_id", "job", "attempt")


async def _run_with_heartbeat(work: Work, row: JobRow) -> None:
    """Run the handler; stop it when the lease is lost."""
    job_type, handler = _HANDLERS[row.name]
    job = msgspec.convert(row.arguments, job_type)
    handling = asyncio.ensure_future(handler(job, work))
    beating = asyncio.ensure_future(_heartbeat(work))
    try:
        await asyncio.wait({handling, beating}, return_when=asyncio.FIRST_COMPLETED)
        if not handling.done():
            handling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await handling
            beating.result()  # raises LeaseLost
        await handling
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError, LeaseLost):
            await beating
    if not work._finished:
        async with work.transaction(last=True):
            pass


async def _heartbeat(work: Work) -> None:
    """Renew the lease every two seconds until it is lost; an engine that is away for a moment is no loss."""
    pause_s = min(2.0, work.runtime.limits.lease_s / 4)
    while True:
        await asyncio.sleep(pause_s)
        try:
            await work.beat()
        except LeaseLost:
            raise
        except Exception as error:
            log.warning("job.heartbeat_failed", error=str(error))


async def _record_failure(runtime: Runtime, row: JobRow, error: Exception) -> None:
    """Try again later when that can help, else record the failure in words."""
    known = isinstance(error, SemmaError | MediaError)
    code = error.code if isinstance(error, SemmaError | MediaError) else "jobs.unexpected"
    detail = (
        error.detail if isinstance(error, SemmaError | MediaError) else f"Unexpected: {type(error).__name__}: {error}"
    )
    retryable = error.retryable if isinstance(error, SemmaError | MediaError) else True
    # An engine that is away is waited for without end: nothing is wrong with the job.
    away = isinstance(error, Unavailable)
    again = retryable and (away or row.strikes + 1 < row.max_attempts)
    log.warning("job.failed", code=code, detail=detail, again=again, exc_info=None if known else error)
    with contextlib.suppress(LeaseLost):
        async with runtime.database.write() as db:
            if again:
                delay_s = 5.0 if away else min(60.0, 2.0 ** min(row.strikes, 6))
                await jobs.try_again(
                    db, row.id, row.attempt, code=code, detail=detail, delay_s=delay_s, strike=not away
                )
            else:
                await jobs.give_up(db, row.id, row.attempt, code=code, detail=detail)
                await record_failure(db, runtime, row, code, detail)
        JOBS_ENDED.labels(row.name, "again" if again else "failed").inc()


async def record_failure(db: Db, runtime: Runtime, row: JobRow, code: str, detail: str) -> None:
    """Let the domain note that this job failed for good."""
    import workers.handlers  # noqa: F401, PLC0415 -- circular import: registers every handler

    if row.name in _ON_FAILURE:
        job = msgspec.convert(row.arguments, _HANDLERS[row.name][0])
        await _ON_FAILURE[row.name](db, runtime, job, code, detail)
