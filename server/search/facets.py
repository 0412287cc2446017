"""What answers can be narrowed to, with how many of them there are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.core.db import Db
from server.search.documents import CAPTIONS, LINKS, PAGES
from server.search.queries import SLIDES, SPOKEN, VIDEO, ends_of, names_of
from server.search.stems import language_of

FACETS = ("event", "room", "track", "speaker", "language", "has")
SHOWN_VALUES = 20  # of a facet


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One thing to narrow to, and how many of the answers have it."""

    value: str
    name: str
    count: int


def has(row: Any) -> frozenset[str]:
    """What there is with a talk, as far as the asker may know; `row` as queries.talks_statement gives it."""
    ends = ends_of(row.parts)
    return _HAS[ends[PAGES] > ends[LINKS], bool(row.watchable), ends[CAPTIONS] > ends[PAGES]]


# By whether there are slides, a recording the asker may watch, and captions
_HAS = {
    (slides, video, spoken): frozenset(
        name for name, there in ((SLIDES, slides), (VIDEO, video), (SPOKEN, video and spoken)) if there
    )
    for slides in (False, True)
    for video in (False, True)
    for spoken in (False, True)
}


async def read_facets(db: Db, rows: Sequence[Any]) -> dict[str, tuple[FacetValue, ...]]:
    """What the answers can be narrowed to, the most frequent first."""
    counts = _count(rows)
    most = {name: _most(found) for name, found in counts.items()}
    things = {name: [value for value, _count in most[name]] for name in ("event", "room", "track", "speaker")}
    names = await names_of(
        db, events=things["event"], rooms=things["room"], tracks=things["track"], speakers=things["speaker"]
    )
    return {name: tuple(_values(name, found, names)) for name, found in most.items()}


def _count(rows: Sequence[Any]) -> dict[str, Counter[str]]:
    """How many of the rows have each value of each facet."""
    counts: dict[str, Counter[str]] = {
        name: Counter(filter(None, [getattr(row, name) for row in rows])) for name in ("event", "room", "track")
    }
    counts["speaker"] = Counter([speaker for row in rows for speaker in row.speakers.split()])
    tags = Counter([row.language for row in rows if row.language])
    counts["language"] = Counter()
    for tag, count in tags.items():
        counts["language"][language_of(tag) or tag] += count
    counts["has"] = Counter([one for row in rows for one in has(row)])
    return counts


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:SHOWN_VALUES]


def _values(name: str, found: Iterable[tuple[str, int]], names: Mapping[str, tuple[str, str]]) -> Iterable[FacetValue]:
    for value, count in found:
        if name in ("language", "has"):
            yield FacetValue(value, value, count)
        elif value in names:
            yield FacetValue(names[value][1] if name in ("event", "speaker") else value, names[value][0], count)
