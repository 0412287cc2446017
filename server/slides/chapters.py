"""Chapters guessed from what is shown: one a logical slide, named by its title. Pure.

A slide without a title goes on with the chapter before it, as does a stretch without slides, a slide that is shown too
briefly to be a chapter, and one with the same title. Where no page has a title at all their labels or numbers stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.media.chapters import Chapter, in_order
from server.slides.correct import Cue, PageRef

# A chapter lasts this long at least; in a recording of less than ten minutes a sixtieth of it, but three seconds.
SHORTEST_MS, LEAST_MS = 10_000, 3_000
# The first chapter begins with the recording, if it begins hardly later: "please come in" is not a chapter.
LEAD_IN_MS = 60_000


@dataclass(frozen=True, slots=True)
class SlideName:
    """The logical slide a page belongs to, and what the page is called."""

    slide: int
    title: str
    label: str


def guess_chapters(cues: Sequence[Cue], names: Mapping[PageRef, SlideName], duration_ms: int) -> list[Chapter]:
    """The chapters of a talk of that length; none when it shows no slides, or only one."""
    shortest_ms = min(SHORTEST_MS, max(LEAST_MS, duration_ms // 60))
    named = any(name.title.strip() for name in names.values())
    runs = [run for run in _slides(cues, names) if run[3] - run[2] >= shortest_ms]
    chapters: list[Chapter] = []
    for page, _slide, start_ms, _end_ms in runs:
        title = _title(names[page], page, named=named)
        is_soon = bool(chapters) and start_ms - chapters[-1].start_ms < shortest_ms
        if title and not is_soon and not (chapters and chapters[-1].title == title):
            chapters.append(Chapter(start_ms, title))
    if chapters and chapters[0].start_ms <= LEAD_IN_MS:
        chapters[0] = Chapter(0, chapters[0].title)
    ordered = in_order(chapters, duration_ms)
    return ordered if len(ordered) > 1 else []


def _title(name: SlideName, page: PageRef, *, named: bool) -> str:
    """What a chapter of this page is called; nothing when only others have titles."""
    return name.title.strip() if named else name.label.strip() or str(page[1])


def _slides(cues: Sequence[Cue], names: Mapping[PageRef, SlideName]) -> list[tuple[PageRef, tuple[str, int], int, int]]:
    """(first page, logical slide, start, end) of each logical slide as it is shown; build steps are one. A look away
    of any length, back to the same slide, is part of it."""
    runs: list[tuple[PageRef, tuple[str, int], int, int]] = []
    for cue in cues:
        if cue.page is None or cue.page not in names:
            continue
        slide = cue.page[0], names[cue.page].slide
        if runs and runs[-1][1] == slide:
            page, _same, start, _end = runs[-1]
            # The last build step often has the title the first one only begins.
            better = page if names[page].title.strip() else cue.page
            runs[-1] = (better, slide, start, cue.end_ms)
        else:
            runs.append((cue.page, slide, cue.start_ms, cue.end_ms))
    return runs
