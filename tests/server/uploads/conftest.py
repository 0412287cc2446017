"""Fixtures of uploads: a seminar to upload to, and real web processes on it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from server.core.db import Database
from server.core.settings import Settings
from server.core.storage import ObjectStore
from tests.conftest import S3
from tests.server.uploads.hall import Hall, open_hall, served
from tests.server.uploads.web_process import WebProcess
from tests.server.uploads.world import World, make_world


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
def web(settings: Settings, store: ObjectStore, tmp_path: Path) -> Iterator[WebProcess]:
    """A running web process on the test's database and bucket."""
    process = WebProcess(settings, tmp_path / "web.log")
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
async def hall(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, valkey_url: str, s3: S3
) -> AsyncIterator[Hall]:
    """A seminar for all tests of a module."""
    async with open_hall(tmp_path_factory.mktemp("hall"), sqlite_template, valkey_url, s3) as made:
        yield made


@pytest.fixture(scope="module")
async def hall_client(hall: Hall) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application on the module's seminar."""
    async with served(hall) as made:
        yield made


@pytest.fixture(scope="module")
def hall_web(hall: Hall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """A running web process on the module's seminar."""
    process = WebProcess(hall.settings, tmp_path_factory.mktemp("web") / "web.log")
    process.start()
    yield process
    process.stop()
