"""A camera in the room: it looks at the projection from the side, its light is poor, and people stand in the way."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.slide_films.decks import Deck
from tests.slide_films.layouts import Picture, Quad, Stage
from tests.slide_films.people import speaker_at, walk_through
from tests.slide_films.timelines import Shot

WALK_EVERY_MS, WALK_MS = 33_000, 4_500
EDGE = 32  # pixels of the wall beyond each side of the frame, for a hand that shakes


class Camera(Stage):
    """Perspective, wash-out, ambient light, blur, noise, a hand that is not still, exposure that follows the slides."""

    def __init__(self, deck: Deck, shots: Sequence[Shot], seed: int, width: int, height: int) -> None:
        super().__init__(deck, shots, seed, width, height)
        rng, dice = self.rng, np.random.default_rng(seed)
        self._corners = _screen_corners(dice, width, height, self.screen.width / self.screen.height)
        self._shake_px = rng.choice((0.15, 2.5, 6.0)) * width / 1280
        self._phases = [rng.uniform(0, 6.28) for _ in range(8)]
        self._black, self._white = rng.uniform(38, 80), rng.uniform(170, 235)
        self._sigma = rng.uniform(0.5, 1.1) * width / 1280
        wall = cv2.multiply(
            *(make(dice, width + 2 * EDGE, height + 2 * EDGE) for make in (_wall, _ambient)), scale=1 / 255
        )
        self._wall = np.asarray(cv2.GaussianBlur(wall, (0, 0), self._sigma), np.uint8)
        self._light = _ambient(dice, self.screen.width, self.screen.height)
        self._lit: tuple[object, Picture] | None = None
        noise = dice.normal(128, rng.uniform(2.5, 5.0), (height + 64, width + 64, 1)).clip(0, 255).astype(np.uint8)
        self._noise = np.repeat(noise, 3, 2)
        self._brightness: dict[int, float] = {}

    def screen_size(self) -> tuple[int, int]:
        wide = round(self.width * 0.72 / 2) * 2
        return wide, round(wide * 9 / 16 / 2) * 2

    def key(self, at_ms: int) -> object | None:
        return None

    def at(self, at_ms: int) -> Picture:
        if self._shot(at_ms).scene == "speaker":
            return self._grainy(speaker_at(self.seed, at_ms, self.width, self.height), at_ms)
        warp = self._warp(at_ms)
        size = (self.width, self.height)
        corners = _project(warp, self.screen.width, self.screen.height)
        shift = corners.mean(0) - self._corners_at(at_ms).mean(0)
        x, y = (int(np.clip(EDGE - round(part), 0, 2 * EDGE)) for part in shift)
        frame = self._wall[y : y + self.height, x : x + self.width].copy()
        cv2.warpPerspective(self._projection(at_ms), warp, size, frame, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
        self._people(frame, corners, at_ms)
        return self._grainy(frame, at_ms)

    def _projection(self, at_ms: int) -> Picture:
        """The screen's picture as it looks on the wall through the lens: washed out, unevenly lit, a little soft."""
        table, key = self._wash(at_ms), self.screen.key(at_ms)
        known = None if key is None else (key, table.tobytes())
        if known is not None and self._lit and self._lit[0] == known:
            return self._lit[1]
        washed = cv2.multiply(cv2.LUT(self.screen.at(at_ms), table), self._light, scale=1 / 255)
        soft = np.asarray(cv2.GaussianBlur(washed, (0, 0), self._sigma), np.uint8)
        self._lit = (known, soft) if known is not None else None
        return soft

    def quad(self, at_ms: int) -> Quad | None:
        if self._shot(at_ms).page is None:
            return None
        left, top, wide, tall = self.screen.box()
        inner = np.array([(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)], np.float64)
        corners = cv2.perspectiveTransform(inner[None], self._warp(at_ms))[0]
        return self._fractions(corners)

    def _framing(self, at_ms: int) -> int:
        """How often the camera has been elsewhere: it never comes back to quite the same place."""
        return sum(shot.scene == "speaker" and shot.end_ms <= at_ms for shot in self.shots)

    def _corners_at(self, at_ms: int) -> NDArray[np.float64]:
        dice = np.random.default_rng(self.seed * 100 + self._framing(at_ms))
        centre = self._corners.mean(0)
        return (
            (self._corners - centre) * dice.uniform(0.93, 1.05) + centre + dice.uniform(-14, 14, 2) * self.width / 1280
        )

    def _warp(self, at_ms: int) -> NDArray[np.float64]:
        """From the screen's pixels to the frame's."""
        wide, tall = self.screen.width, self.screen.height
        flat = np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
        corners = self._corners_at(at_ms)
        turn, (a, b, c, d, e, f, g, h) = at_ms / 1000, self._phases
        drift = np.array(
            [
                math.sin(0.9 * turn + a) + 0.5 * math.sin(2.7 * turn + b) + 0.2 * math.sin(11 * turn + c),
                math.sin(0.7 * turn + d) + 0.5 * math.sin(3.1 * turn + e) + 0.2 * math.sin(13 * turn + f),
            ]
        )
        lean = 0.0006 * self._shake_px * math.sin(0.5 * turn + g)
        grow = 1 + 0.001 * self._shake_px * math.sin(0.4 * turn + h)
        centre = corners.mean(0)
        rotate = np.array([[math.cos(lean), -math.sin(lean)], [math.sin(lean), math.cos(lean)]])
        moved = (corners - centre) @ rotate.T * grow + centre + self._shake_px * drift
        return np.asarray(cv2.getPerspectiveTransform(flat, moved.astype(np.float32)), np.float64)

    def _wash(self, at_ms: int) -> Picture:
        """Black is not black in a lit room; the exposure follows a second behind the brightness."""
        index = self.screen.index_at(at_ms)
        now, before = self._bright(index), self._bright(max(0, index - 1))
        since = (at_ms - self.shots[index].start_ms) / 1000
        level = now + (before - now) * math.exp(-since / 0.7)
        gain = 1.12 - round(0.3 * level, 2)  # in steps, as sensors have them
        steps = np.linspace(0, 1, 256) ** 0.9
        return (
            np.asarray((self._black + steps * (self._white - self._black)) * gain, np.float64)
            .clip(0, 255)
            .astype(np.uint8)
        )

    def _bright(self, index: int) -> float:
        if index not in self._brightness:
            self._brightness[index] = float(self.screen.at(self.shots[index].start_ms + 240).mean()) / 255
        return self._brightness[index]

    def _people(self, frame: Picture, corners: NDArray[np.float64], at_ms: int) -> None:
        """The lecturer beside the screen, over its edge; and somebody who has to leave."""
        side = self.seed % 2
        turn = at_ms / 1000
        foot = corners[2] if side else corners[3]
        x = foot[0] + self.width * (0.02 + 0.05 * math.sin(turn * 0.35) + 0.012 * math.sin(turn * 1.7)) * (
            1 if side else -1
        )
        tall = self.height * 0.42
        _stand(frame, (x, foot[1] + self.height * 0.14), tall, turn)
        into = (at_ms + self.seed % 20 * 1000) % WALK_EVERY_MS
        if into < WALK_MS:
            walk_through(frame, into / WALK_MS, self.seed + at_ms // WALK_EVERY_MS)

    def _grainy(self, frame: Picture, at_ms: int) -> Picture:
        """The sensor's noise, new in every frame."""
        x, y = (at_ms * 7919 // 40) % 61, (at_ms * 104729 // 40) % 59
        grain = self._noise[y : y + self.height, x : x + self.width]
        return np.asarray(cv2.addWeighted(frame, 1, grain, 1, -128), np.uint8)


def _project(warp: NDArray[np.float64], wide: int, tall: int) -> NDArray[np.float64]:
    flat = np.array([[(0, 0), (wide, 0), (wide, tall), (0, tall)]], np.float64)
    return np.asarray(cv2.perspectiveTransform(flat, warp)[0], np.float64)


def _screen_corners(dice: np.random.Generator, width: int, height: int, aspect: float) -> NDArray[np.float64]:
    """A projection seen from the side: one edge shorter than the other, 55 to 72 % of the frame's width."""
    wide = width * dice.uniform(0.55, 0.72)
    tall = wide / aspect
    left = (width - wide) * dice.uniform(0.25, 0.75)
    top = (height - tall) * dice.uniform(0.12, 0.45)
    near, tilt = dice.uniform(0.02, 0.13), dice.uniform(-0.03, 0.03)
    corners = np.array([(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)])
    squeeze = (
        np.array([(0, near), (0, 0), (0, 0), (0, -near)])
        if dice.random() < 0.5
        else np.array([(0, 0), (0, near), (0, -near), (0, 0)])
    )
    slant = np.array([(0, -tilt), (0, tilt), (0, tilt), (0, -tilt)])
    return corners + (squeeze + slant) * tall


def _wall(dice: np.random.Generator, width: int, height: int) -> Picture:
    """The room: a wall with rough plaster, a door, a ledge, the backs of chairs."""
    base = dice.uniform(60, 130, 3)
    rough = sum(
        weight
        * cv2.resize(dice.normal(0, 1, (cells * 9 // 16 + 1, cells)), (width, height), interpolation=cv2.INTER_CUBIC)
        for cells, weight in ((6, 14), (60, 4), (400, 3))
    )
    picture = np.clip(base + np.asarray(rough)[:, :, None], 0, 255).astype(np.uint8)
    door = int(dice.uniform(0.0, 0.06) * width)
    cv2.rectangle(picture, (door, height // 3), (door + width // 12, height), (40, 56, 80), -1)
    cv2.rectangle(picture, (door, height // 3), (door + width // 12, height), (20, 26, 34), 3)
    for x in range(0, width, width // 14):
        cv2.rectangle(picture, (x, height - height // 12), (x + width // 18, height), (36, 32, 44), -1)
    return picture


def _ambient(dice: np.random.Generator, width: int, height: int) -> Picture:
    """Light that falls off over the frame, three channels of 255 = all of it."""
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    a, b = dice.uniform(-0.16, 0.16, 2)
    light = np.clip(0.93 + a * x + b * y - 0.1 * (x * x + y * y), 0.5, 1) * 255
    return np.repeat(light[:, :, None], 3, 2).astype(np.uint8)


def _stand(frame: Picture, foot: tuple[float, float], tall: float, turn: float) -> None:
    """A small lecturer who sways and moves an arm."""
    x, y = foot[0] + tall * 0.01 * math.sin(turn * 5), foot[1]
    head, skin, shirt = tall * 0.085, (120, 150, 190), (90, 60, 40)
    shoulder = (int(x), int(y - tall * 0.74))
    cv2.ellipse(
        frame, (int(x), int(y - tall * 0.4)), (int(tall * 0.13), int(tall * 0.4)), 0, 0, 360, shirt, -1, cv2.LINE_AA
    )
    hand = (int(x + tall * 0.24 * math.sin(turn * 1.3)), int(y - tall * (0.55 + 0.15 * math.sin(turn * 2.2))))
    cv2.line(frame, shoulder, hand, shirt, max(2, int(tall * 0.06)), cv2.LINE_AA)
    cv2.circle(frame, hand, max(2, int(tall * 0.035)), skin, -1, cv2.LINE_AA)
    cv2.circle(frame, (int(x), int(y - tall * 0.88)), int(head), skin, -1, cv2.LINE_AA)
    cv2.ellipse(frame, (int(x), int(y - tall * 0.91)), (int(head), int(head * 0.8)), 0, 180, 360, (30, 40, 60), -1)
