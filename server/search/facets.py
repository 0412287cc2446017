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


def has(row: Any) -> set[str]:
    """What there is with a talk, as far as the asker may know; `row` as queries.talks_statement gives it."""
    ends = ends_of(row.parts)
    there = {SLIDES} if ends[PAGES] > ends[LINKS] else set()
    if row.watchable:
        there |= {VIDEO, SPOKEN} if ends[CAPTIONS] > ends[PAGES] else {VIDEO}
    return there


async def read_facets(db: Db, rows: Sequence[Any]) -> dict[str, tuple[FacetValue, ...]]:
    """What the answers can be narrowed to, the most frequent first."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for row in rows:
        for name, value in (("event", row.event), ("room", row.room), ("track", row.track)):
            if value:
                counts[name][value] += 1
        counts["speaker"].update(row.speakers.split())
        if language := language_of(row.language) or row.language:
            counts["language"][language] += 1
        counts["has"].update(has(row))
    most = {name: _most(found) for name, found in counts.items()}
    things = {name: [value for value, _count in most[name]] for name in ("event", "room", "track", "speaker")}
    names = await names_of(
        db, events=things["event"], rooms=things["room"], tracks=things["track"], speakers=things["speaker"]
    )
    return {name: tuple(_values(name, found, names)) for name, found in most.items()}


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:SHOWN_VALUES]


def _values(name: str, found: Iterable[tuple[str, int]], names: Mapping[str, tuple[str, str]]) -> Iterable[FacetValue]:
    for value, count in found:
        if name in ("language", "has"):
            yield FacetValue(value, value, count)
        elif value in names:
            yield FacetValue(names[value][1] if name in ("event", "speaker") else value, names[value][0], count)
