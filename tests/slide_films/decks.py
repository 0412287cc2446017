"""Decks from a seed: pages of many kinds, build steps, pages that hardly differ, pages that come twice.

deck = make_deck(7, kind="mixed", pages=24, aspect="16:9")
deck.draw(3, 1280)                     # page 3 as RGB, 1280 px wide
deck.write(folder)                     # [PageFile(number, slide, picture, text, same_as), …]
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.slide_films.deck_styles import NAMES, Style, a_line, choose_style, some_words
from tests.slide_films.draw_pages import Spec, draw_page

ASPECTS = {"16:9": 16 / 9, "4:3": 4 / 3, "16:10": 1.6, "9:16": 9 / 16}
# How often each kind of slide comes in a deck of a kind.
MIXES: dict[str, dict[str, float]] = {
    "mixed": {"bullets": 4, "builds": 2, "near": 2, "repeat": 1, "table": 1, "code": 1, "plot": 1, "diagram": 1,
              "drawing": 1, "photo": 1, "picture": 1, "figure": 1, "section": 1.5, "video": 1},
    "bullets": {"bullets": 8, "table": 1, "figure": 1, "section": 1},
    "builds": {"builds": 5, "diagram_builds": 2, "bullets": 1, "section": 0.5},
    "near": {"near": 5, "agenda": 2, "bullets": 1},
    "repeated": {"repeat": 4, "bullets": 3, "section": 1},
    "textless": {"drawing": 4, "photo": 4, "diagram_builds": 1},
    "code": {"code": 5, "table": 2, "bullets": 1},
    "plots": {"plot": 4, "plot_builds": 1.5, "diagram": 2, "picture": 2, "video": 1},
}  # fmt: skip
LARGE_PX = 1600


@dataclass(frozen=True)
class PageFile:
    """A page as a file. `same_as`: the first page whose picture is the same, often the page itself."""

    number: int
    slide: int
    picture: str
    text: str
    same_as: int


@dataclass(frozen=True)
class Deck:
    """Pages (1-based numbers), the logical slide of each, and how they look."""

    seed: int
    kind: str
    aspect: float
    style: Style
    specs: tuple[Spec, ...]
    slides: tuple[int, ...]
    _drawn: dict[tuple[int, int], NDArray[np.uint8]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def pages(self) -> range:
        """The numbers of the pages."""
        return range(1, len(self.specs) + 1)

    def slide_of(self, page: int) -> int:
        """The logical slide a page belongs to, from 1."""
        return self.slides[page - 1]

    def same_as(self, page: int) -> int:
        """The first page with the same picture."""
        return self.specs.index(self.specs[page - 1]) + 1

    def draw(self, page: int, width: int) -> NDArray[np.uint8]:
        """The page in BGR (OpenCV's order), height by the deck's aspect; kept, so don't draw into it."""
        key = (page, width)
        if key not in self._drawn:
            image = draw_page(self.specs[page - 1], self.style, width, round(width / self.aspect / 2) * 2)
            self._drawn[key] = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR).astype(np.uint8)
        return self._drawn[key]

    def write(self, folder: Path, *, long_edge: int = LARGE_PX) -> list[PageFile]:
        """Write the pages as WebP files as a renderer would; the long edge in pixels."""
        folder.mkdir(parents=True, exist_ok=True)
        width = long_edge if self.aspect >= 1 else round(long_edge * self.aspect)
        files = []
        for page in self.pages:
            path = folder / f"{page:04}-large.webp"
            image = draw_page(self.specs[page - 1], self.style, width, round(width / self.aspect))
            image.save(path, quality=82, method=0)
            files.append(PageFile(page, self.slide_of(page), str(path), self.specs[page - 1].text, self.same_as(page)))
        return files


def make_deck(
    seed: int, kind: str = "mixed", *, pages: int = 24, aspect: str = "16:9", dark: bool | None = None,
    numbers: bool | None = None,
) -> Deck:  # fmt: skip
    """A deck of about that many pages: never fewer, up to five more for the last slide's build steps."""
    rng = random.Random(f"deck {seed} {kind}")
    style = choose_style(
        rng,
        dark=rng.random() < 0.3 if dark is None else dark,
        numbers=rng.random() < 0.5 if numbers is None else numbers,
    )
    slides: list[list[Spec]] = [[_title(rng)]]
    mix = MIXES[kind]
    while sum(map(len, slides)) < pages:
        made = _MAKERS[rng.choices(list(mix), list(mix.values()))[0]](rng, slides)
        slides.append([replace(spec, number=len(slides) + 1) if style.numbers else spec for spec in made])
    specs = tuple(spec for slide in slides for spec in slide)
    numbered = tuple(number for number, slide in enumerate(slides, 1) for _ in slide)
    return Deck(seed, kind, ASPECTS[aspect], style, specs, numbered)


# --- one logical slide each: a list of its steps ---


