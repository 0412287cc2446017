"""The films `bench slides` is about: drawn ones for each layout, and the samples where they are."""

import json
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import av
import cv2
import pypdfium2

from tests.bench.results import note
from tests.slide_films.decks import LARGE_PX, PageFile, make_deck
from tests.slide_films.films import Plan, plan_film, shoot
from tests.slide_films.layouts import LAYOUTS
from tests.slide_films.timelines import Segment

T, R = TypeVar("T"), TypeVar("R")
# Lengths in seconds: of a film ten times faster than life, of one at real speed, of the one whose CPU is counted.
FAST_S = int(os.environ.get("SEMMA_BENCH_SLIDES_FAST_S", "70"))
REAL_S = int(os.environ.get("SEMMA_BENCH_SLIDES_REAL_S", "150"))
CPU_FILM_S = int(os.environ.get("SEMMA_BENCH_SLIDES_CPU_S", "360"))
SEED = int(os.environ.get("SEMMA_BENCH_SLIDES_SEED", "1"))
ONLY = os.environ.get("SEMMA_BENCH_SLIDES_ONLY", "")
# (deck's kind, aspect, speed, keyframes): one film each, a deck of its own.
FILMS: dict[str, tuple[tuple[str, str, int, str], ...]] = {
    "full": (
        ("mixed", "16:9", 10, "short"), ("near", "4:3", 10, "long"), ("textless", "16:10", 10, "cuts"),
        ("mixed", "16:9", 1, "sparse"),
    ),
    "pip": (
        ("mixed", "16:9", 10, "cuts"), ("builds", "16:9", 10, "long"), ("repeated", "4:3", 10, "short"),
        ("plots", "16:9", 1, "short"),
    ),
    "side": (
        ("mixed", "16:9", 10, "long"), ("plots", "16:10", 10, "short"), ("code", "16:9", 10, "cuts"),
        ("builds", "4:3", 1, "short"),
    ),
    "camera": (
        ("mixed", "16:9", 10, "short"), ("bullets", "4:3", 10, "cuts"), ("textless", "16:9", 10, "long"),
        ("mixed", "16:10", 1, "short"),
    ),
    # Beyond the four: an operator who changes the layout all the time.
    "mixed": (("mixed", "16:9", 10, "short"),),
}  # fmt: skip
CPU_LAYOUT = "pip"
X264 = "superfast"


@dataclass(frozen=True)
class Case:
    """A recording with its pages and its truth. `speed` 0: not known."""

    name: str
    layout: str
    speed: int
    path: str
    duration_ms: int
    truth: tuple[Segment, ...]
    pages: tuple[PageFile, ...]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def slide_of(self) -> dict[int, int]:
        return {page.number: page.slide for page in self.pages}

    @property
    def same_as(self) -> dict[int, int]:
        return {page.number: page.same_as for page in self.pages}


@dataclass(frozen=True)
class Order:
    """A film to be made: everything a process of its own has to know."""

    name: str
    layout: str
    kind: str
    aspect: str
    speed: int
    gop: str
    seed: int
    duration_s: int
    size: tuple[int, int]
    folder: str


def in_processes(what: str, work: Callable[[T], R], over: list[T]) -> list[R]:
    """Do the work for each on all processors, in processes; answers in order."""
    note(f"{what} …")
    started, before = time.monotonic(), _children_s()
    with ProcessPoolExecutor(os.cpu_count() or 2, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(work, over))
    note(f"{what}: {time.monotonic() - started:.0f} s, {_children_s() - before:.0f} CPU-seconds")
    return done


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def drawn_cases(folder: Path) -> list[Case]:
    """Make every film; the longest first, so that no processor waits at the end."""
    orders = [order for layout in (*LAYOUTS, "mixed") for order in _orders(layout, folder) if ONLY in order.name]
    longest_first = sorted(
        orders, key=lambda order: -order.duration_s * order.size[0] * (1 + (order.layout == "camera"))
    )
    minutes = sum(order.duration_s for order in orders) / 60
    cases = in_processes(f"drawing {len(orders)} films of {minutes:.0f} minutes", make_case, longest_first)
    return sorted(cases, key=lambda case: [order.name for order in orders].index(case.name))


