"""Migrated, empty PostgreSQL databases for tests: copied from a template, and lent again once they were emptied.

To copy one takes a third of a second of the server's time; to empty one takes hardly any.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import asyncpg

from server.core.db import Database
from server.tables import metadata

T = TypeVar("T")
TEMPLATE = "template_semma"

# Whoever still holds a connection lost it: nothing of an earlier test can be written into a later one's database.
_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Triggers and foreign keys rest meanwhile: what is deleted leaves no traces, in any order.
_EMPTY = """
SET session_replication_role = replica;
DO $$ DECLARE one text; BEGIN
  FOR one IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP EXECUTE 'DELETE FROM ' || one; END LOOP;
  FOR one IN SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public'
  LOOP EXECUTE 'ALTER SEQUENCE ' || one || ' RESTART'; END LOOP;
END $$;
"""
# Objects of copies have their template's numbers: what a test did to the tables shows in them.
_SHAPE = """
SELECT (SELECT version_num FROM alembic_version) || '/' || count(*) || '/' || max(oid) || '/' || (
  SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
_FILLED = """
SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' AND (xpath(
  '/row/is/text()', query_to_xml(format('SELECT EXISTS (SELECT FROM %I) AS is', tablename), false, true, '')
))[1]::text = 'true'
"""


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own, from a synchronous fixture."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def named(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return url.rsplit("/", 1)[0] + f"/{name}"


async def run_sql(url: str, statement: str) -> Any:
    """The first value of one statement's answer, in the database of this address."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


class LentDatabases:
    """Databases of one server, each lent to one test at a time. `server` is an address on it; its template is there."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._free: list[str] = []
        template = named(server, TEMPLATE)
        self._shape = run_apart(run_sql(template, _SHAPE))
        self._is_empty = run_apart(run_sql(template, _FILLED)) == 0

    def lend(self) -> str:
        """The address of an empty database."""
        while self._free:
            url = self._free.pop()
            if run_apart(self._emptied(url)):
                return url
        return run_apart(copy_template(self.server))

    def take_back(self, url: str) -> None:
        """The test is over. What migrations put into tables could not be told from what tests did."""
        if self._is_empty:
            self._free.append(url)

    async def _emptied(self, url: str) -> bool:
        """Empty it; False when its tables are not the template's any more."""
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(_ALONE)
            if await connection.fetchval(_SHAPE) != self._shape:
                return False
            await connection.execute(_EMPTY)
        finally:
            await connection.close()
        return True


async def empty(database: Database) -> None:
    """Delete every row of a migrated database, in one go."""
    script = ";".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        if database.is_sqlite:
            await driver.executescript(f"BEGIN IMMEDIATE;{script};COMMIT")
        else:
            await driver.execute(script)  # one request is one transaction


async def copy_template(server: str) -> str:
    """A new copy of the template; returns its address."""
    name = f"t{secrets.token_hex(8)}"
    await run_sql(named(server, "postgres"), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return named(server, name)
