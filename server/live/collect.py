"""Rows into closed segments: a segment's bytes are those of its parts, one after the other."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from server.live.spool import ClosedSegment, TrackBytes
from server.media.live import Row

InitOf = Callable[[str, str], bytes]  # (track, name) → its bytes


def close_segment(broadcast_id: str, rows: Sequence[Row], end: int, init_of: InitOf) -> ClosedSegment:
    """The segment these rows make; `end` is the media time where it ends, in 90 kHz ticks."""
    first = rows[0]
    tracks = {
        name: TrackBytes(
            duration=sum(row.pieces[name].duration for row in rows),
            init_name=init_name,
            init=init_of(name, init_name),
            data=b"".join(row.pieces[name].data for row in rows),
        )
        for name, init_name in first.inits.items()
    }
    return ClosedSegment(
        broadcast_id=broadcast_id,
        msn=first.msn,
        start=first.start,
        duration=end - first.start,
        wall=first.wall,
        discontinuity=first.discontinuity,
        slate=first.slate,
        tracks=tracks,
    )


class Collector:
    """Collects the rows of one broadcast in their order and gives out each segment as soon as it is closed.

    A segment is closed by its last row, or by the first row of the next one, or by `close` at a broadcast's end.
    """

    def __init__(self, broadcast_id: str, init_of: InitOf) -> None:
        self._broadcast_id = broadcast_id
        self._init_of = init_of
        self._rows: list[Row] = []

    def add(self, rows: Sequence[Row], media_end: int) -> list[ClosedSegment]:
        """Take rows; `media_end` is where the last of them ends."""
        closed = []
        ends = [after.start for _before, after in pairwise(rows)] + [media_end]
        for row, end in zip(rows, ends, strict=True):
            if self._rows and self._rows[-1].msn != row.msn:
                closed += self.close(row.start)
            self._rows.append(row)
            if row.last:
                closed += self.close(end)
        return closed

    def close(self, end: int) -> list[ClosedSegment]:
        """The segment that is open ends here; nothing when none is."""
        rows, self._rows = self._rows, []
        return [close_segment(self._broadcast_id, rows, end, self._init_of)] if rows else []
