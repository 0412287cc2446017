"""What else is seen: a program, a video that plays, a pointer, ink. All pure functions of time."""

import math
import random
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from server.media.lettering import write
from tests.slide_films.deck_styles import some_words
from tests.slide_films.draw_figures import photo
from tests.slide_films.draw_pages import VIDEO_BOX

Picture = NDArray[np.uint8]
LINE_MS, LINES = 640, 22


@lru_cache(maxsize=48)
def _terminal(seed: int, count: int, width: int, height: int) -> Picture:
    """A desktop with a window of lines, scrolled to that many."""
    rng = random.Random(f"demo {seed}")
    paper, ink = rng.choice((((30, 30, 34), (210, 220, 210)), ((252, 252, 252), (30, 34, 44))))
    image = Image.new("RGB", (width, height), (44, 62, 92))
    draw = ImageDraw.Draw(image)
    u = height / 900
    draw.rectangle((60 * u, 40 * u, width - 80 * u, 850 * u), paper)
    draw.rectangle((60 * u, 40 * u, width - 80 * u, 84 * u), (120, 120, 126))
    for dot, colour in enumerate(((236, 94, 82), (244, 190, 80), (96, 196, 86))):
        draw.ellipse(((76 + 30 * dot) * u, 52 * u, (96 + 30 * dot) * u, 72 * u), colour)
    lines = [f"{number:5} {some_words(rng, rng.randint(2, 9))}" for number in range(400)]
    for row, line in enumerate(lines[max(0, count - LINES) : count]):
        write(draw, (80 * u, (100 + 33 * row) * u), line, ink, 26 * u)
    draw.rectangle((0, 868 * u, width, height), (24, 24, 28))
    return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR), np.uint8)


def demo(seed: int, since_ms: int, width: int, height: int) -> Picture:
    """A program that writes a line now and then."""
    return _terminal(seed, min(400, 4 + since_ms // LINE_MS), width, height)


@lru_cache(maxsize=8)
def _strip(seed: int, width: int, height: int) -> Picture:
    """Twice the width of a photo: what a camera pans over."""
    one = cv2.cvtColor(np.asarray(photo(seed)), cv2.COLOR_RGB2BGR)
    return np.asarray(cv2.resize(np.hstack([one, one[:, ::-1]]), (width * 2, height)), np.uint8)


def play_video(page: Picture, seed: int, since_ms: int) -> Picture:
    """The page with its video running: a pan over a scene in which something moves."""
    height, width = page.shape[:2]
    x0, y0, x1, y1 = (round(part * size) for part, size in zip(VIDEO_BOX, (width, height) * 2, strict=True))
    wide, tall = x1 - x0, y1 - y0
    turn = since_ms / 1000
    left = round((0.5 + 0.5 * math.sin(turn * 0.7)) * wide)
    picture = _strip(seed + 1, wide, tall)[:, left : left + wide].copy()
    ball = (round(wide * (0.5 + 0.4 * math.sin(turn * 2.1))), round(tall * (0.5 + 0.35 * math.cos(turn * 1.3))))
    cv2.circle(picture, ball, tall // 9, (40, 60, 220), -1, cv2.LINE_AA)
    done = page.copy()
    done[y0:y1, x0:x1] = picture
    return done


def point_at(page: Picture, seed: int, since_ms: int) -> Picture:
    """The page with an arrow or a red dot on its way over it."""
    rng = random.Random(seed)
    height, width = page.shape[:2]
    phase, turn = rng.uniform(0, 6), since_ms / 1000
    x = int(width * (0.5 + 0.35 * math.sin(turn * 0.8 + phase)))
    y = int(height * (0.5 + 0.3 * math.sin(turn * 1.1 + 2 * phase)))
    done, size = page.copy(), max(4, height // 45)
    if seed % 2:
        cv2.circle(done, (x, y), size // 2, (30, 30, 250), -1, cv2.LINE_AA)
        return done
    arrow = np.array([(0, 0), (0, 10), (2.5, 7.5), (4.5, 11), (6, 10.3), (4.2, 7), (7, 7)]) * size / 6
    points = (arrow + np.array([x, y])).astype(np.int32)
    cv2.fillPoly(done, [points], (255, 255, 255), cv2.LINE_AA)
    cv2.polylines(done, [points], True, (0, 0, 0), 1, cv2.LINE_AA)
    return done


def write_on(page: Picture, seed: int, since_ms: int) -> Picture:
    """The page with strokes of a pen: one more every second and a half, up to five."""
    rng = random.Random(seed)
    height, width = page.shape[:2]
    done = page.copy()
    for _ in range(min(5, since_ms // 1500)):
        x, y = rng.uniform(0.1, 0.7) * width, rng.uniform(0.25, 0.85) * height
        steps = range(rng.randint(6, 16))
        bend = rng.uniform(0.3, 2)
        points = [(x + step * width * 0.014, y + math.sin(step * bend) * height * 0.02) for step in steps]
        cv2.polylines(done, [np.array(points, np.int32)], False, (40, 40, 220), max(2, height // 220), cv2.LINE_AA)
    return done
