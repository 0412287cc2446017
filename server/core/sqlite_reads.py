"""SQLite connections for reading whose statements run in the event loop, without a thread between.

aiosqlite gives every connection a thread, and a statement takes several trips to it: some twenty for one request, which
cost more than everything else it does. A read of indexed rows takes SQLite some 20 µs, less than turning its rows into
objects takes in the loop anyway, so a thread gains nothing there. Writing stays in aiosqlite's thread: a commit waits
for the disk (synchronous=FULL), and with WAL readers never wait for it.

Where SQLite is busy all the same (another process recovers or truncates the log), nothing blocks: the statement is
tried again after a pause of the coroutine, for as long as the driver's own timeout would.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BUSY_FOR_S = 20.0
_PAUSE_S = 0.02
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


async def patiently(run: Callable[[], Any], *, for_s: float = BUSY_FOR_S) -> Any:
    """The outcome of a statement, tried again while the database is busy; raises sqlite3.OperationalError at last."""
    give_up_at = time.monotonic() + for_s
    while True:
        try:
            return run()
        except sqlite3.OperationalError as error:
            # Extended codes keep the primary one in their low byte.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BUSY or time.monotonic() > give_up_at:
                raise
        await asyncio.sleep(_PAUSE_S)


class LoopCursor:
    """What SQLAlchemy's aiosqlite dialect asks of a cursor."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.arraysize = cursor.arraysize

    async def __aenter__(self) -> "LoopCursor":
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._cursor.close()

    @property
    def description(self) -> Any:
        """The columns, as DB-API says them."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Of a change; -1 of a read."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """Of the row inserted last."""
        return self._cursor.lastrowid

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> "LoopCursor":
        """Run one statement up to its first row."""
        await patiently(lambda: self._cursor.execute(operation, parameters or ()))
        return self

    async def executemany(self, operation: str, parameters: Sequence[Any]) -> "LoopCursor":
        """Run one statement for each of the parameters."""
        await patiently(lambda: self._cursor.executemany(operation, parameters))
        return self

    async def fetchone(self) -> Any:
        """The next row, or None."""
        return self._cursor.fetchone()

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        return self._cursor.fetchmany(size or self.arraysize)

    async def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Let the statement go."""
        self._cursor.close()


class LoopConnection:
    """What SQLAlchemy's aiosqlite dialect asks of a connection."""

    def __init__(self, path: str) -> None:
        # Transactions are begun by statements of our own (db.py), so the driver's are off. The thread is always the
        # loop's; tests run a loop after another, in threads of their own.
        self._connection: sqlite3.Connection | None = sqlite3.connect(
            path, timeout=0, isolation_level=None, check_same_thread=False
        )

    @property
    def _conn(self) -> sqlite3.Connection:
        if self._connection is None:
            raise ValueError("no active connection")
        return self._connection

    @property
    def isolation_level(self) -> str | None:
        """None: the driver begins nothing by itself."""
        return self._conn.isolation_level

    def cursor(self) -> LoopCursor:
        """A cursor of its own for each statement."""
        return LoopCursor(self._conn.cursor())

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """A function written in Python, for SQL."""
        self._conn.create_function(*arguments, **options)

    async def commit(self) -> None:
        """End the transaction."""
        await patiently(self._conn.commit)

    async def rollback(self) -> None:
        """End the transaction, and whatever it changed."""
        self._conn.rollback()

    async def close(self) -> None:
        """Close; nothing happens the second time."""
        self.stop()

    def stop(self) -> None:
        """Close without a loop."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


async def connect_in_loop(path: str) -> LoopConnection:
    """Open the database; its folder must be there."""
    return LoopConnection(str(Path(path)))
