"""How tests are spread over the workers of a run: what takes longest comes first, what shares a Semma together."""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# Folders in the order they are begun with; all others follow. What waits for real time, or for an encoder, must not be
# what a run ends with.
FIRST = ("tests/journeys/", "tests/server/live/", "tests/workers/", "tests/server/uploads/", "tests/server/media/")


class TogetherOrByFile(LoadFileScheduling):
    """By file, but all journeys are one worker's: they share one running Semma, which is dear to start."""

    def _split_scope(self, nodeid: str) -> str:
        return FIRST[0] if nodeid.startswith(FIRST[0]) else str(super()._split_scope(nodeid))


def place(nodeid: str) -> int:
    """Where in the order a test stands."""
    return next((number for number, folder in enumerate(FIRST) if nodeid.startswith(folder)), len(FIRST))


class Spread:
    """The plugin that does it."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the longest first; otherwise the order stays."""
        items.sort(key=lambda item: place(item.nodeid))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """The scheduler of `--dist loadfile`."""
        return TogetherOrByFile(config, log) if config.getvalue("dist") == "loadfile" else None
