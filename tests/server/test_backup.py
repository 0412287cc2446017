"""Backups: written while the database is open, brought back into either kind of database."""

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from server.accounts.models import User
from server.backup import read_backup, write_backup
from server.backup.at_rest import settings_with_storage
from server.backup.read import DatabaseNotEmpty, NotABackup
from server.core.db import Database
from server.core.jobs import JobRow
from server.core.storage import ObjectStore
from server.events.models import Event
from server.prepare import make_store
from tests.conftest import S3
from tests.databases import copy_template, run_apart

KEY = "a-key-of-at-least-thirty-two-characters"


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Make an empty, migrated database of a kind; gives its DATABASE_URL."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        return run_apart(copy_template(request.getfixturevalue("postgres_template")))

    return make


def environ_of(s3: S3, bucket: str, database_url: str, data_dir: Path, key: str = KEY) -> dict[str, str]:
    return {
        "SEMMA_DATA_DIR": str(data_dir),
        "SEMMA_SECRET_KEY": key,
        "DATABASE_URL": database_url,
        "S3_ENDPOINT_URL": s3.endpoint_url,
        "S3_BUCKET": bucket,
        "AWS_ACCESS_KEY_ID": s3.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret_access_key,
    }


def opened(url: str) -> Database:
    return Database(url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:"))


async def fill(url: str) -> None:
    """Rows with every kind of value: text, moments, dates, booleans, numbers, JSON, and nothing."""
    database = opened(url)
    async with database.write() as db:
        db.add(User(id="u1", email="ääkkönen@example.org", name="Ä", is_admin=True))
        db.add(User(id="u2", email="b@example.org", disabled_at=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)))
        db.add(JobRow(id="j1", name="x", queue="light", arguments={"a": [1, None, "ö"]}, progress=0.25))
        db.add(
            Event(
                id="e1", slug="e", title="E", starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 24), languages=["fi"]
            )
        )
    await database.close()


async def contents(url: str) -> list[Any]:
    database = opened(url)
    async with database.read() as db:
        users = [
            (user.id, user.email, user.is_admin, user.disabled_at)
            for user in await db.scalars(select(User).order_by(User.id))
        ]
        job = (await db.scalars(select(JobRow))).one()
        event = (await db.scalars(select(Event))).one()
        nulls = await db.scalar(select(func.count()).select_from(User).where(User.disabled_at.is_(None)))
    await database.close()
    return [users, job.arguments, job.progress, job.run_after, event.starts_on, event.languages, nulls]


