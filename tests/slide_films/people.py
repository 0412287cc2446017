"""A drawn speaker who moves in every frame, and somebody who walks through the picture."""

import math
import random
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from server.demo.figure import pictures
from server.demo.slides import THEMES

Picture = NDArray[np.uint8]
LOOP = 200


@lru_cache(maxsize=4)
def speaker_loop(seed: int, width: int, height: int) -> tuple[Picture, ...]:
    """Eight seconds of a speaker in front of a wall, BGR, with a cheap camera's grain; ends where it began."""
    rng = random.Random(f"speaker {seed}")
    shirt, hair = (tuple(rng.randint(20, 200) for _ in range(3)) for _ in range(2))
    theme = replace(THEMES["paper"], shirt=shirt, hair=hair)
    mouth = [0.5 + 0.5 * math.sin(step * 0.9) * math.sin(step * 0.23) for step in range(LOOP)]
    grain = np.random.default_rng(seed).normal(0, 3.5, (8, height, width, 1))
    wall = _wall(seed, width, height)
    loop = []
    for number, raw in enumerate(pictures(theme, mouth, width, height)):
        picture = np.frombuffer(raw, np.uint8).reshape(height, width, 3)[:, :, ::-1]
        loop.append(np.clip(picture + wall + grain[number % 8], 0, 255).astype(np.uint8))
    return tuple(loop)


def _wall(seed: int, width: int, height: int) -> NDArray[np.float64]:
    """Light and shade that stay: posters, plaster, the lamp's cone."""
    rng = np.random.default_rng(seed)
    rough = rng.normal(0, 14, (height // 24 + 2, width // 24 + 2, 1))
    smooth = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.float64).reshape(height, width, 1)


def speaker_at(seed: int, at_ms: int, width: int, height: int) -> Picture:
    """The speaker at a time, at most 640 × 360 drawn and then enlarged."""
    small = min(1.0, 360 / height)
    loop = speaker_loop(seed, round(width * small), round(height * small))
    picture = loop[at_ms // 40 % LOOP]
    if small < 1:
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return picture


def walk_through(picture: Picture, progress: float, seed: int) -> None:
    """Draw a dark figure on its way through the picture, 0 … 1, seen from behind at the foot of it."""
    height, width = picture.shape[:2]
    side = 1 if seed % 2 else -1
    x = int(width * (0.5 + side * (progress - 0.5) * 1.5))
    y = int(height * (0.66 + 0.012 * math.sin(progress * 40)))
    size = int(height * 0.075)
    cv2.ellipse(picture, (x, y), (size, int(size * 1.25)), 0, 0, 360, (24, 26, 34), -1, cv2.LINE_AA)
    cv2.ellipse(
        picture, (x, height), (int(size * 2.4), int(height - y - size)), 0, 0, 360, (38, 34, 30), -1, cv2.LINE_AA
    )
