"""The doctor finds what is there, what is wrong, and says what to do."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from server.core.db import Database
from server.core.removals import remove_later
from server.core.storage import ObjectStore
from server.doctor import Report, as_text, examine
from server.doctor.findings import NOTE, OK, WRONG, Finding
from server.doctor.machine import _disk
from tests.conftest import S3
from tests.postgres import free_port


def environ_of(database_url: str, valkey_url: str, s3: S3, bucket: str, tmp_path: Path) -> dict[str, str]:
    return {
        "SEMMA_DATA_DIR": str(tmp_path / "data"),
        "SEMMA_PORT": str(free_port()),
        "SEMMA_SECRET_KEY": "k" * 32,
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "S3_ENDPOINT_URL": s3.endpoint_url,
        "S3_BUCKET": bucket,
        "AWS_ACCESS_KEY_ID": s3.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret_access_key,
    }


@pytest.fixture
def environ(database_url: str, valkey_url: str, s3: S3, bucket: str, tmp_path: Path) -> dict[str, str]:
    return environ_of(database_url, valkey_url, s3, bucket, tmp_path)


@pytest.fixture
def one_environ(sqlite_template: Path, valkey_url: str, s3: S3, bucket: str, tmp_path: Path) -> dict[str, str]:
    """The same on SQLite alone, where the kind of database makes no difference."""
    shutil.copy(sqlite_template, tmp_path / "semma.db")
    return environ_of(f"sqlite:///{tmp_path / 'semma.db'}", valkey_url, s3, bucket, tmp_path)


def found(report: Report) -> dict[str, Finding]:
    return {finding.name: finding for finding in report.findings}


async def test_all_is_well(environ: dict[str, str], store: ObjectStore, database: Database) -> None:
    await store.put("recordings/r1/g1/poster.jpg", b"x" * 2048)
    await store.put("uploads/u1/file", b"y" * 1024)
    await store.begin_multipart("uploads/u2/file")
    async with database.write() as db:
        await remove_later(db, "recordings/r9/", reason="test", owner_id="o", after_s=-1)
        await remove_later(db, "recordings/r8/", reason="test", owner_id="o", after_s=3600)
    report = await examine(environ)
    seen = found(report)
    assert report.is_well, as_text(report)
    assert seen["storage"].details["objects"] == {"recordings": 1, "uploads": 1}
    assert seen["storage"].details["size_bytes"] == {"recordings": 2048, "uploads": 1024}
    assert seen["removals"].details == {"planned": 2, "due": 1}
    assert seen["multiparts"].says == "1 open, 0 abandoned"
    assert seen["orphans"].state == OK
    assert seen["jobs"].state == OK
    assert as_text(report).endswith("All is well.")


async def test_a_database_without_tables_is_told_to_migrate(one_environ: dict[str, str], tmp_path: Path) -> None:
    report = await examine({**one_environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"})
    assert not report.is_well
    assert found(report)["database"].advice == "Run `semma migrate`."


@pytest.mark.parametrize(
    ("changed", "name", "advice"),
    [
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "redis", "Start `semma up` or the Redis"),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:1"}, "storage", "check the keys"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "storage", "check the keys"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "database", "correct DATABASE_URL"),
        ({"SEMMA_SECRET_KEY": ""}, "secret key", "Set SEMMA_SECRET_KEY"),
        ({"SEMMA_FFMPEG": "/nowhere/ffmpeg"}, "ffmpeg", "SEMMA_FFMPEG"),
        ({"SEMMA_CHUNK_S": "5"}, "settings", "Correct the variable"),
    ],
)
async def test_what_is_wrong_is_named_with_what_to_do(
    one_environ: dict[str, str], store: ObjectStore, changed: dict[str, str], name: str, advice: str
) -> None:
    report = await examine({**one_environ, **changed})
    seen = found(report)[name]
    assert seen.state == WRONG
    assert advice in seen.advice
    assert f"WRONG  {name}" in as_text(report)
    assert as_text(report).endswith("1 thing to put right.")


def test_little_room_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")

    def tell(free_bytes: int) -> Any:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 1, free_bytes))
        return _disk(tmp_path, "disk").state

    assert (tell(20 * 1024**3), tell(5 * 1024**3), tell(10 * 1024**2)) == (OK, NOTE, WRONG)