@pytest.mark.parametrize("there", ["sqlite", "postgresql"])
@pytest.mark.parametrize("here", ["sqlite", "postgresql"])
async def test_backup_comes_back_into_either_kind_of_database(
    here: str, there: str, new_database: Callable[[str], str], s3: S3, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    source, target = new_database(here), new_database(there)
    await fill(source)
    await store.put("recordings/r1/poster.jpg", b"picture", content_type="image/jpeg")
    await write_backup(environ_of(s3, bucket, source, tmp_path / "a"), tmp_path / "b.tar")

    restored = environ_of(s3, bucket, target, tmp_path / "b")
    said = await read_backup({**restored, "SEMMA_SECRET_KEY": ""}, tmp_path / "b.tar")

    assert await contents(target) == await contents(source)
    assert json.loads((tmp_path / "b" / "secret.json").read_text()) == {"secret_key": KEY}
    assert said[-1].endswith(f"All are in the bucket {bucket}.")


async def test_backup_with_objects_fills_an_empty_bucket(
    new_database: Callable[[str], str], s3: S3, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    large = bytes(range(256)) * (20 * 4096)  # 20 MiB: goes back in parts
    await store.put("uploads/u/file", large, content_type="video/mp4")
    await store.put("recordings/r/index.m3u8", b"#EXTM3U", content_type="application/vnd.apple.mpegurl")
    source, target = new_database("sqlite"), new_database("sqlite")
    await fill(source)
    path = tmp_path / "b.tar"
    await write_backup(environ_of(s3, bucket, source, tmp_path / "a"), path, with_objects=True)
    assert path.stat().st_mode & 0o777 == 0o600

    elsewhere = f"{bucket}x"
    await read_backup(environ_of(s3, elsewhere, target, tmp_path / "b"), path)

    from dataclasses import replace

    copy = ObjectStore(replace(store.settings, bucket=elsewhere))
    assert await copy.get("uploads/u/file") == large
    assert (await copy.head("uploads/u/file")).content_type == "video/mp4"
    assert await copy.get("recordings/r/index.m3u8") == b"#EXTM3U"
    copy.close()


async def test_restore_names_what_the_bucket_lacks(
    new_database: Callable[[str], str], s3: S3, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    await store.put("recordings/r/0.m4s", b"x")
    source = new_database("sqlite")
    await fill(source)
    await write_backup(environ_of(s3, bucket, source, tmp_path / "a"), tmp_path / "b.tar")
    environ = environ_of(s3, f"{bucket}x", new_database("sqlite"), tmp_path / "b", key="k" * 32)

    said = await read_backup(environ, tmp_path / "b.tar")

    assert said[-1].endswith(f"1 are not in the bucket {bucket}x: copy them there, such as recordings/r/0.m4s.")
    assert "SEMMA_SECRET_KEY differs" in said[1]


async def test_restore_spares_a_database_that_holds_something(
    new_database: Callable[[str], str], s3: S3, bucket: str, store: ObjectStore, tmp_path: Path
) -> None:
    source, target = new_database("sqlite"), new_database("sqlite")
    await fill(source)
    environ = environ_of(s3, bucket, target, tmp_path / "b")
    await write_backup(environ_of(s3, bucket, source, tmp_path / "a"), tmp_path / "b.tar")
    database = opened(target)
    async with database.write() as db:
        db.add(User(id="mine", email="mine@example.org"))
    await database.close()

    with pytest.raises(DatabaseNotEmpty) as refused:
        await read_backup(environ, tmp_path / "b.tar")
    assert refused.value.code == "backup.database_not_empty"

    await read_backup(environ, tmp_path / "b.tar", replace=True)
    assert await contents(target) == await contents(source)


async def test_restore_refuses_what_is_no_backup(s3: S3, bucket: str, store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    environ = environ_of(s3, bucket, f"sqlite:///{tmp_path / 'x.db'}", tmp_path / "b")
    path.write_bytes(b"not a tar at all" * 100)
    with pytest.raises(NotABackup, match="is not a backup"):
        await read_backup(environ, path)
    with tarfile.open(path, "w") as tar:
        body = json.dumps({"format": 1, "revision": "9999", "tables": {}}).encode()
        member = tarfile.TarInfo("backup.json")
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
    with pytest.raises(NotABackup, match="newer Semma") as refused:
        await read_backup(environ, path)
    assert refused.value.code == "backup.not_a_backup"


async def test_backup_and_restore_bring_the_embedded_storage_up_where_nothing_runs(
    sqlite_template: Path, tmp_path: Path
) -> None:
    here, there = {"SEMMA_DATA_DIR": str(tmp_path / "here")}, {"SEMMA_DATA_DIR": str(tmp_path / "there")}
    (tmp_path / "here").mkdir()
    shutil.copy(sqlite_template, tmp_path / "here" / "semma.db")
    await fill(f"sqlite:///{tmp_path / 'here' / 'semma.db'}")
    with settings_with_storage(here, alone=True) as settings:
        store = make_store(settings)
        await store.put("recordings/r/poster.jpg", b"picture")
        store.close()

    await write_backup(here, tmp_path / "b.tar", with_objects=True)
    await read_backup(there, tmp_path / "b.tar")

    with settings_with_storage(there, alone=True) as settings:
        store = make_store(settings)
        assert await store.get("recordings/r/poster.jpg") == b"picture"
        store.close()
    assert (await contents(f"sqlite:///{tmp_path / 'there' / 'semma.db'}"))[0][0][1] == "ääkkönen@example.org"
