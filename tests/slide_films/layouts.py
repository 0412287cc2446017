"""How a recording shows screen and speaker: `full`, `pip`, `side`, `camera`; `mixed` changes between the first three.

stage = make_stage("pip", deck, shots, seed, 1280, 720)
stage.at(4_000)        # the frame at 4 s, BGR
stage.quad(4_000)      # where the page is in it, as fractions, clockwise from the top left; None where none is
"""

import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.slide_films.decks import Deck
from tests.slide_films.people import speaker_at
from tests.slide_films.screen import Screen
from tests.slide_films.timelines import Shot

Picture = NDArray[np.uint8]
Quad = tuple[float, ...]
LAYOUTS = ("full", "pip", "side", "camera")


class Stage:
    """Slides fill the frame; the speaker alone does too. The base of the other layouts."""

    def __init__(self, deck: Deck, shots: Sequence[Shot], seed: int, width: int, height: int) -> None:
        self.rng = random.Random(f"stage {seed}")
        self.shots, self.seed, self.width, self.height = shots, seed, width, height
        self.screen = Screen(deck, shots, *self.screen_size())
        self._levels = _capture_levels(self.rng)
        self._blur = self.rng.choice((0.0, 0.0, 0.5))
        self._kept: tuple[object, Picture] | None = None

    def screen_size(self) -> tuple[int, int]:
        """Width and height of the slides' picture within the frame."""
        return self.width, self.height

    def key(self, at_ms: int) -> object | None:
        """Equal keys mean equal frames; None: it moves."""
        return None if self._shot(at_ms).scene == "speaker" else self.screen.key(at_ms)

    def at(self, at_ms: int) -> Picture:
        """The frame at a time."""
        if self._shot(at_ms).scene == "speaker":
            return speaker_at(self.seed, at_ms, self.width, self.height)
        return self.captured(at_ms)

    def quad(self, at_ms: int) -> Quad | None:
        """The corners of the deck's page."""
        if self._shot(at_ms).page is None:
            return None
        left, top, wide, tall = self.screen.box()
        return self._fractions(
            np.array([(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)])
        )

    def captured(self, at_ms: int) -> Picture:
        """The screen as the capture card delivers it."""
        key = self.screen.key(at_ms)
        if key is not None and self._kept and self._kept[0] == key:
            return self._kept[1]
        picture = cv2.LUT(self.screen.at(at_ms), self._levels)
        if self._blur:
            picture = cv2.GaussianBlur(picture, (0, 0), self._blur)
        done = np.asarray(picture, np.uint8)
        self._kept = (key, done) if key is not None else None
        return done

    def _shot(self, at_ms: int) -> Shot:
        return self.shots[self.screen.index_at(at_ms)]

    def _fractions(self, corners: NDArray[np.generic]) -> Quad:
        return tuple(float(value) for value in (np.asarray(corners) / (self.width, self.height)).ravel())


