"""Bring the database to the newest revision, on SQLite and PostgreSQL alike.

Several processes may ask at once (every container at start): PostgreSQL serialises them with an advisory lock, SQLite
with its one writer.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from server.core.db import Database
from server.search.full_text import is_apart
from server.tables import metadata

_LOCK = 7_366_109_110  # any number of our own, the same in every process


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def head_revision() -> str:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


async def upgrade(database: Database) -> None:
    """Run every migration that is missing; does nothing when there is none."""
    async with database.engine.begin() as connection:
        await connection.run_sync(upgrade_on)


def upgrade_on(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations up to a revision, in the transaction of this connection."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    command.upgrade(_config(connection), revision)


def knows_revision(revision: str) -> bool:
    """Whether this code has the revision among its migrations."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


async def current_revision(database: Database) -> str:
    """The revision the database is at; empty when it has no tables yet."""
    async with database.read_engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision() or "")


async def drift(database: Database) -> list[str]:
    """How the database's tables differ from the models, in words; empty when they do not."""

    def compare(connection: Connection) -> list[str]:
        known = {"compare_type": True, "include_name": lambda name, _kind, _parents: not is_apart(name)}
        context = MigrationContext.configure(connection, opts=known)
        return [str(difference) for difference in compare_metadata(context, metadata)]

    async with database.read_engine.connect() as connection:
        return await connection.run_sync(compare)
