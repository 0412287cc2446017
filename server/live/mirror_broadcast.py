"""One broadcast in a web process's memory: its timeline, its window's bytes, its playlists, and who waits for it."""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Sequence

from server.live import rows
from server.live.playlist_requests import Target
from server.live.rows import Head
from server.media.live import Layout, Row
from server.media.live_timeline import LiveTimeline, PartMark, Segment
from server.media.playlist_live import LivePlaylist, Text, live_multivariant

# Longer than the writer keeps a row in Redis: who was told of a segment at the window's edge still gets it here.
_LINGER_SEGMENTS = 3
_MOST_BORROWED = 4


class BroadcastMirror:
    """A broadcast as this process knows it. Only `mirror_fill` and the room's mirror change it."""

    def __init__(self, broadcast_id: str, layout: Layout, *, window_s: float) -> None:
        self.id = broadcast_id
        self.layout = layout
        self.timeline = LiveTimeline(layout)
        self.playlists = {track.name: LivePlaylist(self.timeline, track) for track in layout.tracks}
        self.inits: dict[str, bytes] = {}
        self.multivariant = Text.of(live_multivariant(layout, f"{broadcast_id}/").encode())
        self.in_archive: set[int] = set()  # known not to be in Redis any more
        self._window = rows.window_segments(window_s)
        self._media: dict[int, list[dict[str, bytes]]] = {}
        self._borrowed: dict[int, list[dict[str, bytes]]] = {}
        self._dropped: Sequence[int] = ()
        self._waiting: dict[Target, list[tuple[float, asyncio.Future[bool]]]] = {}

    # ---- media

    def take(self, row: Row) -> bool:
        """A row as it was published; False when rows are missing before it. One that is known changes nothing."""
        if (row.msn, row.part) <= self.timeline.end:
            if row.msn >= self.window_start():
                self.hold(row)
            return True
        if not self.take_head(rows.head_of(row)):
            return False
        self.hold(row)
        self._tidy()
        self.wake()
        return True

    def take_head(self, head: Head) -> bool:
        """What is known of a row without its bytes; False when it does not follow."""
        return self.timeline.add_part(
            msn=head.msn,
            part=head.part,
            last=head.last,
            wall=head.wall,
            discontinuity=head.discontinuity,
            inits=head.inits,
            marks={track: PartMark(share.duration, share.independent) for track, share in head.pieces.items()},
        )

    def hold(self, row: Row) -> None:
        """Keep a row's bytes; rows of a segment come in order."""
        parts = self._media.setdefault(row.msn, [])
        if row.part == len(parts):
            parts.append({track: piece.data for track, piece in row.pieces.items()})

    def held_parts(self, msn: int) -> int:
        """How many parts of a segment are in memory."""
        return len(self._media.get(msn, ()))

    def part(self, track: str, msn: int, part: int) -> bytes | None:
        """A part's bytes, when they are in memory."""
        parts = self._media.get(msn, ())
        return parts[part].get(track) if part < len(parts) else None

    def whole(self, track: str, segment: Segment) -> list[bytes] | None:
        """A closed segment's bytes part by part, when all are in memory."""
        parts = self._media.get(segment.msn)
        if not parts or len(parts) != len(segment.parts):
            return None
        return [part[track] for part in parts]

    def borrowed(self, msn: int) -> list[dict[str, bytes]] | None:
        """A segment outside the window that was fetched from Redis a moment ago."""
        return self._borrowed.get(msn)

    def borrow(self, msn: int, parts: list[dict[str, bytes]]) -> list[dict[str, bytes]]:
        """Keep what was fetched from Redis a while: others who rewind there ask for it too."""
        self._borrowed[msn] = parts
        while len(self._borrowed) > _MOST_BORROWED:
            del self._borrowed[next(iter(self._borrowed))]
        return parts

    @property
    def edge(self) -> int:
        """The newest segment that has left the window."""
        msn, _part = self.timeline.end
        return msn if self.timeline.ended else msn - self._window

    def window_start(self) -> int:
        """The oldest segment whose bytes are worth having in memory."""
        return max(self.timeline.end[0] - self._window + 1, 1)

    def set_dropped(self, dropped: Sequence[int]) -> None:
        """The segments that must not be seen once they have left the window."""
        self._dropped = dropped
        self._tidy()

    def close(self) -> None:
        """Nothing more comes."""
        self.timeline.close()
        self._tidy()
        self.wake()

    def _tidy(self) -> None:
        """Let go of what has left the window."""
        gone = bisect_right(self._dropped, self.edge)
        if gone:
            self.timeline.drop(self._dropped[gone - 1])
        forget = self.timeline.end[0] - self._window - _LINGER_SEGMENTS
        for msn in [number for number in self._media if number <= forget]:
            del self._media[msn]
        self.timeline.rest(forget)

    # ---- waiting

    async def wait(self, target: Target, deadline: float) -> bool:
        """Until the target may be there (look again), or something else has changed; False when time is over."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(target, []).append((deadline, future))
        return await future

    @property
    def waiters(self) -> int:
        """How many wait."""
        return sum(len(waiting) for waiting in self._waiting.values())

    def wake(self) -> None:
        """Let go on who waited for what is there now: all in one pass."""
        for target in [target for target in self._waiting if self.timeline.ended or target.is_there(self.timeline)]:
            for _deadline, future in self._waiting.pop(target):
                if not future.done():
                    future.set_result(True)

    def wake_all(self) -> None:
        """Everybody looks again: who may see this has changed, or the process ends."""
        for target in list(self._waiting):
            for _deadline, future in self._waiting.pop(target):
                if not future.done():
                    future.set_result(True)

    def sweep(self) -> None:
        """Let go of those whose time is over."""
        present = time.monotonic()
        for target, waiting in list(self._waiting.items()):
            if any(deadline <= present for deadline, _future in waiting):
                self._waiting[target] = [item for item in waiting if item[0] > present]
                for deadline, future in waiting:
                    if deadline <= present and not future.done():
                        future.set_result(False)
            if not self._waiting[target]:
                del self._waiting[target]
