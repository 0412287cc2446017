"""The slate on air: its parts, each at the moment when its media has passed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

from server.live.slate import Shared, Slate, slate_feed
from server.media.live import PARTS_A_SEGMENT, Layout


class SlateShow:
    """One showing, begun at a moment; `due` gives the parts whose time has come."""

    def __init__(self, layout: Layout, slate: Slate, began: datetime) -> None:
        self._parts: Iterator[list[Shared]] = slate_feed(layout, slate)
        self._layout, self._began = layout, began
        self._number, self._frames = 0, 0

    def due(self, moment: datetime) -> Iterator[list[Shared]]:
        """What is to be published by this moment, part for part."""
        while True:
            frames = self._frames + self._layout.part_frames[self._number % PARTS_A_SEGMENT]
            ends = self._began + timedelta(seconds=float(Fraction(frames) / self._layout.rate))
            if ends > moment:
                return
            self._number, self._frames = self._number + 1, frames
            yield next(self._parts)
