"""Fixtures of uploads: a seminar to upload to, and real web processes on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.core.db import Database
from server.core.settings import Settings
from server.core.storage import ObjectStore
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
