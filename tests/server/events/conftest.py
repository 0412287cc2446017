"""One application a database kind for all tests here, emptied before each: making one costs more than a test."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.app import create_app
from server.core.db import Database
from server.core.settings import Settings
from server.migrate import upgrade
from server.tables import metadata
from tests.conftest import DATABASES, SECRET, _named, _run_sql, run_apart, serving
from tests.server.events.people import Asker, somebody


@pytest.fixture(scope="session", params=DATABASES)
def kept_settings(request: pytest.FixtureRequest, run_folder: Path, valkey_url: str) -> Settings:
    """Settings on a database of each kind that is kept for the run; no object storage is needed here."""
    name = f"kept{secrets.token_hex(6)}"
    url = f"sqlite:///{run_folder / name}.db"
    if request.param == "postgresql":
        server: str | None = request.getfixturevalue("postgres_url")
        if server is None:
            pytest.skip("PostgreSQL is not installed")
        run_apart(_run_sql(server, f"CREATE DATABASE {name}"))
        url = _named(server, name).replace("postgresql+asyncpg:", "postgresql:")
    return Settings(
        data_dir=run_folder / name,
        database_url=url,
        redis_url=valkey_url,
        s3_endpoint_url="http://127.0.0.1:9",
        s3_bucket="none",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        secret_key=SECRET,
        public_url="http://testserver",
        log_format="text",
    )


@pytest.fixture(scope="session")
async def kept_database(kept_settings: Settings) -> AsyncIterator[Database]:
    database = Database(kept_settings.sqlalchemy_url)
    await upgrade(database)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def kept_app(kept_settings: Settings, kept_database: Database) -> AsyncIterator[Any]:
    app = create_app(kept_settings)
    async with serving(app):
        yield app


@pytest.fixture
async def database(kept_database: Database) -> Database:
    """An empty database."""
    async with kept_database.write() as db:
        for table in reversed(metadata.sorted_tables):
            await db.execute(table.delete())
    return kept_database


@pytest.fixture
async def client(kept_app: Any, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the application, on an empty database."""
    transport = httpx.ASGITransport(app=kept_app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as made:
        yield made


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> Asker:
    return await somebody(client, database, is_admin=True)


@pytest.fixture
async def anybody(client: httpx.AsyncClient) -> Asker:
    """Nobody in particular: not signed in."""
    return Asker(client)
