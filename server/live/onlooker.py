"""Who looks at a broadcast while it is written: told of every row as it is published, beside the viewers.

The root hands in what that is; live knows nothing of it. An onlooker only takes note: what it does takes place
elsewhere, and what it fails with never reaches the stream.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

from server.live.collect import InitOf
from server.live.models import Broadcast
from server.media.live import Layout, Row

log = structlog.get_logger(__name__)


class Onlooker(Protocol):
    """Of one broadcast, for as long as one process writes it. Neither call may wait."""

    def see(self, row: Row, init_of: InitOf) -> None:
        """A row was published."""

    def close(self) -> None:
        """This process writes no more of it."""


LookOn = Callable[[Broadcast, Layout], Onlooker]


class NobodyLooks:
    """The onlooker where there is none."""

    def see(self, row: Row, init_of: InitOf) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Guarded:
    """An onlooker that fails is not asked again."""

    def __init__(self, onlooker: Onlooker) -> None:
        self._onlooker: Onlooker | None = onlooker

    def see(self, row: Row, init_of: InitOf) -> None:
        """A row was published."""
        if self._onlooker is None:
            return
        try:
            self._onlooker.see(row, init_of)
        except Exception:
            log.exception("live.onlooker_failed", msn=row.msn, part=row.part)
            self.close()

    def close(self) -> None:
        """This process writes no more of it."""
        onlooker, self._onlooker = self._onlooker, None
        try:
            if onlooker is not None:
                onlooker.close()
        except Exception:
            log.exception("live.onlooker_failed")


def look_on_nobody(_broadcast: Broadcast, _layout: Layout) -> Onlooker:
    """Nobody looks."""
    return NobodyLooks()


def begin_looking(look_on: LookOn, broadcast: Broadcast, layout: Layout) -> Onlooker:
    """The onlooker of a broadcast; nobody when it cannot begin."""
    try:
        return Guarded(look_on(broadcast, layout))
    except Exception:
        log.exception("live.onlooker_failed", broadcast=broadcast.id)
        return NobodyLooks()
