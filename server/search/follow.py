"""The index follows what changed: a few sessions a transaction, one indexer at a time.

Triggers note changes (triggers.py). What is noted is read first, then the sessions as they are, and both the index and
the notes are changed in one transaction that holds the indexer's lease: killed anywhere, the notes are still there and
the index is as it was; a change that comes meanwhile is another note. To rebuild is to note everything.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from server.core import jobs
from server.core.clock import now
from server.core.db import Database, Db, ring_after_commit
from server.core.errors import SemmaError
from server.core.jobs import ENDED, QUEUED, RUNNING, JobRow, enqueue
from server.search import full_text
from server.search.documents import read_documents
from server.search.index import drop_talk, put_talk
from server.search.jobs import FollowChanges
from server.search.models import SearchChange, SearchPosting, SearchTalk, SearchWord
from server.sessions.models import Session

log = structlog.get_logger(__name__)

FOLLOW_ID = "search-follow"
TOGETHER = 4  # sessions a transaction: SQLite's one writer is everybody's
_NOTES = 2_000  # notes looked at at once
TIDY_AFTER = 200  # so many talks written in one go leave something to tidy up
_WAITING = select(func.count(func.distinct(SearchChange.session_id)))


class Held(Protocol):
    """What the indexer works with: transactions that only commit while it holds the job."""

    def transaction(self) -> AbstractAsyncContextManager[Db]: ...
    def read(self) -> AbstractAsyncContextManager[Db]: ...
    def progress(self, share: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class IndexState:
    """How far the index is: talks in it, sessions that wait, and whether somebody works on them (0…1 of this run)."""

    talks: int
    waiting: int
    working: bool
    progress: float


async def read_state(db: Db) -> IndexState:
    """Three small statements."""
    row = await db.get(JobRow, FOLLOW_ID)
    waiting = await db.scalar(_WAITING) or 0
    return IndexState(
        talks=await db.scalar(select(func.count()).select_from(SearchTalk)) or 0,
        waiting=waiting,
        working=row is not None and row.state == RUNNING and waiting > 0,
        progress=row.progress if row is not None and waiting else 1.0,
    )


async def is_behind(db: Db) -> bool:
    """Whether a change is noted."""
    return await db.scalar(select(SearchChange.id).limit(1)) is not None


async def rouse(db: Db) -> None:
    """Have the indexer run; nothing happens while it waits or runs already."""
    row = await db.get(JobRow, FOLLOW_ID, with_for_update=True)
    if row is None:
        try:
            async with db.begin_nested():
                await enqueue(db, FollowChanges(), job_id=FOLLOW_ID)
        except IntegrityError:
            log.info("search.roused_twice")
        return
    if row.state in ENDED:
        row.state, row.run_after, row.rung_at, row.ended_at = QUEUED, now(), now(), None
        row.strikes, row.progress, row.cancel_asked = 0, 0.0, False
        ring_after_commit(db, queue=row.queue, job_id=row.id)


async def rebuild(db: Db) -> int:
    """Note every session, to be indexed anew whatever is there; returns how many. What is there is found meanwhile."""
    await db.execute(update(SearchTalk).values(digest=""))
    await db.execute(insert(SearchChange).from_select(["session_id"], select(SearchTalk.session_id)))
    await db.execute(insert(SearchChange).from_select(["session_id"], select(Session.id)))
    await rouse(db)
    return await db.scalar(_WAITING) or 0


async def follow(held: Held) -> int:
    """Index what is noted until nothing is; returns how many talks were written."""
    written, done = 0, 0
    async with held.read() as db:
        total = await db.scalar(_WAITING) or 0
    while notes := await _noted(held):
        ids = list(notes)
        for start in range(0, len(ids), TOGETHER):
            some = {session_id: notes[session_id] for session_id in ids[start : start + TOGETHER]}
            written += await _index(held, some)
            done += len(some)
            held.progress(done / max(total, done + len(ids) - start - len(some)))
    if written >= TIDY_AFTER:
        async with held.transaction() as db:
            await _tidy(db)
    return written


async def _noted(held: Held) -> dict[str, list[int]]:
    """The oldest notes by session."""
    notes: dict[str, list[int]] = {}
    async with held.read() as db:
        rows = await db.execute(
            select(SearchChange.id, SearchChange.session_id).order_by(SearchChange.id).limit(_NOTES)
        )
        for number, session_id in rows:
            notes.setdefault(session_id, []).append(number)
    return notes


async def _index(held: Held, notes: dict[str, list[int]]) -> int:
    """Index these sessions; one that cannot be read is left as it was, and does not keep others waiting."""
    try:
        return await _index_together(held, notes)
    except (SemmaError, SQLAlchemyError, OSError):
        raise
    except Exception as error:
        if len(notes) > 1:
            return sum([await _index(held, {session_id: numbers}) for session_id, numbers in notes.items()])
        log.error("search.unreadable", sessions=list(notes), exc_info=error)
        async with held.transaction() as db:
            await _forget(db, notes)
        return 0


async def _index_together(held: Held, notes: dict[str, list[int]]) -> int:
    async with held.read() as db:
        documents = await read_documents(db, list(notes))
    written = 0
    async with held.transaction() as db:
        for session_id in notes:
            document = documents.get(session_id)
            if document is None:
                await drop_talk(db, session_id)
            else:
                written += await put_talk(db, document)
        await _forget(db, notes)
    return written


async def _forget(db: Db, notes: dict[str, list[int]]) -> None:
    numbers = [number for some in notes.values() for number in some]
    wanted = text(f"DELETE FROM search_changes WHERE {full_text.among(db, 'id')}")
    await db.execute(wanted, {"ids": full_text.ids_value(db, numbers)})


async def _tidy(db: Db) -> None:
    """Words that no talk has any more go, and the database looks at its indexes anew."""
    used = select(SearchPosting.word).where(SearchPosting.word == SearchWord.id).exists()
    await db.execute(delete(SearchWord).where(~used))
    await full_text.tidy(db)


class HeldHere:
    """The indexer's job, held by this process: for a command while no worker takes it."""

    def __init__(self, database: Database, row: JobRow, *, lease_s: int, told: Callable[[float], None]) -> None:
        self._database, self._id, self._attempt = database, row.id, row.attempt
        self._lease_s, self._told, self._share = lease_s, told, 0.0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Db]:
        """A transaction fenced by the lease; raises LeaseLost."""
        async with self._database.write() as db:
            await jobs.hold(db, self._id, self._attempt, lease_s=self._lease_s, progress=self._share)
            yield db

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Db]:
        """A database session for reading."""
        async with self._database.read() as db:
            yield db

    def progress(self, share: float) -> None:
        """Tell how far it is."""
        self._share = share
        self._told(share)


async def follow_here(
    database: Database, *, owner: str, lease_s: int, told: Callable[[float], None] = lambda _share: None
) -> bool:
    """Take the indexer's job and run it to its end; False when somebody else has it, or nothing is to be done."""
    async with database.write() as db:
        row = await jobs.claim(db, FOLLOW_ID, owner=owner, lease_s=lease_s)
    if row is None:
        return False
    await follow(HeldHere(database, row, lease_s=lease_s, told=told))
    async with database.write() as db:
        await jobs.finish(db, row.id, row.attempt)
    return True
