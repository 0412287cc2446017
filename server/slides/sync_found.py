"""The forms in which results and corrections are kept, in media time of sources, so that borders may move. Pure.

They are JSON in `slide_syncs` and `cue_edits`; rows are lists, since a talk has hundreds of them. All times are whole
milliseconds of a source's media time.
"""

from typing import Any

import msgspec

from server.slides.correct import PageRef


class FoundCue(msgspec.Struct, frozen=True, array_like=True):
    """What the matcher found to be shown; `page` None: no slide."""

    start_ms: int
    end_ms: int
    page: PageRef | None
    confidence: float
    method: str


class FoundDoubt(msgspec.Struct, frozen=True, array_like=True):
    """Where the matcher is unsure, why, and between which pages."""

    start_ms: int
    end_ms: int
    why: str
    pages: tuple[PageRef, ...] = ()


class FoundRegion(msgspec.Struct, frozen=True, array_like=True):
    """Where in the picture slides are shown: eight fractions of width and height, clockwise from the top left."""

    layout: int
    quad: tuple[float, float, float, float, float, float, float, float]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Everything found in one source. `decks` are the (deck, rendering) it was looked for, in their order."""

    decks: tuple[tuple[str, int], ...]
    cues: tuple[FoundCue, ...] = ()
    unsure: tuple[FoundDoubt, ...] = ()
    regions: tuple[FoundRegion, ...] = ()


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """Part of what somebody spoke of, with how far beside it a border is the same (correct.Said)."""

    source: str
    start_ms: int
    end_ms: int
    before_ms: int = 0
    after_ms: int = 0


class KeptCorrection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A correction (correct.Correction): a page, or none, for pieces of sources; or, with `shift_ms`, an offset."""

    page: PageRef | None = None
    pieces: tuple[Piece, ...] = ()
    shift_ms: int = 0


class KeptChapter(msgspec.Struct, frozen=True, array_like=True):
    """Where a chapter begins."""

    source: str
    at_ms: int
    title: str


class Carry(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the pages of a deck that is not shown any more: another deck, and its page numbers by the old."""

    deck: str
    pages: dict[str, int]


class Moved(msgspec.Struct, frozen=True, array_like=True):
    """Another source shows the same, so many milliseconds later."""

    source: str
    by_ms: int


def found_in(rows: dict[str, Any]) -> dict[str, Found]:
    """The results of a sync by source."""
    return msgspec.convert(rows, dict[str, Found])


def kept_in(rows: list[Any]) -> list[KeptCorrection]:
    """The corrections of an edit."""
    return msgspec.convert(rows, list[KeptCorrection])


def chapters_in(rows: list[Any]) -> list[KeptChapter]:
    """Chapters of a sync."""
    return msgspec.convert(rows, list[KeptChapter])


def as_json(value: Any) -> Any:
    """Any of the above, as the database keeps it."""
    return msgspec.to_builtins(value)
