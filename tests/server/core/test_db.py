"""Commits are explicit and their errors reach the caller; writers wait instead of failing."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.accounts.models import User
from server.core.db import Database, after_commit
from server.migrate import current_revision, drift, head_revision


async def test_migrated_database_equals_the_models(database: Database) -> None:
    assert await current_revision(database) == head_revision()
    assert await drift(database) == []


async def test_drift_is_seen(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE users ADD COLUMN shoe_size INTEGER")
    assert any("shoe_size" in line for line in await drift(database))


async def test_commit_error_reaches_the_caller(database: Database) -> None:
    async with database.write() as db:
        db.add(User(email="a@example.org"))
    with pytest.raises(IntegrityError):
        async with database.write() as db:
            db.add(User(email="a@example.org"))


async def test_error_rolls_back_everything(database: Database) -> None:
    done: list[str] = []

    async def act() -> None:
        done.append("told")

    with pytest.raises(RuntimeError):
        async with database.write() as db:
            db.add(User(email="b@example.org"))
            after_commit(db, act)
            await db.flush()
            raise RuntimeError
    async with database.read() as db:
        assert await db.scalar(select(func.count()).select_from(User)) == 0
    assert done == []


async def test_many_writers_that_read_first_all_succeed(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.write() as db:
            await db.scalar(select(func.count()).select_from(User))
            db.add(User(email=f"{number}@example.org"))

    await asyncio.gather(*(write(number) for number in range(20)))
    async with database.read() as db:
        assert await db.scalar(select(func.count()).select_from(User)) == 20


async def test_reading_changes_nothing(database: Database) -> None:
    async with database.read() as db:
        db.add(User(email="c@example.org"))
        await db.flush()
    async with database.read() as db:
        assert await db.scalar(select(func.count()).select_from(User)) == 0
