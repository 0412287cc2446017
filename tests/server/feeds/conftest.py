"""The same application and askers as in the tests of events."""

from tests.server.events.conftest import (
    admin,
    anybody,
    client,
    database,
    kept_app,
    kept_database,
    kept_settings,
)

__all__ = ["admin", "anybody", "client", "database", "kept_app", "kept_database", "kept_settings"]
