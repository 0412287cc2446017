"""Bring what a deployment stands on to the newest state: the database's tables, the bucket and its CORS rules."""

import contextlib
from collections.abc import AsyncIterator

from server.core.db import Database
from server.core.settings import Settings
from server.core.storage import ObjectStore, StorageSettings
from server.migrate import current_revision, head_revision, upgrade


def make_store(settings: Settings, *, threads: int = 8) -> ObjectStore:
    """The object storage of these settings."""
    return ObjectStore(
        StorageSettings(
            endpoint_url=settings.s3_endpoint_url,
            bucket=settings.s3_bucket,
            access_key_id=settings.aws_access_key_id,
            secret_access_key=settings.aws_secret_access_key,
            region=settings.s3_region,
            public_url=settings.s3_public_url,
            checksums=settings.s3_checksums,
            threads=threads,
        )
    )


@contextlib.asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Database]:
    """A database for the length of a block, without a bell."""
    database = Database(settings.sqlalchemy_url)
    try:
        yield database
    finally:
        await database.close()


async def prepare(settings: Settings) -> list[str]:
    """Migrate the database and make the bucket when allowed; says in sentences what was done."""
    said = []
    async with opened_database(settings) as database:
        before = await current_revision(database)
        await upgrade(database)
    after = head_revision()
    said.append(
        f"Database: at {after}." if before == after else f"Database: brought from {before or 'empty'} to {after}."
    )
    if settings.s3_create_bucket:
        store = make_store(settings)
        try:
            origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
            await store.ensure_bucket(origins=[settings.base_url, *origins])
        finally:
            store.close()
        said.append(f"Bucket: {settings.s3_bucket} is there.")
    return said
