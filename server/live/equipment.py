"""What every room of an ingest process works with; made by its root and handed down."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from server.core.clock import now
from server.core.live_bus import Bus
from server.core.runtime import Runtime
from server.live.archive import Archive
from server.live.onlooker import LookOn, look_on_nobody
from server.media.ffmpeg import Ffmpeg


class RoomClock:
    """Wall time that never steps: that of the process's start, moved on by the monotonic clock."""

    def __init__(self, *, started_at: datetime | None = None, mono: Callable[[], float] = time.monotonic) -> None:
        self.mono = mono
        self._wall, self._at_s = started_at or now(), mono()

    def wall_at(self, at_s: float) -> datetime:
        """The wall time of a moment of the monotonic clock."""
        return self._wall + timedelta(seconds=at_s - self._at_s)

    def now(self) -> datetime:
        """The present moment."""
        return self.wall_at(self.mono())


class Follow(Protocol):
    """Do what the schedule wants of a broadcast at a moment (live.follow.follow_room with a programme)."""

    async def __call__(self, broadcast_id: str, *, moment: datetime, away_since: datetime | None) -> bool:
        """Whether anything changed."""


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """See the module. `slate_texts` gives the lines of a slate for an event. `passthrough`: clean pictures are.
    `look_on` begins to look at a broadcast, beside the viewers."""

    runtime: Runtime
    bus: Bus
    archive: Archive
    ffmpeg: Ffmpeg
    heights: tuple[int, ...]
    window_s: float
    slate_folder: Path
    slate_texts: Callable[[str], Awaitable[Sequence[str]]]
    follow: Follow
    passthrough: bool = False
    look_on: LookOn = look_on_nobody
    clock: RoomClock = field(default_factory=RoomClock)
