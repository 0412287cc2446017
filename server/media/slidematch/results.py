"""What goes into the matcher and what comes out: pages, cues, regions, unsure stretches. Pure; JSON-able (msgspec).

Times are ms of the recording handed in (0 is its origin). Page numbers are the caller's own.
"""

import msgspec

Quad = tuple[float, float, float, float, float, float, float, float]


class DeckPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `number` is unique over all decks handed in and in showing order; build steps share a `slide`.

    `picture` is the path of its picture (WebP, PNG or JPEG), at most some 1,600 px wide.
    """

    number: int
    slide: int
    picture: str
    text: str = ""


class SlideCue(msgspec.Struct, frozen=True, kw_only=True):
    """From `start_ms` up to `end_ms` this page is shown, or none (`page` None).

    `confidence` is the share of seconds that are right among cues that say so. `method` says what the evidence was:
    "features" (points of the page were found in the picture), "pixels" (the page was compared where the slides are),
    "held" (nothing was seen for a moment, and the page before and after is the same), "none" (no slide is shown).
    """

    start_ms: int
    end_ms: int
    page: int | None
    confidence: float
    method: str


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """Where the slides are in the picture: corners as fractions of its width and height, clockwise from top left."""

    layout: int
    quad: Quad


class Unsure(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that a person should look at. `why`: "low_confidence", "near_identical" (pages that look the same),
    "nothing_matches" (something like a page is shown that is in no deck: another deck, a program; or no page is seen
    in the whole recording). `pages` are the candidates."""

    start_ms: int
    end_ms: int
    why: str
    pages: tuple[int, ...] = ()


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found. Cues have neither gaps nor overlaps. `frames`: pictures looked at; `cpu_s`: of the child."""

    cues: tuple[SlideCue, ...]
    regions: tuple[Region, ...]
    unsure: tuple[Unsure, ...]
    frames: int
    cpu_s: float
