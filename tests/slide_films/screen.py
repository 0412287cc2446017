"""What the lecturer's computer puts out: a page, another deck, a program, nothing. A pure function of time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.slide_films.decks import Deck, make_deck
from tests.slide_films.props import demo, play_video, point_at, write_on
from tests.slide_films.timelines import FRAME_MS, Shot

Picture = NDArray[np.uint8]
OTHER_PAGE_MS = 7000


@dataclass
class Screen:
    """The output of one computer in a size of its own; the deck's pages are fitted into it with black beside them."""

    deck: Deck
    shots: Sequence[Shot]
    width: int
    height: int
    _others: dict[int, Deck] = field(default_factory=dict)
    _kept: tuple[object, Picture] | None = None

    def __post_init__(self) -> None:
        self._starts = np.array([shot.start_ms for shot in self.shots])

    def index_at(self, at_ms: int) -> int:
        """The number of the shot at a time."""
        return max(0, int(np.searchsorted(self._starts, at_ms, "right")) - 1)

    def key(self, at_ms: int) -> object | None:
        """Equal keys mean equal pictures; None: it moves."""
        index = self.index_at(at_ms)
        shot, since = self.shots[index], at_ms - self.shots[index].start_ms
        if shot.plays or shot.pointer or self._in_fade(index, at_ms):
            return None
        if shot.scene == "demo":
            return (index, since // 640)
        if shot.scene == "other":
            return (index, since // OTHER_PAGE_MS)
        return (index, since // 1500 if shot.ink else 0)

    def at(self, at_ms: int) -> Picture:
        """The picture in BGR; kept between calls, so don't draw into it."""
        key = self.key(at_ms)
        if key is not None and self._kept and self._kept[0] == key:
            return self._kept[1]
        index = self.index_at(at_ms)
        picture = self._of_shot(index, at_ms)
        if part := self._in_fade(index, at_ms):
            before = self._of_shot(index - 1, self.shots[index - 1].end_ms - FRAME_MS)
            picture = np.asarray(cv2.addWeighted(before, 1 - part, picture, part, 0), np.uint8)
        elif (part := self._in_fade(index + 1, at_ms)) and index + 1 < len(self.shots):
            after = self._of_shot(index + 1, self.shots[index + 1].start_ms)
            picture = np.asarray(cv2.addWeighted(picture, 1 - part, after, part, 0), np.uint8)
        self._kept = (key, picture) if key is not None else None
        return picture

    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the deck's pages in the picture."""
        wide, tall = self.width, round(self.width / self.deck.aspect / 2) * 2
        if tall > self.height:
            wide = round(self.height * self.deck.aspect / 2) * 2
            tall = round(wide / self.deck.aspect / 2) * 2
        return (self.width - wide) // 2, max(0, (self.height - tall) // 2), wide, min(tall, self.height)

    def _in_fade(self, index: int, at_ms: int) -> float:
        """How far a shot is faded in, 0 … 1; 0 outside its fade, whose middle is the shot's start."""
        for number in (index, index + 1):
            if 0 < number < len(self.shots) and self.shots[number].fade_ms:
                half = self.shots[number].fade_ms / 2
                apart = at_ms - self.shots[number].start_ms
                if -half < apart < half and (number == index) == (apart >= 0):
                    return (apart + half) / (2 * half)
        return 0.0

    def _of_shot(self, index: int, at_ms: int) -> Picture:
        shot, since = self.shots[index], at_ms - self.shots[index].start_ms
        if shot.scene == "demo":
            return demo(shot.seed, since, self.width, self.height)
        if shot.scene == "other":
            other = self._others.setdefault(shot.seed, make_deck(shot.seed, "mixed", pages=6))
            return self._fitted(other, 2 + since // OTHER_PAGE_MS % 5)
        if shot.page is None:
            blue = (150, 60, 0) if shot.seed % 2 else (0, 0, 0)
            return np.full((self.height, self.width, 3), blue, np.uint8)
        return self._fitted(self.deck, shot.page, shot, since)

    def _fitted(self, deck: Deck, page: int, shot: Shot | None = None, since: int = 0) -> Picture:
        left, top, wide, tall = self.box() if deck is self.deck else (0, 0, self.width, self.height)
        if deck is not self.deck:
            tall = min(self.height, round(wide / deck.aspect))
            top = (self.height - tall) // 2
        picture = deck.draw(page, wide)
        if shot and shot.plays:
            picture = play_video(picture, shot.seed, since)
        if shot and shot.ink:
            picture = write_on(picture, shot.seed, since)
        if shot and shot.pointer:
            picture = point_at(picture, shot.seed, since)
        if picture.shape[:2] == (self.height, self.width):
            return picture
        whole = np.zeros((self.height, self.width, 3), np.uint8)
        if picture.shape[0] != tall:
            picture = np.asarray(cv2.resize(picture, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
        whole[top : top + tall, left : left + wide] = picture
        return whole
