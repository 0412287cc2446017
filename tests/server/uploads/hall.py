"""One seminar on engines of its own for a whole module of tests: making it costs more than most tests."""

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from server.app import create_app
from server.core.queue import Ringer
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.process import make_runtime
from tests.conftest import S3, SECRET, serving
from tests.server.uploads.world import World, make_world

ELSEWHERE = "https://studio.example.org"  # another site that may use the API


@dataclass
class Hall:
    """The engines, and a seminar in them."""

    settings: Settings
    runtime: Runtime
    world: World


class NoBells(Ringer):
    """Rings nothing."""

    def __init__(self) -> None:
        pass

    async def __call__(self, bells: list[tuple[str, str]]) -> None:
        pass


@asynccontextmanager
async def open_hall(folder: Path, template: Path, valkey_url: str, s3: S3) -> AsyncIterator[Hall]:
    """A copy of the migrated database, a bucket and a seminar, for as long as the block lasts."""
    shutil.copy(template, folder / "semma.db")
    settings = Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'semma.db'}",
        redis_url=valkey_url,
        s3_endpoint_url=s3.endpoint_url,
        s3_bucket=f"t{secrets.token_hex(8)}",
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key,
        secret_key=SECRET,
        public_url="http://testserver",
        cors_origins=ELSEWHERE,
        log_format="text",
    )
    runtime = make_runtime(settings, NoBells(), threads=8)
    await runtime.store.ensure_bucket()
    try:
        yield Hall(settings, runtime, await make_world(runtime.database))
    finally:
        await runtime.database.close()
        await runtime.redis.aclose()
        runtime.store.close()


@asynccontextmanager
async def served(hall: Hall) -> AsyncIterator[httpx.AsyncClient]:
    """The application in this process, and a client of it."""
    app = create_app(hall.settings)
    async with serving(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client
