"""Asks the index: words are expanded, the database finds the talks that have them, one formula orders them.

When nothing at all is found, the words are taken for typing errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.accounts.actor import Actor
from server.core.db import Db
from server.events.queries import get_event
from server.search.facets import FacetValue, has, read_facets
from server.search.find import Talk, find
from server.search.hits import TalkHits, look_closer, place_of
from server.search.parse import parse
from server.search.pause import let_others
from server.search.queries import Narrowed, count_talks, talks_statement
from server.search.question import Question, understand
from server.search.rank import judge, weigh_words

MOST_BEYOND = 1_000  # answers that can be leafed to


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page of the answers, how many there are, and what they can be narrowed to."""

    talks: tuple[TalkHits, ...] = ()
    total: int = 0
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    mended: Mapping[str, str] = field(default_factory=dict)
    is_loose: bool = False  # no talk has all that was asked for


async def search(
    db: Db, actor: Actor, typed: str, narrowed: Narrowed, *, offset: int = 0, limit: int = 20, hits: int = 3
) -> Answer:
    """The answers to what was typed, of what the actor may see; raises EventNotFound for one that is not theirs."""
    parsed = parse(typed)
    if parsed.is_empty and narrowed == Narrowed():
        return Answer()
    event = await get_event(db, narrowed.event, actor=actor) if narrowed.event else None
    statement = talks_statement(actor, narrowed, parsed, event=event)
    for mend in (False, True):
        question = await understand(db, parsed, mend=mend)
        await let_others()
        talks, is_loose = await find(db, question, statement)
        if narrowed.has:
            talks = [talk for talk in talks if set(narrowed.has) <= has(talk.row)]
        if talks or not question.positive:
            break
    await let_others()
    await _order(db, question, talks)
    await let_others()
    shown = await look_closer(db, question, talks, offset=offset, limit=limit, hits=hits)
    await let_others()
    return Answer(
        talks=tuple(shown),
        total=len(talks),
        facets=await read_facets(db, [talk.row for talk in talks]),
        mended={one.word: one.mended for ones in question.means.values() for one in ones if one.mended},
        is_loose=is_loose,
    )


async def _order(db: Db, question: Question, talks: list[Talk]) -> None:
    """The best first, as far as no text is needed for it."""
    candidates = [talk.candidate for talk in talks]
    weigh_words(question.wanted, candidates, await count_talks(db) if candidates else 0)
    for candidate in candidates:
        candidate.score = judge(candidate, question.wanted)
    talks.sort(key=place_of)
