"""One application a database kind for all tests here, emptied before each: making one costs more than a test."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server.core.db import Database
from server.core.settings import Settings
from tests.conftest import DATABASES, Kept
from tests.databases import empty
from tests.server.events.people import Asker, somebody


@pytest.fixture(params=DATABASES)
def kept_settings(request: pytest.FixtureRequest, kept: Kept) -> Settings:
    """Settings on a database of each kind that is kept for the run; no object storage is needed here."""
    template = "sqlite_template" if request.param == "sqlite" else "postgres_template"
    return kept.settings_of(request.getfixturevalue(template))


@pytest.fixture
def kept_database(kept_settings: Settings, kept: Kept) -> Database:
    return kept.database_of(kept_settings)


@pytest.fixture
async def kept_app(kept_settings: Settings, kept: Kept) -> Any:
    return await kept.app_of(kept_settings)


@pytest.fixture
async def database(kept_database: Database) -> Database:
    """An empty database."""
    await empty(kept_database)
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
