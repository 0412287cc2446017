"""Plots, diagrams and photos for pages: all from a seed, at one size, to be scaled."""

import math
import random
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from server.media.lettering import write
from tests.slide_films.deck_styles import ACCENTS, Style

WIDTH, HEIGHT = 1200, 680


@lru_cache(maxsize=64)
def photo(seed: int) -> Image.Image:
    """Something like a photo: soft colours, some edges, fine grain. 800 × 450."""
    rng = np.random.default_rng(seed)
    total = np.zeros((450, 800, 3), np.float32)
    for cells, weight in ((3, 90), (8, 50), (24, 30), (90, 22), (300, 10)):
        rough = rng.normal(0, 1, (cells * 9 // 16 + 1, cells, 3)).astype(np.float32)
        rough = 0.3 * rough + 0.7 * rough[:, :, :1]  # photos are mostly light and shade
        total += weight * cv2.resize(rough, (800, 450), interpolation=cv2.INTER_CUBIC)
    pixels = np.clip(0.7 * total + rng.uniform(90, 160, 3), 0, 255).astype(np.uint8)
    for _ in range(14):
        points = (rng.normal(0, 70, (rng.integers(3, 7), 2)) + rng.uniform((0, 0), (800, 450))).astype(np.int32)
        colour = tuple(int(part) for part in rng.integers(0, 255, 3))
        layer = cv2.fillPoly(pixels.copy(), [points], colour, cv2.LINE_AA)
        pixels = cv2.addWeighted(pixels, 0.45, layer, 0.55, 0)
    return Image.fromarray(pixels)


def draw_plot(seed: int, shown: int, style: Style, names: tuple[str, ...]) -> Image.Image:
    """Curves or bars over axes; the first `shown` series."""
    rng = random.Random(seed)
    image = Image.new("RGB", (WIDTH, HEIGHT), style.paper)
    draw = ImageDraw.Draw(image)
    draw.line(((90, 20), (90, 600), (1180, 600)), style.ink, 4)
    for tick in range(6):
        draw.line(((90, 20 + tick * 116), (1180, 20 + tick * 116)), style.faint, 1)
        write(draw, (20, 8 + tick * 116), str((5 - tick) * rng.choice((2, 2, 2, 10))), style.ink, 26)
        write(draw, (100 + tick * 210, 612), str(2016 + tick * 2), style.ink, 26)
    is_bars = rng.random() < 0.4
    for number in range(3):
        level, swing, phase = rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.3), rng.uniform(0, 6)
        colour = ACCENTS[(seed + number) % len(ACCENTS)]
        values = [level + swing * math.sin(phase + step / 3) + rng.uniform(-0.05, 0.05) for step in range(22)]
        if number < shown:
            _series(draw, values, colour, number, is_bars)
            if number < len(names):
                write(draw, (820, 24 + 40 * number), names[number][:26], colour, 30)
    return image


def _series(draw: ImageDraw.ImageDraw, values: list[float], colour: tuple[int, int, int], at: int, bars: bool) -> None:
    points = [(100 + step * 50, 600 - 560 * min(1.0, max(0.02, value))) for step, value in enumerate(values)]
    if bars:
        for x, y in points[::2]:
            draw.rectangle((x + 26 * at, y, x + 26 * at + 22, 598), colour)
        return
    draw.line(points, colour, 6, "curve")
    for x, y in points[::3]:
        draw.ellipse((x - 8, y - 8, x + 8, y + 8), colour)


def draw_diagram(seed: int, shown: int, style: Style, names: tuple[str, ...]) -> Image.Image:
    """Boxes and circles with arrows between them; the first `shown` of them. Without names it has no text."""
    rng = random.Random(seed)
    image = Image.new("RGB", (WIDTH, HEIGHT), style.paper)
    draw = ImageDraw.Draw(image)
    places = [(x, y) for x in (120, 420, 720, 1020) for y in (120, 340, 560)]
    rng.shuffle(places)
    count = rng.randint(5, 8)
    for number in range(min(count, shown)):
        x, y = places[number]
        if number:
            _arrow(draw, places[number - 1], (x, y), style.ink)
    for number in range(min(count, shown)):
        x, y = places[number]
        colour = ACCENTS[rng.randrange(len(ACCENTS))] if number % 2 else style.paper
        shape = draw.ellipse if (seed + number) % 3 == 0 else draw.rectangle
        shape((x - 110, y - 60, x + 110, y + 60), colour, style.ink, 4)
        if number < len(names):
            write(draw, (x - 96, y - 16), names[number].split()[0], style.paper if number % 2 else style.ink, 30)
        elif not names:
            _scribble(draw, rng, x, y, style.ink if number % 2 == 0 else style.paper)
    return image


def _arrow(draw: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int], ink: tuple[int, int, int]) -> None:
    draw.line((start, end), ink, 5)
    x, y = (start[0] + 2 * end[0]) / 3, (start[1] + 2 * end[1]) / 3
    turn = math.atan2(end[1] - start[1], end[0] - start[0])
    tips = [(x + 26 * math.cos(turn + bend), y + 26 * math.sin(turn + bend)) for bend in (0, 2.5, -2.5)]
    draw.polygon(tips, ink)


def _scribble(draw: ImageDraw.ImageDraw, rng: random.Random, x: int, y: int, ink: tuple[int, int, int]) -> None:
    points = [(x + rng.randint(-80, 80), y + rng.randint(-44, 44)) for _ in range(rng.randint(3, 6))]
    draw.line(points, ink, 5, "curve")
