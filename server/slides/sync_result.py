"""What the matcher answers, as it is kept: by source, in media time, pages by deck. Pure; times are milliseconds."""

from collections.abc import Mapping, Sequence

from server.media.slidematch.results import Matched
from server.media.timeline import Timeline
from server.slides.correct import NONE, PageRef
from server.slides.sync_found import Found, FoundCue, FoundDoubt, FoundRegion
from server.slides.sync_place import in_sources
from server.slides.sync_reel import Reel

SMALL_GAP_MS = 1_000  # rounding, or a last frame that lasts a little less: the cue beside it goes on


def found_by_source(
    matched: Matched,
    reel: Reel,
    holes: Sequence[tuple[int, int]],
    *,
    timeline: Timeline,
    numbering: Mapping[int, PageRef],
    looked_for: tuple[tuple[str, int], ...],
) -> dict[str, Found]:
    """Results for every source the holes (of the recording) are in; they cover the holes whole, so that nothing is
    looked for twice: what could not be looked at shows nothing."""
    cues: dict[str, list[FoundCue]] = {}
    unsure: dict[str, list[FoundDoubt]] = {}
    found = [
        FoundCue(start, end, numbering[cue.page] if cue.page else None, cue.confidence, cue.method)
        for cue in matched.cues
        for start, end in in_recording(reel, cue.start_ms, cue.end_ms)
    ]
    for hole in holes:
        for cue in _covering(found, *hole):
            for source, start, end in in_sources(timeline, cue.start_ms, cue.end_ms):
                cues.setdefault(source, []).append(FoundCue(start, end, cue.page, cue.confidence, cue.method))
        for one in matched.unsure:
            pages = tuple(numbering[number] for number in one.pages if number in numbering)
            for first, last in in_recording(reel, one.start_ms, one.end_ms):
                inside = in_sources(timeline, max(first, hole[0]), min(last, hole[1]))
                for source, start, end in inside:
                    unsure.setdefault(source, []).append(FoundDoubt(start, end, one.why, pages))
    regions = tuple(FoundRegion(one.layout, one.quad) for one in matched.regions)
    return {
        source: Found(decks=looked_for, cues=tuple(rows), unsure=tuple(unsure.get(source, ())), regions=regions)
        for source, rows in cues.items()
    }


def in_recording(reel: Reel, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """Where in the recording a stretch of the reel is."""
    parts = []
    for run in reel.runs:
        first, last = max(start_ms, run.start_ms), min(end_ms, run.end_ms)
        if first < last:
            shift = run.recording_ms - run.start_ms
            parts.append((first + shift, last + shift))
    return parts


def _covering(found: Sequence[FoundCue], start_ms: int, end_ms: int) -> list[FoundCue]:
    """The cues clipped to the span, its small gaps closed, its large ones without a slide."""
    cover: list[FoundCue] = []
    at = start_ms
    for cue in sorted(found, key=lambda one: one.start_ms):
        first, last = max(cue.start_ms, at), min(cue.end_ms, end_ms)
        if first >= last:
            continue
        if first > at:
            _close(cover, at, first)
            first = first if cover else at
        cover.append(FoundCue(first, last, cue.page, cue.confidence, cue.method))
        at = last
    if at < end_ms:
        _close(cover, at, end_ms)
    return cover or [FoundCue(start_ms, end_ms, None, 0.0, NONE)]


def _close(cover: list[FoundCue], start_ms: int, end_ms: int) -> None:
    """What lies between two cues: of a small gap the one before it, none at the beginning."""
    if end_ms - start_ms > SMALL_GAP_MS:
        cover.append(FoundCue(start_ms, end_ms, None, 0.0, NONE))
    elif cover:
        last = cover[-1]
        cover[-1] = FoundCue(last.start_ms, end_ms, last.page, last.confidence, last.method)
