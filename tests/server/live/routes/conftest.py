"""The same application and askers as in the tests of events, and a room with a programme."""

from typing import Any

import pytest

from server.core.db import Database
from server.core.runtime import Runtime
from tests.server.events.conftest import (
    admin,
    anybody,
    client,
    database,
    kept_app,
    kept_database,
    kept_settings,
)
from tests.server.events.people import Asker
from tests.server.live.routes.stage import Stage, make_stage

__all__ = ["admin", "anybody", "client", "database", "kept_app", "kept_database", "kept_settings"]


@pytest.fixture
async def runtime(kept_app: Any, database: Database) -> Runtime:
    """What the application works with."""
    found: Runtime = kept_app.state.runtime
    return found


@pytest.fixture
async def stage(admin: Asker, runtime: Runtime) -> Stage:
    """A room with three talks: one that is on, the next in ten minutes, the third after a break."""
    return await make_stage(admin, runtime)
