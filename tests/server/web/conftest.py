"""The same application and askers as in the tests of events, and browsers that look at its pages."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.core.runtime import Runtime
from tests.server.accounts.people import Browsing, a_user, new_browser
from tests.server.events.conftest import admin, anybody, client, database, kept_app, kept_database, kept_settings

__all__ = ["admin", "anybody", "client", "database", "kept_app", "kept_database", "kept_settings"]


@pytest.fixture
async def browser(kept_app: Any, client: Any) -> AsyncIterator[Browsing]:
    """A browser of nobody in particular, on an empty database."""
    made = new_browser(kept_app, "10.1.2.3")
    made.http.headers["accept"] = "text/html,application/xhtml+xml"
    yield made
    await made.http.aclose()


@pytest.fixture
async def app_runtime(kept_app: Any) -> Runtime:
    """The engines of the application under test."""
    found: Runtime = await kept_app.dependencies["runtime"].dependency()
    return found


@pytest.fixture
async def organiser(browser: Browsing, app_runtime: Runtime) -> Browsing:
    """The browser of an admin who is signed in."""
    user = await a_user(app_runtime, "aino@example.org", name="Aino", is_admin=True)
    await browser.sign_in(app_runtime, user)
    return browser
