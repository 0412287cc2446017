"""One Semma and one browser for all journeys; the first journey that needs a talk makes it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import chromium
from tests.private_semma import PrivateSemma, private_semma


@pytest.fixture(scope="session")
def semma() -> Iterator[PrivateSemma]:
    """Small renditions, short chunks, one thread: what matters here is the page."""
    with private_semma({"SEMMA_LADDER": "360,180", "SEMMA_CHUNK_S": "12", "SEMMA_ENCODE_THREADS": "1"}) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser a file: Playwright keeps a loop running in this thread, in which no asyncio test can begin."""
    with chromium() as made:
        yield made
