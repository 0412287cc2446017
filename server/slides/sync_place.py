"""Results and corrections, kept in media time of sources, put on a recording's timeline, and taken from it. Pure."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import pairwise

from server.media.chapters import Chapter
from server.media.timeline import Milliseconds, Timeline
from server.slides.correct import (
    PAGE_GONE,
    Correction,
    Doubt,
    PageRef,
    Said,
    Shifted,
    Stretch,
    corrected,
)
from server.slides.sync_found import Carry, Found, FoundCue, KeptChapter, KeptCorrection, Moved, Piece

MOST_STEPS = 20  # replacements of replacements that are followed


@dataclass(frozen=True, kw_only=True)
class View:
    """What is looked at: the recording's timeline, the decks that are shown, and what became of others and of other
    sources."""

    timeline: Timeline
    duration_ms: int
    decks: Set[str]
    carries: Mapping[str, Carry] = field(default_factory=dict)
    moved: Mapping[str, Moved] = field(default_factory=dict)

    def page(self, page: PageRef) -> PageRef | None:
        """The page as it is numbered now; None when it is gone."""
        for _step in range(MOST_STEPS):
            if page[0] in self.decks:
                return page
            carry = self.carries.get(page[0])
            number = carry.pages.get(str(page[1])) if carry else None
            if carry is None or number is None:
                return None
            page = carry.deck, number
        return None

    def spans(self, source: str, start_ms: int, end_ms: int) -> list[tuple[int, int, int]]:
        """Where a stretch of a source is shown: (start, end, source start of the span), also by way of a source that
        shows the same."""
        own = {part.source for part in self.timeline.ranges}
        offset = 0
        for _step in range(MOST_STEPS):
            if source in own:
                found = self.timeline.spans(source, start_ms + offset, end_ms + offset)
                return [(_ms(one.start), _ms(one.end), _ms(one.source_start) - offset) for one in found]
            if source not in self.moved:
                return []
            offset += self.moved[source].by_ms
            source = self.moved[source].source
        return []


def _ms(at: Milliseconds) -> int:
    return at if isinstance(at, int) else round(at)


def place_found(view: View, found: Mapping[str, Found]) -> list[Stretch]:
    """What was found of the sources that the recording shows, on its timeline, with its doubts."""
    stretches: list[Stretch] = []
    for source in {part.source for part in view.timeline.ranges} & set(found):
        for cue in found[source].cues:
            for start, end, _source_start in view.spans(source, cue.start_ms, cue.end_ms):
                stretches.append(_stretch(view, cue, start, end))
    doubts = [
        (start, end, Doubt(one.why, tuple(page for old in one.pages if (page := view.page(old)))))
        for source in {part.source for part in view.timeline.ranges} & set(found)
        for one in found[source].unsure
        for start, end, _source_start in view.spans(source, one.start_ms, one.end_ms)
    ]
    return _doubted(stretches, doubts)


def _stretch(view: View, cue: FoundCue, start_ms: int, end_ms: int) -> Stretch:
    page = view.page(cue.page) if cue.page else None
    if cue.page and page is None:
        doubt = Doubt(PAGE_GONE)
        return Stretch(start_ms=start_ms, end_ms=end_ms, page=None, doubt=doubt)
    return Stretch(start_ms=start_ms, end_ms=end_ms, page=page, confidence=cue.confidence, method=cue.method)


def covering_of(view: View, cues: Sequence[FoundCue]) -> list[Stretch]:
    """What was found in one source, in its own time."""
    return [_stretch(view, cue, cue.start_ms, cue.end_ms) for cue in cues]


def _doubted(stretches: Sequence[Stretch], doubts: Sequence[tuple[int, int, Doubt]]) -> list[Stretch]:
    """The stretches, cut where doubts begin and end."""
    result: list[Stretch] = []
    for one in sorted(stretches, key=lambda stretch: stretch.start_ms):
        inside = [doubt for doubt in doubts if doubt[0] < one.end_ms and one.start_ms < doubt[1]]
        cuts = {at for start, end, _doubt in inside for at in (start, end) if one.start_ms < at < one.end_ms}
        edges = [one.start_ms, *sorted(cuts), one.end_ms]
        for start, end in pairwise(edges):
            why = next((doubt for first, last, doubt in inside if first <= start < last), one.doubt)
            result.append(replace(one, start_ms=start, end_ms=end, doubt=why))
    return result


def place_corrections(view: View, kept: Iterable[KeptCorrection]) -> list[Correction]:
    """Corrections on the recording's timeline, in order; what is cut away is left out. A page that is gone leaves a
    doubt. Where a piece was cut short its edge is no border any more."""
    placed: list[Correction] = []
    for one in kept:
        if one.shift_ms:
            placed.append(Shifted(one.shift_ms))
            continue
        page = view.page(one.page) if one.page else None
        for piece in one.pieces:
            for start, end, source_start in view.spans(piece.source, piece.start_ms, piece.end_ms):
                is_whole_after = source_start + end - start == piece.end_ms
                placed.append(
                    Said(
                        start_ms=start,
                        end_ms=end,
                        page=page,
                        before_ms=piece.before_ms if source_start == piece.start_ms else 0,
                        after_ms=piece.after_ms if is_whole_after else 0,
                        gone=one.page is not None and page is None,
                    )
                )
    return placed


def shown_on(view: View, found: Mapping[str, Found], kept: Iterable[KeptCorrection]) -> list[Stretch]:
    """What viewers of the recording see: stretches that cover it."""
    return corrected(place_found(view, found), place_corrections(view, kept), view.duration_ms)


def keep_corrections(timeline: Timeline, corrections: Iterable[Correction]) -> list[KeptCorrection]:
    """Corrections as they are kept: times of the sources."""
    return [
        KeptCorrection(shift_ms=one.by_ms)
        if isinstance(one, Shifted)
        else KeptCorrection(page=one.page, pieces=tuple(_pieces(timeline, one)))
        for one in corrections
    ]


def _pieces(timeline: Timeline, said: Said) -> Iterable[Piece]:
    """The parts of the sources somebody spoke of; only the outer edges are borders."""
    parts = in_sources(timeline, said.start_ms, said.end_ms)
    for place, (source, start, end) in enumerate(parts):
        yield Piece(
            source,
            start,
            end,
            said.before_ms if place == 0 else 0,
            said.after_ms if place == len(parts) - 1 else 0,
        )


def in_sources(timeline: Timeline, start_ms: int, end_ms: int) -> list[tuple[str, int, int]]:
    """A stretch of the recording as (source, start, end), in order."""
    parts: list[tuple[str, int, int]] = []
    at: Milliseconds = 0
    for one in timeline.ranges:
        first, last = max(start_ms, at), min(end_ms, at + one.duration)
        if first < last:
            parts.append((one.source, _ms(one.start + first - at), _ms(one.start + last - at)))
        at += one.duration
    return parts


def missing(timeline: Timeline, found: Mapping[str, Found], decks: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    """The stretches of the recording nothing was looked for in yet, in these decks; in recording time, in order.

    What is shorter than a tenth of a second is a matter of rounding."""
    holes: list[tuple[int, int]] = []
    at: Milliseconds = 0
    for one in timeline.ranges:
        start, end = _ms(at), _ms(at + one.duration)
        known = found.get(one.source)
        done = sorted((cue.start_ms, cue.end_ms) for cue in known.cues) if known and known.decks == tuple(decks) else []
        reached = start
        for first, last in done:
            first_shown, last_shown = first - _ms(one.start) + start, last - _ms(one.start) + start
            if last_shown <= reached or first_shown >= end:
                continue
            holes.append((reached, min(first_shown, end)))
            reached = last_shown
        holes.append((reached, end))
        at += one.duration
    return _joined_holes([hole for hole in holes if hole[1] - hole[0] >= 100])


def _joined_holes(holes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for start, end in holes:
        if result and result[-1][1] == start:
            result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def keep_chapters(timeline: Timeline, chapters: Iterable[Chapter]) -> list[KeptChapter]:
    """Chapters as they are kept: where in which source each begins."""
    kept = []
    for one in chapters:
        place = timeline.to_source(one.start_ms)
        kept.append(KeptChapter(place.source, _ms(place.at), one.title))
    return kept


def place_chapters(view: View, kept: Sequence[KeptChapter]) -> list[Chapter]:
    """Chapters on the recording's timeline; one whose beginning is cut away begins where the recording does, if the
    next one is not there by then."""
    placed: list[Chapter] = []
    for one in kept:
        spans = view.spans(one.source, one.at_ms, one.at_ms + 1)
        if spans:
            placed.append(Chapter(spans[0][0], one.title))
        elif _is_before(view.timeline, one):
            placed = [Chapter(0, one.title)]
    return placed


def _is_before(timeline: Timeline, chapter: KeptChapter) -> bool:
    first = timeline.ranges[0] if timeline.ranges else None
    return first is not None and chapter.source == first.source and chapter.at_ms < first.start
