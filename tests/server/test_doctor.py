"""The doctor finds what is there, what is wrong, and says what to do."""

import shutil
import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.core.clock import now
from server.core.db import Database
from server.core.removals import remove_later
from server.core.settings import read_settings
from server.core.storage import ObjectStore
from server.doctor import Report, as_text, examine
from server.doctor.findings import NOTE, OK, WRONG, Finding
from server.doctor.live import look_at_ingest
from server.doctor.machine import _disk, _office
from server.events.models import Event, Room
from server.live.models import Broadcast, LiveSegment
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


async def test_segments_that_the_storage_does_not_have_are_noted(
    one_environ: dict[str, str], store: ObjectStore, tmp_path: Path
) -> None:
    database = Database(read_settings(one_environ).sqlalchemy_url)
    spool = tmp_path / "data" / "spool"
    spool.mkdir(parents=True)
    (spool / "b-00000001.seg").write_bytes(b"segment")
    try:
        async with database.write() as db:
            event = Event(slug="seminar", title="Seminar")
            db.add(event)
            await db.flush()
            room = Room(event_id=event.id, name="Hall", slug="hall")
            db.add(room)
            await db.flush()
            broadcast = Broadcast(event_id=event.id, room_id=room.id, started_at=now())
            db.add(broadcast)
            await db.flush()
            for msn, age_s in ((1, 600), (2, 1)):
                wall = now() - timedelta(seconds=age_s)
                db.add(LiveSegment(broadcast_id=broadcast.id, msn=msn, start=0, duration=360_000, wall=wall, tracks={}))
    finally:
        await database.close()
    seen = found(await examine(one_environ))
    assert (seen["live"].state, seen["live"].details) == (NOTE, {"on_air": 1, "spooled": 1, "late": 1})
    assert seen["rtmp"].state == OK


def test_another_program_at_the_encoders_port_is_told(one_environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = read_settings({**one_environ, "SEMMA_RTMP_PORT": str(other.getsockname()[1])})
        answering = threading.Thread(target=lambda: other.accept()[0].sendall(b"HTTP/1.1 400"))
        answering.start()
        seen = look_at_ingest(settings)[0]
        answering.join()
    assert (seen.state, "SEMMA_RTMP_PORT" in seen.advice) == (WRONG, True)


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


@pytest.mark.parametrize("is_there", [True, False])
def test_whether_office_slides_are_taken_is_said(
    is_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) if is_there else str(tmp_path / "nothing"))
    found = _office()
    assert found.state == ("ok" if is_there else "note")
    assert (str(program) in found.says) if is_there else ("PDF" in found.says and "install" in found.advice)
