"""One Semma and one browser for all journeys; the first journey that needs a talk makes it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import chromium
from tests.private_semma import PrivateSemma, private_semma


@pytest.fixture(scope="session")
def semma() -> Iterator[PrivateSemma]:
    """Small renditions, made in a hurry, in short chunks: what matters here is the page."""
    settings = {
        "SEMMA_LADDER": "360,180",
        "SEMMA_CHUNK_S": "12",
        "SEMMA_ENCODE_THREADS": "1",
        "SEMMA_ENCODE_PRESET": "superfast",  # the fastest that has B-frames
    }
    with private_semma(settings) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser a file: Playwright keeps a loop running in this thread, in which no asyncio test can begin."""
    with chromium() as made:
        yield made


@pytest.fixture(autouse=True)
def pages_of_one_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test has opened is closed with it: pages that nobody looks at would play on."""
    if "browser" not in request.fixturenames:
        yield
        return
    browser: Browser = request.getfixturevalue("browser")
    kept = [page for context in browser.contexts for page in context.pages]
    contexts = list(browser.contexts)  # of the file's fixtures, which are made before this one
    yield
    for context in browser.contexts:
        if context not in contexts:
            context.close()
        else:
            for page in context.pages:
                if page not in kept:
                    page.close()
