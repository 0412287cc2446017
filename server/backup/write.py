"""Write a backup while Semma runs.

The database is read in one transaction, a snapshot on both engines. The objects are listed after it: objects are never
changed, and one that a row of the snapshot names is removed only after its undo time, so the list holds all of them.
"""

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.backup.at_rest import settings_with_storage
from server.backup.rows import is_derived, rows_of
from server.core.db import Database
from server.core.settings import Settings
from server.core.storage import ObjectStore, StoredObject
from server.migrate import current_revision
from server.prepare import make_store, opened_database
from server.tables import metadata

FORMAT = 1
_SPOOL_BYTES = 32 * 1024 * 1024


async def write_backup(environ: Mapping[str, str], path: Path, *, with_objects: bool = False) -> list[str]:
    """Write the backup to `path` (mode 600), whole or not at all; says in sentences what is in it."""
    draft = path.with_name(f".{path.name}.part")
    with settings_with_storage(environ, alone=False) as settings:
        store = make_store(settings)
        try:
            with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w") as tar:
                    about = await _fill(tar, settings, store, with_objects=with_objects)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
            store.close()
    held = "with the objects themselves" if with_objects else "without the objects: copy the bucket too"
    return [
        f"{path}: {sum(about['tables'].values())} rows of {len(about['tables'])} tables, the secret key, "
        f"and the list of {about['objects']} objects ({about['objects_bytes'] / 1024**2:.1f} MiB), {held}."
    ]


async def _fill(tar: tarfile.TarFile, settings: Settings, store: ObjectStore, *, with_objects: bool) -> dict[str, Any]:
    """Put everything into the archive; what backup.json says comes last, when all of it is known."""
    async with opened_database(settings) as database:
        revision = await current_revision(database)
        tables = await _add_tables(tar, database)
    _add(tar, "secret_key", ",".join(settings.secret_keys).encode())
    objects = await _list_objects(tar, store)
    if with_objects:
        for stored in objects:
            await _add_object(tar, store, stored.key)
    about = {
        "format": FORMAT,
        "revision": revision,
        "made_at": datetime.now(UTC).isoformat(),
        "tables": tables,
        "objects": len(objects),
        "objects_bytes": sum(stored.size_bytes for stored in objects),
        "with_objects": with_objects,
    }
    _add(tar, "backup.json", json.dumps(about, indent=1).encode())
    return about


async def _add_tables(tar: tarfile.TarFile, database: Database) -> dict[str, int]:
    """Every table that is not derived as one member, read in one transaction; rows by table."""
    counts = {}
    async with database.read_engine.connect() as connection:
        if not database.is_sqlite:
            # the default, READ COMMITTED, would show each table at another moment
            await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            for table in metadata.sorted_tables:
                if not is_derived(table.name):
                    counts[table.name] = await _add_table(tar, connection, table)
    return counts


async def _add_table(tar: tarfile.TarFile, connection: AsyncConnection, table: Any) -> int:
    count = 0
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
        async for line in rows_of(connection, table):
            spool.write(line)
            count += 1
        _add_file(tar, f"tables/{table.name}.jsonl", spool)
    return count


async def _list_objects(tar: tarfile.TarFile, store: ObjectStore) -> list[StoredObject]:
    objects = [stored async for stored in store.objects("")]
    lines = (
        json.dumps({"key": stored.key, "size_bytes": stored.size_bytes, "etag": stored.etag}) for stored in objects
    )
    _add(tar, "objects.jsonl", "".join(line + "\n" for line in lines).encode())
    return objects


async def _add_object(tar: tarfile.TarFile, store: ObjectStore, key: str) -> None:
    """Put one object into the archive, through a spool that leaves memory when it is large."""
    described, chunks = await store.open(key)
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
        async for chunk in chunks:
            spool.write(chunk)
        _add_file(tar, f"objects/{key}", spool, content_type=described.content_type)


def _add(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    _add_file(tar, name, io.BytesIO(body))


def _add_file(tar: tarfile.TarFile, name: str, file: Any, *, content_type: str = "") -> None:
    """Add what was written to `file` as a member only its owner may read."""
    source: IO[bytes] = file
    member = tarfile.TarInfo(name)
    member.size = source.tell() or source.seek(0, io.SEEK_END)
    member.mode = 0o600
    member.mtime = int(datetime.now(UTC).timestamp())
    if content_type:
        member.pax_headers = {"SEMMA.content_type": content_type}
    source.seek(0)
    tar.addfile(member, source)
