"""Bring a backup back: the database in one transaction, then the secret key, then the objects it holds."""

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, MetaData, func, select

from server.backup.at_rest import settings_with_storage
from server.backup.rows import insert_lines, is_derived, tables_there
from server.backup.write import FORMAT
from server.core.errors import Conflict, Invalid
from server.core.settings import Settings
from server.core.storage import ObjectStore, Part, part_size_for
from server.engine import write_private
from server.migrate import knows_revision, upgrade_on
from server.prepare import make_store, opened_database
from server.search.full_text import drop_apart
from server.search.triggers import mark_all

_WHOLE_BYTES = 16 * 1024 * 1024


class NotABackup(Invalid):
    """The file is no backup, or not one this version understands."""

    code = "backup.not_a_backup"


class DatabaseNotEmpty(Conflict):
    """There is something a restore would overwrite."""

    code = "backup.database_not_empty"


async def read_backup(environ: Mapping[str, str], path: Path, *, replace: bool = False) -> list[str]:
    """Restore the backup; says in sentences what was done and what is left to do.

    Raises NotABackup, DatabaseNotEmpty, or AlreadyRunning while `semma up` runs on the same data directory.
    """
    try:
        archive = tarfile.open(path, mode="r:")  # noqa: SIM115 -- closed below, after the errors of opening
    except (tarfile.TarError, OSError) as error:
        raise NotABackup(f"{path} is not a backup ({error}).") from None
    with archive as tar, settings_with_storage(environ, alone=True) as settings:
        about = _about(tar, path)
        count = await _restore_database(tar, about, settings, replace=replace)
        said = [f"Database: {count} rows of {len(about['tables'])} tables, brought to the newest version."]
        said.append(_restore_secret(tar, settings, environ))
        store = make_store(settings)
        try:
            await store.ensure_bucket()
            said.append(await _restore_objects(tar, store))
        finally:
            store.close()
    return said


def _about(tar: tarfile.TarFile, path: Path) -> dict[str, Any]:
    """What the backup says of itself, checked."""
    try:
        about: dict[str, Any] = json.loads(_body(tar, "backup.json").read())
    except (KeyError, ValueError):
        raise NotABackup(f"{path} is not a backup, or it was cut off while it was written.") from None
    if about.get("format") != FORMAT or not knows_revision(str(about.get("revision"))):
        raise NotABackup(f"{path} was written by a newer Semma (revision {about.get('revision')}); update first.")
    return about


def _body(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """A member's bytes; raises KeyError."""
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


async def _restore_database(tar: tarfile.TarFile, about: dict[str, Any], settings: Settings, *, replace: bool) -> int:
    """Everything in one transaction: a restore that fails leaves the database as it was."""

    def run(connection: Connection) -> int:
        there = tables_there(connection)
        if not replace and _has_rows(connection, there):
            raise DatabaseNotEmpty("The database already holds something; `semma restore --replace` overwrites it.")
        there.drop_all(connection)
        drop_apart(connection)
        upgrade_on(connection, about["revision"])
        empty = tables_there(connection)
        count = 0
        for table in empty.sorted_tables:
            if table.name in about["tables"] and not is_derived(table.name):
                with _body(tar, f"tables/{table.name}.jsonl") as lines:
                    count += insert_lines(connection, table, iter(lines))
        upgrade_on(connection)
        mark_all(connection)  # the search index is made anew by the workers
        return count

    async with opened_database(settings) as database, database.engine.begin() as connection:
        return await connection.run_sync(run)


def _has_rows(connection: Connection, there: MetaData) -> bool:
    """Whether any table but Alembic's own has a row."""
    return any(
        connection.scalar(select(func.count()).select_from(table))
        for table in there.tables.values()
        if table.name != "alembic_version" and not is_derived(table.name)
    )


def _restore_secret(tar: tarfile.TarFile, settings: Settings, environ: Mapping[str, str]) -> str:
    """Put the secret key where `semma up` keeps it; a key given by the environment stays in force."""
    key = _body(tar, "secret_key").read().decode()
    if not key:
        return "Secret key: the backup has none."
    path = settings.data_dir / "secret.json"
    write_private(path, json.dumps({"secret_key": key}, indent=1))
    given = environ.get("SEMMA_SECRET_KEY", "")
    if given and given != key:
        return f"Secret key: SEMMA_SECRET_KEY differs from the backup's, which is in {path}; set it to that."
    return f"Secret key: in {path}."


async def _restore_objects(tar: tarfile.TarFile, store: ObjectStore) -> str:
    """Store the objects the backup holds; then say which of the listed ones are missing."""
    stored = 0
    for member in tar:
        if member.isfile() and member.name.startswith("objects/"):
            body = tar.extractfile(member)
            assert body is not None  # a regular file has a body
            content_type = member.pax_headers.get("SEMMA.content_type", "application/octet-stream")
            await _put(store, member.name.removeprefix("objects/"), body, member.size, content_type)
            stored += 1
    wanted = {json.loads(line)["key"] for line in _body(tar, "objects.jsonl")}
    missing = wanted - {item.key async for item in store.objects("")}
    says = f"Objects: {stored} stored from the backup, {len(wanted)} listed."
    if missing:
        return f"{says} {len(missing)} are not in the bucket {store.bucket}: copy them there, such as {min(missing)}."
    return f"{says} All are in the bucket {store.bucket}."


async def _put(store: ObjectStore, key: str, body: IO[bytes], size_bytes: int, content_type: str) -> None:
    """Store one object, in parts when it is large; memory stays at one part."""
    if size_bytes <= _WHOLE_BYTES:
        await store.put(key, body.read(), content_type=content_type)
        return
    part_bytes = part_size_for(size_bytes)
    upload_id = await store.begin_multipart(key, content_type=content_type)
    parts: list[Part] = []
    while piece := body.read(part_bytes):
        parts.append(await store.put_part(key, upload_id, len(parts) + 1, piece))
    await store.complete_multipart(key, upload_id, parts)
