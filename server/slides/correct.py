"""Found cues and people's corrections become what viewers see. Pure; times are milliseconds of the recording.

A correction is kept as what it *came to*, never as how it was asked for: "this page (or none) from here to there", and
for an offset "everything so much later". So it means the same whatever the matcher finds next time: where a person said
something, their word stands, and elsewhere the new result is seen. `say_*` turn what is asked for into that form,
looking at what is shown at that moment:

- `set` says its page for its stretch; `move` says the page that grows for the stretch it gains; `delete` says the page
  of the cue before for the stretch of the one that goes; `renumber` says each later page for each stretch it had.
- `shift` alone stays what it is, since it says nothing of any page: it moves whatever was found and said before it.

The matcher may put the same border a little elsewhere next time, and would leave a sliver of the wrong page beside what
a person said. Therefore each side of a correction where a border was seen remembers how far away there was no other
one (at most SNAP_MS): a border that turns up within that is the same border, and is put at the correction's own edge.
When the correction is made there is none, so at that moment nothing beside it changes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from server.slides.cue_errors import NoSuchBorder, NothingChanges, TimesUnusable

PageRef = tuple[str, int]  # deck id, page number from 1
SNAP_MS = 2_000
NEAR_MS = 100  # a border is meant when it is named this exactly
HAND, NONE = "hand", "none"
PAGE_GONE = "page_gone"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a stretch is unsure (a stable code), and which pages it may be."""

    why: str
    pages: tuple[PageRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is shown from `start_ms` up to, not including, `end_ms`; `page` is None where no slide is."""

    start_ms: int
    end_ms: int
    page: PageRef | None
    confidence: float = 0.0
    method: str = NONE
    edited: bool = False
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's word: this page, or none, for this stretch. `before_ms` and `after_ms` are how far beside it a border
    is the same as its edge. `gone`: the page they named is in no deck any more, so the stretch is unsure."""

    start_ms: int
    end_ms: int
    page: PageRef | None
    before_ms: int = 0
    after_ms: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Shifted:
    """Everything shown until then is this much later (negative: earlier)."""

    by_ms: int


Correction = Said | Shifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A page, or no page, for as long as it is shown without a change."""

    start_ms: int
    end_ms: int
    page: PageRef | None
    confidence: float
    method: str
    edited: bool


def corrected(found: Iterable[Stretch], corrections: Iterable[Correction], duration_ms: int) -> list[Stretch]:
    """What is shown: stretches in order that cover 0 to `duration_ms` without a gap or an overlap."""
    shown = covering(found, duration_ms)
    for one in corrections:
        shown = _shifted(shown, one.by_ms, duration_ms) if isinstance(one, Shifted) else _said(shown, one)
    return shown


def covering(found: Iterable[Stretch], duration_ms: int) -> list[Stretch]:
    """The stretches clipped to the recording; what none of them covers shows nothing. Of two that overlap the earlier
    keeps its place."""
    cover: list[Stretch] = []
    at = 0
    for one in sorted(found, key=lambda stretch: stretch.start_ms):
        start, end = max(one.start_ms, at), min(one.end_ms, duration_ms)
        if start >= end:
            continue
        if start > at:
            cover.append(Stretch(start_ms=at, end_ms=start, page=None))
        cover.append(replace(one, start_ms=start, end_ms=end))
        at = end
    if at < duration_ms:
        cover.append(Stretch(start_ms=at, end_ms=duration_ms, page=None))
    return _joined(cover)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours that differ in nothing are one."""
    result: list[Stretch] = []
    for one in stretches:
        if result and _what(result[-1]) == _what(one):
            result[-1] = replace(result[-1], end_ms=one.end_ms)
        else:
            result.append(one)
    return result


def _what(one: Stretch) -> tuple[PageRef | None, float, str, bool, Doubt | None]:
    """Everything of a stretch but its time."""
    return one.page, one.confidence, one.method, one.edited, one.doubt


def _inside(shown: Sequence[Stretch], start_ms: int, end_ms: int) -> slice:
    """Which stretches of a cover have a part in the span."""
    first = bisect_right(shown, start_ms, key=lambda one: one.end_ms)
    return slice(first, max(first, bisect_left(shown, end_ms, key=lambda one: one.start_ms)))


def _changed(
    shown: Sequence[Stretch], start_ms: int, end_ms: int, change: Callable[[Stretch], Stretch]
) -> list[Stretch]:
    """The same stretches, with `change` applied to whatever lies inside the span."""
    where = _inside(shown, start_ms, end_ms)
    parts: list[Stretch] = []
    for one in shown[where]:
        first, last = max(one.start_ms, start_ms), min(one.end_ms, end_ms)
        if one.start_ms < first:
            parts.append(replace(one, end_ms=first))
        parts.append(change(replace(one, start_ms=first, end_ms=last)))
        if last < one.end_ms:
            parts.append(replace(one, start_ms=last))
    around = slice(max(0, where.start - 1), where.stop + 1)
    parts = [*shown[around.start : where.start], *parts, *shown[where.stop : around.stop]]
    return [*shown[: around.start], *_joined(parts), *shown[around.stop :]]


def _said(shown: list[Stretch], said: Said) -> list[Stretch]:
    if said.gone:
        doubt = Doubt(PAGE_GONE)
        return _changed(shown, said.start_ms, said.end_ms, lambda one: replace(one, doubt=one.doubt or doubt))
    shown = _snapped(shown, said.start_ms - said.before_ms, said.start_ms, keep_first=True)
    shown = _snapped(shown, said.end_ms, said.end_ms + said.after_ms, keep_first=False)
    return _changed(
        shown,
        said.start_ms,
        said.end_ms,
        lambda one: replace(one, page=said.page, confidence=1.0, method=HAND, edited=True, doubt=None),
    )


def _snapped(shown: list[Stretch], start_ms: int, end_ms: int, *, keep_first: bool) -> list[Stretch]:
    """A border inside the span is put at its end (`keep_first`), or at its start; what people said is left alone."""
    inside = shown[_inside(shown, start_ms, end_ms)]
    if len({one.page for one in inside}) < 2:
        return shown
    kept = inside[0] if keep_first else inside[-1]

    def take(one: Stretch) -> Stretch:
        return one if one.edited else replace(kept, start_ms=one.start_ms, end_ms=one.end_ms)

    return _changed(shown, start_ms, end_ms, take)


def _shifted(shown: Sequence[Stretch], by_ms: int, duration_ms: int) -> list[Stretch]:
    """All later or earlier; what stands at the end it is moved away from reaches to that end."""
    moved = [
        replace(one, start_ms=one.start_ms + by_ms, end_ms=one.end_ms + by_ms, edited=True)
        for one in shown
        if one.end_ms + by_ms > 0 and one.start_ms + by_ms < duration_ms
    ]
    if not moved:
        return list(shown)
    moved[0] = replace(moved[0], start_ms=0)
    moved[-1] = replace(moved[-1], end_ms=duration_ms)
    return _joined(moved)


def cues_of(shown: Sequence[Stretch]) -> list[Cue]:
    """One cue a shown page: stretches of one page that follow one another are one, edited where any of them is. Its
    confidence is their mean over time, its method that of most of it, or "hand"."""
    cues: list[Cue] = []
    run: list[Stretch] = []
    for one in [*shown, None]:
        if run and (one is None or one.page != run[-1].page):
            cues.append(_cue(run))
            run = []
        if one is not None:
            run.append(one)
    return cues


def _cue(run: Sequence[Stretch]) -> Cue:
    length = run[-1].end_ms - run[0].start_ms
    confidence = sum(one.confidence * (one.end_ms - one.start_ms) for one in run) / length
    methods: dict[str, int] = {}
    for one in run:
        methods[one.method] = methods.get(one.method, 0) + one.end_ms - one.start_ms
    by_hand = any(one.method == HAND for one in run)
    return Cue(
        start_ms=run[0].start_ms,
        end_ms=run[-1].end_ms,
        page=run[0].page,
        confidence=confidence,
        method=HAND if by_hand else max(methods, key=lambda name: methods[name]),
        edited=any(one.edited for one in run),
    )


def _borders(shown: Sequence[Stretch]) -> list[int]:
    """Where the page changes, with both ends of the recording."""
    inner = [after.start_ms for before, after in pairwise(shown) if before.page != after.page]
    return [0, *inner, shown[-1].end_ms]


def _say(shown: Sequence[Stretch], start_ms: int, end_ms: int, page: PageRef | None) -> Said:
    """A person's word, with what surrounds it now."""
    borders = _borders(shown)
    before = max((at for at in borders if at < start_ms), default=start_ms)
    after = min((at for at in borders if at > end_ms), default=end_ms)
    outside_before = next((one.page for one in shown if one.start_ms < start_ms <= one.end_ms), page)
    outside_after = next((one.page for one in shown if one.start_ms <= end_ms < one.end_ms), page)
    has_border_before = start_ms in borders or outside_before != page
    has_border_after = end_ms in borders or outside_after != page
    return Said(
        start_ms=start_ms,
        end_ms=end_ms,
        page=page,
        before_ms=min(SNAP_MS, (start_ms - before) // 2) if has_border_before else 0,
        after_ms=min(SNAP_MS, (after - end_ms) // 2) if has_border_after else 0,
    )


def say_set(shown: Sequence[Stretch], start_ms: int, end_ms: int, page: PageRef | None) -> list[Correction]:
    """This page, or none, from here to there. Raises TimesUnusable."""
    duration_ms = shown[-1].end_ms if shown else 0
    if not 0 <= start_ms < duration_ms:
        raise TimesUnusable(f"`start_ms` must lie in the recording, which is {duration_ms} ms long.")
    if end_ms <= start_ms:
        raise TimesUnusable("`end_ms` must be after `start_ms`.")
    return [_say(shown, start_ms, min(end_ms, duration_ms), page)]


def say_move(shown: Sequence[Stretch], from_ms: int, to_ms: int) -> list[Correction]:
    """The border between two cues is there instead. Raises NoSuchBorder, TimesUnusable, NothingChanges."""
    duration_ms = shown[-1].end_ms if shown else 0
    inner = _borders(shown)[1:-1] if shown else []
    border = _named(inner, from_ms)
    if not 0 <= to_ms <= duration_ms:
        raise TimesUnusable(f"`to_ms` must lie in the recording, which is {duration_ms} ms long.")
    if to_ms == border:
        raise NothingChanges("The border is there already.")
    if to_ms > border:
        grows = next(one.page for one in shown if one.end_ms == border)
        return [_say(shown, border, to_ms, grows)]
    grows = next(one.page for one in shown if one.start_ms == border)
    return [_say(shown, to_ms, border, grows)]


def say_delete(shown: Sequence[Stretch], start_ms: int) -> list[Correction]:
    """The cue that begins there joins the one before; the first joins the one after it. Raises NoSuchBorder,
    NothingChanges."""
    cues = cues_of(shown)
    begins = _named([cue.start_ms for cue in cues], start_ms)
    place = next(number for number, cue in enumerate(cues) if cue.start_ms == begins)
    if len(cues) < 2:
        raise NothingChanges("This is the only cue; set another page instead.")
    cue, other = cues[place], cues[place - 1 if place else 1]
    return [_say(shown, cue.start_ms, cue.end_ms, other.page)]


def say_shift(shown: Sequence[Stretch], by_ms: int) -> list[Correction]:
    """All, by so many milliseconds. Raises NothingChanges, TimesUnusable."""
    if by_ms == 0:
        raise NothingChanges("`by_ms` says by how much; it must not be 0.")
    if not shown or abs(by_ms) >= shown[-1].end_ms:
        raise TimesUnusable("`by_ms` is more than the whole recording.")
    return [Shifted(by_ms)]


def say_renumber(shown: Sequence[Stretch], from_ms: int, by: int, sizes: Mapping[str, int]) -> list[Correction]:
    """From here on every page is that many later, up to the end; `sizes` are the numbers of pages by deck, beyond
    which none goes. Where no slide is shown none is. Raises TimesUnusable, NothingChanges."""
    duration_ms = shown[-1].end_ms if shown else 0
    if not 0 <= from_ms < duration_ms:
        raise TimesUnusable(f"`from_ms` must lie in the recording, which is {duration_ms} ms long.")
    if by == 0:
        raise NothingChanges("`by` says by how many pages; it must not be 0.")
    near = [at for at in _borders(shown)[:-1] if abs(at - from_ms) <= NEAR_MS]
    from_ms = min(near, key=lambda at: abs(at - from_ms), default=from_ms)
    said: list[Correction] = []
    for cue in cues_of(shown):
        if cue.end_ms > from_ms and cue.page is not None and cue.page[0] in sizes:
            deck, number = cue.page
            page = deck, min(max(number + by, 1), sizes[deck])
            said.append(_say(shown, max(cue.start_ms, from_ms), cue.end_ms, page))
    if not said:
        raise NothingChanges("From there on no slide is shown.")
    return said


def _named(borders: Sequence[int], at_ms: int) -> int:
    """The border meant by a time. Raises NoSuchBorder."""
    found = min(borders, key=lambda at: abs(at - at_ms), default=None)
    if found is None or abs(found - at_ms) > NEAR_MS:
        raise NoSuchBorder(f"No cue begins at {at_ms} ms; take a `start_ms` of the present cues.")
    return found
