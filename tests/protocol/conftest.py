"""One application for a whole table: making it costs more than a row of any table."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from server.app import create_app
from server.core.queue import Ringer
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.migrate import upgrade
from server.process import make_runtime
from tests.conftest import S3, SECRET, serving
from tests.server.uploads.world import World, make_world


@dataclass
class Hall:
    """A running application, the engines under it, and a seminar in it."""

    settings: Settings
    runtime: Runtime
    client: httpx.AsyncClient
    world: World


class NoBells(Ringer):
    """Rings nothing."""

    def __init__(self) -> None:
        pass

    async def __call__(self, bells: list[tuple[str, str]]) -> None:
        pass


@pytest.fixture(scope="module")
async def hall(tmp_path_factory: pytest.TempPathFactory, valkey_url: str, s3: S3) -> AsyncIterator[Hall]:
    folder: Path = tmp_path_factory.mktemp("hall")
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
        cors_origins="https://studio.example.org",
        log_format="text",
    )
    runtime = make_runtime(settings, NoBells(), threads=8)
    await upgrade(runtime.database)
    await runtime.store.ensure_bucket()
    world = await make_world(runtime.database)
    app = create_app(settings)
    async with serving(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield Hall(settings, runtime, client, world)
    await runtime.database.close()
    await runtime.redis.aclose()
    runtime.store.close()


@pytest.fixture
def client(hall: Hall) -> httpx.AsyncClient:
    return hall.client


@pytest.fixture
def world(hall: Hall) -> World:
    return hall.world


@pytest.fixture
def runtime(hall: Hall) -> Runtime:
    return hall.runtime
