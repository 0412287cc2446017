"""Reading SQLite in the loop: a busy database holds up its reader and nobody else."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from server.core.sqlite_reads import connect_in_loop, patiently


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database without a log, where a writer shuts everybody out."""
    with sqlite3.connect(tmp_path / "one.db") as made:
        made.execute("CREATE TABLE t (n INTEGER)")
        made.execute("INSERT INTO t VALUES (7)")
    return tmp_path / "one.db"


async def test_who_finds_it_busy_waits_while_the_loop_goes_on(path: Path) -> None:
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    reader = await connect_in_loop(str(path))
    cursor = reader.cursor()
    reading = asyncio.create_task(cursor.execute("SELECT n FROM t"))
    done, _ = await asyncio.wait({reading}, timeout=0.1)  # the loop comes back although the reader waits
    assert not done
    writer.execute("COMMIT")
    await asyncio.wait_for(reading, 10)
    assert await cursor.fetchall() == [(7,)]
    await reader.close()
    writer.close()


async def test_patience_ends_and_other_errors_come_at_once(path: Path) -> None:
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    reader = sqlite3.connect(path, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await patiently(lambda: reader.execute("SELECT n FROM t"), for_s=0)
    writer.close()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await patiently(lambda: reader.execute("SELECT n FROM gone"))
    reader.close()
