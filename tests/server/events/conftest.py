"""One application a database kind for all tests here, emptied before each: making one costs more than a test."""

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.app import create_app
from server.core.db import Database
from server.core.settings import Settings
from server.tables import metadata
from tests.conftest import DATABASES, SECRET, serving
from tests.databases import copy_template, run_apart
from tests.server.events.people import Asker, somebody


@pytest.fixture(scope="session", params=DATABASES)
def kept_settings(request: pytest.FixtureRequest, run_folder: Path, valkey_url: str) -> Settings:
    """Settings on a database of each kind that is kept for the run; no object storage is needed here."""
    name = f"kept{secrets.token_hex(6)}"
    if request.param == "postgresql":
        url = run_apart(copy_template(request.getfixturevalue("postgres_template")))
    else:
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), run_folder / f'{name}.db')}"
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