class PictureInPicture(Stage):
    """The speaker in a corner, which another corner takes over now and then."""

    def __init__(self, deck: Deck, shots: Sequence[Shot], seed: int, width: int, height: int) -> None:
        super().__init__(deck, shots, seed, width, height)
        self._corner = self.rng.randrange(4)
        share = self.rng.uniform(0.2, 0.28)
        self._small = (round(width * share / 2) * 2, round(height * share / 2) * 2)
        self._margin = self.rng.choice((0, width // 60))

    def key(self, at_ms: int) -> object | None:
        return None

    def at(self, at_ms: int) -> Picture:
        shot = self._shot(at_ms)
        if shot.scene == "speaker":
            return super().at(at_ms)
        frame = self.captured(at_ms).copy()
        wide, tall = self._small
        corner = (self._corner + 1) % 4 if shot.seed % 7 == 0 else self._corner
        left = self._margin if corner in (0, 3) else self.width - wide - self._margin
        top = self._margin if corner in (0, 1) else self.height - tall - self._margin
        frame[top : top + tall, left : left + wide] = speaker_at(self.seed, at_ms, wide, tall)
        return frame


class SideBySide(Stage):
    """Slides at two thirds of the width, the speaker beside them, on a background with the event's name."""

    def __init__(self, deck: Deck, shots: Sequence[Shot], seed: int, width: int, height: int) -> None:
        super().__init__(deck, shots, seed, width, height)
        rng, wide = self.rng, self.screen.width
        self._left = rng.choice((0, width // 50))
        self._top = rng.choice((height // 6, (height - self.screen.height) // 2, height // 12))
        self._speaker = (self._left + wide + width // 80, self._top)
        size = width - self._speaker[0] - width // 80
        self._size = (size // 2 * 2, round(min(size * rng.choice((0.75, 1.2)), height - self._top - 8)) // 2 * 2)
        self._ground = _background(seed, width, height)
        if rng.random() < 0.3:  # mirrored: the speaker on the left
            self._speaker, self._left = (width // 80, self._top), width - wide - self._left

    def screen_size(self) -> tuple[int, int]:
        wide = round(self.width * 2 / 3 / 2) * 2
        return wide, round(wide * self.height / self.width / 2) * 2

    def key(self, at_ms: int) -> object | None:
        return None

    def at(self, at_ms: int) -> Picture:
        if self._shot(at_ms).scene == "speaker":
            return super().at(at_ms)
        frame = self._ground.copy()
        slides = self.captured(at_ms)
        frame[self._top : self._top + slides.shape[0], self._left : self._left + slides.shape[1]] = slides
        (left, top), (wide, tall) = self._speaker, self._size
        frame[top : top + tall, left : left + wide] = speaker_at(self.seed, at_ms, wide, tall)
        return frame

    def quad(self, at_ms: int) -> Quad | None:
        inner = super().quad(at_ms)
        if inner is None:
            return None
        corners = np.array(inner).reshape(4, 2) * (self.width, self.height)
        return self._fractions(corners + np.array([self._left, self._top]))


class Mixed(Stage):
    """An operator at work: from shot to shot another of the three layouts."""

    def __init__(self, deck: Deck, shots: Sequence[Shot], seed: int, width: int, height: int) -> None:
        super().__init__(deck, shots, seed, width, height)
        self._stages = [kind(deck, shots, seed, width, height) for kind in (Stage, PictureInPicture, SideBySide)]

    def _stage(self, at_ms: int) -> Stage:
        return self._stages[self._shot(at_ms).seed // 8 % 3]

    def key(self, at_ms: int) -> object | None:
        return self._stage(at_ms).key(at_ms)

    def at(self, at_ms: int) -> Picture:
        return self._stage(at_ms).at(at_ms)

    def quad(self, at_ms: int) -> Quad | None:
        return self._stage(at_ms).quad(at_ms)


def _capture_levels(rng: random.Random) -> Picture:
    """A table of 256: full or limited range mistaken for each other, a little gamma."""
    low, high = rng.choice(((0, 255), (0, 255), (16, 235), (8, 246)))
    steps = np.linspace(0, 1, 256) ** rng.uniform(0.85, 1.18)
    return np.asarray(low + steps * (high - low), np.uint8)


def _background(seed: int, width: int, height: int) -> Picture:
    """A broadcast's background: a gradient with slanted bars, and a name."""
    rng = np.random.default_rng(seed)
    ends = rng.uniform(20, 190, (2, 3))
    ramp = np.linspace(0, 1, height)[:, None, None]
    picture = np.asarray((1 - ramp) * ends[0] + ramp * ends[1], np.uint8)
    picture = np.ascontiguousarray(np.broadcast_to(picture, (height, width, 3)))
    for x in range(-height, width, int(rng.integers(60, 160))):
        colour = tuple(int(part) for part in rng.uniform(20, 220, 3))
        cv2.line(picture, (x, height), (x + height, 0), colour, int(rng.integers(1, 14)), cv2.LINE_AA)
    cv2.putText(picture, "SEMINAR 2026", (width // 40, height - height // 30), 0, height / 720, (255, 255, 255), 2)
    return picture


def make_stage(layout: str, deck: Deck, shots: Sequence[Shot], seed: int, width: int, height: int) -> Stage:
    """The stage of a layout."""
    from tests.slide_films.camera import Camera  # it stands on this file

    kinds = {"full": Stage, "pip": PictureInPicture, "side": SideBySide, "camera": Camera, "mixed": Mixed}
    return kinds[layout](deck, shots, seed, width, height)
