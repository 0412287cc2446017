"""One application for a whole table."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from server.core.runtime import Runtime
from tests.conftest import S3
from tests.server.uploads.hall import Hall, open_hall, served
from tests.server.uploads.web_process import WebProcess
from tests.server.uploads.world import World


@pytest.fixture(scope="module")
async def hall(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, valkey_url: str, s3: S3
) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path_factory.mktemp("hall"), sqlite_template, valkey_url, s3) as made:
        yield made


@pytest.fixture(scope="module")
async def client(hall: Hall) -> AsyncIterator[httpx.AsyncClient]:
    async with served(hall) as made:
        yield made


@pytest.fixture(scope="module")
def web(hall: Hall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """A running web process."""
    process = WebProcess(hall.settings, tmp_path_factory.mktemp("web") / "web.log")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def world(hall: Hall) -> World:
    return hall.world


@pytest.fixture
def runtime(hall: Hall) -> Runtime:
    return hall.runtime
