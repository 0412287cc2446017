"""The database: one engine way for SQLite and PostgreSQL, reads and writes apart.

`write()` is one transaction that commits when its block ends normally; the block stands inside the request handler or
worker step, so an error of the commit reaches the caller. Bells of jobs enqueued inside are rung after the commit.
SQLite: writing transactions are BEGIN IMMEDIATE (a deferred one that upgrades fails with "database is locked"), reads
use connections of their own (four times the reads, a twentieth of the worst wait: DESIGN §4), which run in the loop
(sqlite_reads.py).
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import JSON, MetaData, String, event, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from server.core.ids import new_id
from server.core.sqlite_reads import BUSY_FOR_S, connect_in_loop

UtcDateTime = DateTimeUTC
Db = AsyncSession
Bell = Callable[[list[tuple[str, str]]], Awaitable[None]]

_BELLS = "semma.bells"
_AFTER = "semma.after_commit"


class JsonText(TypeDecorator[Any]):
    """JSON that compares equal on both databases (plain JSON; never queried into)."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(JSON(none_as_null=True))


class Base(DeclarativeBase):
    """All tables; names of constraints are fixed so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy reads it as declared
        datetime: DateTimeUTC(timezone=True),
        dict[str, Any]: JsonText,
        list[Any]: JsonText,
        list[str]: JsonText,
    }


class HasId:
    """An opaque id, made here and not by the database."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)


class HasTimes:
    """When the row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC), onupdate=lambda: datetime.now(UTC))


class HasVersion:
    """A counter for ETag and If-Match; `touch` it with every change a client can see."""

    version: Mapped[int] = mapped_column(default=1)


_SQLITE_PRAGMAS = (
    "journal_mode=WAL",  # readers do not block the writer
    "synchronous=FULL",  # a commit that was answered survives power loss
    "foreign_keys=ON",
    "temp_store=MEMORY",
)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_engine(url: str, *, writing: bool) -> AsyncEngine:
    if writing or not (path := make_url(url).database) or path == ":memory:":
        # The driver's own BEGIN is switched off: "begin" below says which kind.
        engine = create_async_engine(
            url,
            connect_args={"isolation_level": None, "timeout": BUSY_FOR_S},
            pool_size=1 if writing else 8,
            max_overflow=0,
        )
    else:
        engine = create_async_engine(url, async_creator=lambda: connect_in_loop(path), pool_size=8, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    statement = "BEGIN IMMEDIATE" if writing else "BEGIN DEFERRED"
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(statement))
    return engine


class Database:
    """Engines and transactions of one process; made after the fork, closed at its end."""

    def __init__(self, url: str, *, ring: Bell | None = None, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._ring = ring
        if self.is_sqlite:
            path = make_url(url).database
            if path and path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(url, writing=True)
            self.read_engine = _sqlite_engine(url, writing=False)
        else:
            self.engine = create_async_engine(url, pool_size=pool_size, max_overflow=5, pool_pre_ping=True)
            self.read_engine = self.engine
        self._writes = async_sessionmaker(self.engine, expire_on_commit=False)
        self._reads = async_sessionmaker(self.read_engine, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Db]:
        """A database session for reading; nothing it changes is kept."""
        async with self._reads() as db:
            try:
                yield db
            finally:
                db.expunge_all()  # what was read stays readable: a rollback would expire it
                await db.rollback()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Db]:
        """One writing transaction: commits when the block ends, then rings the bells; rolls back on any error."""
        async with self._writes() as db:
            try:
                yield db
                await db.commit()
            except BaseException:
                await db.rollback()
                raise
        for act in db.info.pop(_AFTER, []):
            await act()
        bells = db.info.pop(_BELLS, [])
        if bells and self._ring is not None:
            await self._ring(bells)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self.read_engine is not self.engine:
            await self.read_engine.dispose()


def ring_after_commit(db: Db, *, queue: str, job_id: str) -> None:
    """Note a bell: the worker hears of the job once this transaction is durable."""
    db.info.setdefault(_BELLS, []).append((queue, job_id))


def after_commit(db: Db, act: Callable[[], Awaitable[None]]) -> None:
    """Run an act once this transaction is durable (never for something that must not be lost: that is a job)."""
    db.info.setdefault(_AFTER, []).append(act)


def sqlite_version() -> str:
    """The SQLite library in use."""
    return sqlite3.sqlite_version