def _orders(layout: str, folder: Path) -> list[Order]:
    orders = []
    for number, (kind, aspect, speed, gop) in enumerate(FILMS[layout]):
        name = f"{layout}-{kind}-{aspect.replace(':', 'x')}-x{speed}"
        is_long = layout == CPU_LAYOUT and speed == 1
        seconds = FAST_S if speed > 1 else CPU_FILM_S if is_long else REAL_S
        size = (1920, 1080) if is_long else (1280, 720)
        seed = SEED * 1000 + 10 * list(FILMS).index(layout) + number
        orders.append(Order(name, layout, kind, aspect, speed, gop, seed, seconds, size, str(folder / name)))
    return orders


def plan_of(order: Order) -> Plan:
    """What happens in the film; no picture is drawn."""
    deck = make_deck(order.seed, order.kind, pages=30 if order.speed > 1 else 40, aspect=order.aspect)
    width, height = order.size
    return plan_film(
        deck, order.layout, order.seed, order.duration_s, speed=order.speed, width=width, height=height
    )  # fmt: skip


def make_case(order: Order) -> Case:
    """Draw one film; one that is there already from an earlier run with the same settings stays."""
    cv2.setNumThreads(1)  # one process a processor
    plan, folder = plan_of(order), Path(order.folder)
    mark = folder / f"made-{order.duration_s}-{order.seed}-{order.gop}"
    if mark.exists():
        film = plan.deck.write(folder / "pages")
        path = folder / "film.mp4"
    else:
        made = shoot(plan, folder, gop=order.gop, preset=X264)
        path, film = made.path, list(made.pages)
        mark.touch()
    about = {"keyframes": order.gop, "size": f"{order.size[0]}x{order.size[1]}", "pages": len(film)}
    truth = cut(plan.truth, length_ms(path))
    return Case(order.name, order.layout, order.speed, str(path), truth[-1].end_ms, truth, tuple(film), about)


def length_ms(path: Path) -> int:
    """How long a film is: where repeated frames are left out it ends with its last frame, before the walk does."""
    with av.open(str(path)) as container:
        return round((container.duration or 0) / 1000)


def cut(truth: tuple[Segment, ...], end_ms: int) -> tuple[Segment, ...]:
    """The truth up to a time."""
    return tuple(replace(part, end_ms=min(end_ms, part.end_ms)) for part in truth if part.start_ms < end_ms)


def sample_cases(samples: Path, folder: Path) -> list[Case]:
    """Real decks on real timelines, where the samples are; each is a layout of its own."""
    cases = []
    for told in sorted((samples / "sync").glob("*.truth.json")):
        facts = json.loads(told.read_text())
        name = told.name.removesuffix(".truth.json")
        pages = _rendered(told.with_name(facts["deck"]), folder / name)
        truth = tuple(
            Segment(round(part["start"] * 1000), round(part["end"] * 1000), part["page"]) for part in facts["segments"]
        )
        about = {"timeline": facts["timeline"], "pages": len(pages)}
        path = told.with_name(f"{name}.mp4")
        cases.append(Case(name, f"sample-{name}", 0, str(path), truth[-1].end_ms, _merged(truth), tuple(pages), about))
    return cases


def _merged(truth: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Neighbours with one page are one stretch."""
    merged: list[Segment] = []
    for segment in truth:
        if merged and merged[-1].page == segment.page:
            merged[-1] = Segment(merged[-1].start_ms, segment.end_ms, segment.page)
        else:
            merged.append(segment)
    return tuple(merged)


def _rendered(deck: Path, folder: Path) -> list[PageFile]:
    """The deck's pages as pictures of the size the product renders; every page is a slide of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    document = pypdfium2.PdfDocument(deck)
    for number, page in zip(count(1), document, strict=False):
        picture = page.render(scale=LARGE_PX / max(page.get_size())).to_pil().convert("RGB")
        path = folder / f"{number:04}-large.webp"
        picture.save(path, quality=82, method=0)
        text = page.get_textpage().get_text_range()
        files.append(PageFile(number, number, str(path), text, number))
    document.close()
    return files
