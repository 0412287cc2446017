"""The index is not in backups: it is made anew of what was brought back."""

import tarfile
from pathlib import Path

from sqlalchemy import select, text

from server.accounts.actor import ANONYMOUS
from server.backup import read_backup, write_backup
from server.core.db import Database
from server.core.storage import ObjectStore
from server.events.models import Event
from server.search.answer import answer_question
from server.search.models import SearchTalk
from server.search.queries import Narrowed
from server.sessions.models import Session
from tests.conftest import S3
from tests.server.search.conftest import bring_up
from tests.server.test_backup import environ_of


async def test_a_backup_has_no_index_and_a_restore_makes_it_anew(
    database_url: str, s3: S3, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    url = database_url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:")
    environ = environ_of(s3, bucket, database_url, tmp_path / "data")
    database = Database(url)
    async with database.write() as db:
        db.add(Event(id="e1", slug="e", title="E"))
        await db.flush()
        db.add(Session(id="s1", event_id="e1", guid="g", slug="s", title="Cormorants"))
    await bring_up(database)
    await write_backup(environ, tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert [name for name in tar.getnames() if "search" in name] == []
    async with database.write() as db:
        await db.execute(text("UPDATE sessions SET title = 'Grebes'"))
    await bring_up(database)
    await database.close()

    await read_backup(environ, tmp_path / "b.tar", replace=True)

    database = Database(url)
    async with database.read() as db:
        assert (await db.scalars(select(SearchTalk))).all() == []
    await bring_up(database)
    async with database.read() as db:
        for typed, count in (("cormorant", 1), ("grebe", 0)):
            found = await answer_question(db, ANONYMOUS, typed, Narrowed(), offset=0, limit=5)
            assert found.answer.total == count
    async with database.write() as db:  # the triggers are there again
        await db.execute(text("UPDATE sessions SET title = 'Herons'"))
    await bring_up(database)
    async with database.read() as db:
        found = await answer_question(db, ANONYMOUS, "heron", Narrowed(), offset=0, limit=5)
    assert found.answer.total == 1
    await database.close()
