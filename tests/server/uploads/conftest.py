"""Fixtures of uploads: a seminar to upload to."""

import pytest

from server.core.db import Database
from tests.server.uploads.world import World, make_world


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)