def _title(rng: random.Random) -> Spec:
    return Spec("title", some_words(rng, 4).capitalize(), (rng.choice(NAMES), f"{some_words(rng, 2)} 2026"))


def _heading(rng: random.Random) -> str:
    return some_words(rng, rng.randint(2, 4)).capitalize()


def _lines(rng: random.Random, fewest: int = 3, most: int = 6) -> tuple[str, ...]:
    return tuple(a_line(rng) for _ in range(rng.randint(fewest, most)))


def _bullets(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    return [Spec("bullets", _heading(rng), _lines(rng))]


def _builds(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    whole = Spec("bullets", _heading(rng), _lines(rng, 3, 6))
    first = rng.choice((0, 1, 1))
    return [replace(whole, shown=shown) for shown in range(first, len(whole.lines) + 1)]


def _near(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    """An earlier page with one word, one number or one line changed."""
    earlier = [slide[-1] for slide in before[-4:] if slide[-1].lines and slide[-1].kind in ("bullets", "table", "code")]
    if not earlier:
        return _bullets(rng, before)
    spec = earlier[-1]
    row = rng.randrange(len(spec.lines))
    words = spec.lines[row].split(" ")
    place = rng.randrange(len(words))
    words[place] = str(rng.randint(2, 99)) if rng.random() < 0.5 else some_words(rng, 1)
    lines = list(spec.lines)
    lines[row] = " ".join(words)
    return [replace(spec, lines=tuple(lines), marked=-1)]


def _agenda(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    """The list of parts with the next one marked; made up when there is none yet."""
    seen = [slide[-1] for slide in before if slide[-1].kind == "bullets" and slide[-1].marked >= 0]
    if not seen:
        return [Spec("bullets", "Agenda", _lines(rng, 4, 6), marked=0)]
    return [replace(seen[-1], marked=(seen[-1].marked + 1) % len(seen[-1].lines))]


def _repeat(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    """The very picture of an earlier slide again (where no numbers are printed)."""
    earlier = [slide for slide in before[:-1] if slide[-1].kind != "title"]
    if not earlier:
        return _bullets(rng, before)
    return [rng.choice(earlier)[-1]]


def _table(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    columns = rng.randint(3, 5)
    rows = ["|".join(some_words(rng, 1) for _ in range(columns))]
    for _ in range(rng.randint(3, 7)):
        rows.append("|".join([some_words(rng, 1), *(str(rng.randint(1, 999)) for _ in range(columns - 1))]))
    return [Spec("table", _heading(rng), tuple(rows), marked=rng.randint(1, 3))]


def _code(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    lines, depth = [], 0
    for _ in range(rng.randint(8, 14)):
        a, b = some_words(rng, 1), some_words(rng, 1)
        lines.append("    " * depth + rng.choice((
            f"def {a}({b}):", f"for {a} in {b}:", f"{a} = {b}[{rng.randint(0, 64)}]", f"return {a} + {b}",
            f"if {a} > {rng.randint(1, 900)}:", f"{a}.{b}()", f"# {a} of {b}",
        )))  # fmt: skip
        depth = min(3, depth + 1) if lines[-1].endswith(":") else max(0, depth - rng.randint(0, 1))
    return [Spec("code", _heading(rng), tuple(lines), seed=rng.randrange(2**31))]


def _of_kind(kind: str, lines: tuple[int, int] = (1, 1)) -> Callable[[random.Random, list[list[Spec]]], list[Spec]]:
    """A slide with a figure from a seed and some lines."""

    def make(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
        return [Spec(kind, _heading(rng), _lines(rng, *lines), seed=rng.randrange(2**31))]

    return make


def _figure(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
    return [Spec("figure", _heading(rng), (f"{rng.randint(2, 99)} %", some_words(rng, 5)))]


def _steps_of(kind: str, most: int) -> Callable[[random.Random, list[list[Spec]]], list[Spec]]:
    """A figure that is built up part by part."""

    def make(rng: random.Random, before: list[list[Spec]]) -> list[Spec]:
        whole = Spec(kind, _heading(rng), _lines(rng, most, most), seed=rng.randrange(2**31))
        return [replace(whole, shown=shown) for shown in range(1, most + 1)]

    return make


_MAKERS: dict[str, Callable[[random.Random, list[list[Spec]]], list[Spec]]] = {
    "bullets": _bullets, "builds": _builds, "near": _near, "agenda": _agenda, "repeat": _repeat, "table": _table,
    "code": _code, "figure": _figure, "plot": _of_kind("plot", (3, 3)), "diagram": _of_kind("diagram", (5, 8)),
    "drawing": _of_kind("drawing"), "photo": _of_kind("photo"), "picture": _of_kind("picture"),
    "section": _of_kind("section"), "video": _of_kind("video"), "diagram_builds": _steps_of("diagram", 5),
    "plot_builds": _steps_of("plot", 3),
}  # fmt: skip
