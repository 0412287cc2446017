"""What became of decks and recordings that were replaced: pages carried over, moments laid over each other. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from server.slides.carry import PageLook, carried_pages
from server.slides.correct import Cue, cues_of
from server.slides.sync_align import offset_between
from server.slides.sync_found import Carry, Found, KeptChapter, KeptCorrection, Moved
from server.slides.sync_place import View, covering_of

ENOUGH = 0.5  # of its pages, for a deck to stand in for one it was not uploaded as a version of


def named_decks(found: Mapping[str, Found], kept: Iterable[KeptCorrection]) -> set[str]:
    """Every deck results and corrections speak of."""
    looked_for = {deck for one in found.values() for deck, _rendering in one.decks}
    return looked_for | {one.page[0] for one in kept if one.page is not None}


def carry_deck(
    old: Sequence[PageLook], heirs: Sequence[tuple[str, Sequence[PageLook]]], *, version: str | None
) -> Carry | None:
    """What the pages of a deck became in the deck `version` that is shown in its place; else in the one of `heirs`
    (deck id, pages) that has most of them, if that is half at least."""
    best: Carry | None = None
    for deck, pages in heirs:
        if version not in (None, deck):
            continue
        carried = carried_pages(old, pages)
        if deck != version and len(carried) < ENOUGH * len(old):
            continue
        if best is None or len(carried) > len(best.pages):
            best = Carry(deck=deck, pages={str(number): page for number, page in carried.items()})
    return best


def find_moved(
    view: View, found: Mapping[str, Found], kept: Iterable[KeptCorrection], chapters: Iterable[KeptChapter]
) -> dict[str, Moved]:
    """For every source people spoke of that the recording does not show: where the same is in what it shows."""
    named = {piece.source for one in kept for piece in one.pieces} | {one.source for one in chapters}
    shown = [part.source for part in view.timeline.ranges]
    moved: dict[str, Moved] = {}
    for source in sorted(named - set(shown)):
        old = cues_in(view, found.get(source))
        for other in dict.fromkeys(shown):
            offset = offset_between(old, cues_in(view, found.get(other)))
            if offset is not None:
                moved[source] = Moved(other, offset)
                break
    return moved


def cues_in(view: View, found: Found | None) -> list[Cue]:
    """What was found in a source, in its own time, with pages as they are numbered now."""
    return cues_of(covering_of(view, found.cues)) if found is not None and found.cues else []
