"""Browsers at the door: each with an address of its own, so that limits of one test never meet another's."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.conftest import serving
from tests.server.accounts.people import Browsing, new_browser


@pytest.fixture
async def store() -> None:
    """Accounts keep no objects; a bucket a test would be most of its time."""


@pytest.fixture
async def browsers(app: Any) -> AsyncIterator[Callable[..., Browsing]]:
    """Makes browsers of the application, anonymous at first."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(app))
        made: list[httpx.AsyncClient] = []

        def make(address: str = "") -> Browsing:
            browser = new_browser(app, address or f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.7")
            made.append(browser.http)
            return browser

        yield make
        for http in made:
            await http.aclose()


@pytest.fixture
def browser(browsers: Callable[..., Browsing]) -> Browsing:
    """One anonymous browser."""
    return browsers()
