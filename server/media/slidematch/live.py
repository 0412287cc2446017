"""The same evidence as it comes, for a room that is on air: which page is shown now?

    match = LiveMatch(pages)
    cue = match.push(frame, at_ms)     # None while nothing has changed

A forward filter over the states of path.py; memory does not grow. A change is told when the filter is sure of it, or
when it has led for PATIENCE_MS, so at most two seconds late with a picture a second.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.media.slidematch.decide import evidence_of
from server.media.slidematch.match import prepare_opencv, to_gray
from server.media.slidematch.pages import load_deck
from server.media.slidematch.path import FIRST_RATE, forward, leaving, spread, start_of
from server.media.slidematch.results import DeckPage, Region
from server.media.slidematch.watch import Watcher

SURE = 0.9
PATIENCE_MS = 1_500
# A gap in the pictures says nothing about what was shown meanwhile; after so long anything is possible.
LONGEST_GAP_S = 60.0


class LiveCue(msgspec.Struct, frozen=True, kw_only=True):
    """From `start_ms` on this page is shown, or none. `decided_ms`: the time of the picture that decided it."""

    start_ms: int
    decided_ms: int
    page: int | None
    confidence: float


class LiveMatch:
    """Follows one room. Raises UnreadablePageError when a page's picture cannot be read."""

    def __init__(self, pages: Sequence[DeckPage], known: Sequence[Region] = ()) -> None:
        prepare_opencv()
        self._deck = load_deck(pages)
        self._watcher = Watcher(self._deck, tuple(known))
        self._ways = leaving(len(pages))
        self._state: NDArray[np.float64] | None = None
        self._at_ms = 0
        # What viewers are told now (-2: nothing yet), and what leads against it since when.
        self._told = -2
        self._leader = -2
        self._since_ms = 0

    def push(self, frame: NDArray[np.uint8], at_ms: int) -> LiveCue | None:
        """Take the next picture (gray or BGR); times must grow. The cue that begins, when one is decided."""
        count = len(self._deck.pages)
        if not count:
            return None
        sample = self._watcher.look(at_ms, to_gray(frame))
        weighted = evidence_of([sample], count)[0]
        likely = np.exp(np.maximum(weighted - weighted.max(), -40))
        if self._state is None:
            self._state = start_of(count) * spread(likely)
            self._state = self._state / self._state.sum()
        else:
            seconds = min(LONGEST_GAP_S, max(0.04, (at_ms - self._at_ms) / 1000))
            self._state = forward(self._state, likely, 1 - float(np.exp(-FIRST_RATE * seconds)), self._ways)
        self._at_ms = at_ms
        return self._decide(at_ms)

    @property
    def is_undecided(self) -> bool:
        """True while something else than what was told leads: the next picture decides."""
        return self._leader != self._told

    def regions(self) -> tuple[Region, ...]:
        """Where slides were seen; hand them on to the matcher of the recording."""
        return self._watcher.places.regions()

    def _decide(self, at_ms: int) -> LiveCue | None:
        assert self._state is not None
        none = float(self._state[1].sum())
        best = int(self._state[0].argmax())
        leader, chance = (-1, none) if none >= self._state[0, best] else (best, float(self._state[0, best]))
        if leader != self._leader:
            self._leader, self._since_ms = leader, at_ms
        if leader == self._told or (chance < SURE and at_ms - self._since_ms < PATIENCE_MS):
            return None
        self._told = leader
        page = self._deck.pages[leader].number if leader >= 0 else None
        return LiveCue(start_ms=self._since_ms, decided_ms=at_ms, page=page, confidence=round(min(0.999, chance), 3))
