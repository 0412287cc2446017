"""Which talks have what is asked for: the database finds them, their passages are read as sets (bits.py).

What is asked for must be there; only when no talk has all of it, those count that have most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from server.core.db import Db
from server.search.bits import unpack
from server.search.documents import CAPTIONS, SPEAKERS
from server.search.parse import Term
from server.search.pause import let_others
from server.search.phrases import phrase_starts
from server.search.queries import ends_of, matching, postings
from server.search.question import Question
from server.search.rank import Candidate, Shape, narrow, shape_of, unite

_FEW = 200  # talks whose postings are asked for by talk
Apart = Mapping[Term, Sequence[Mapping[int, int]]]  # of each word of a term, talk → passages


@dataclass(slots=True)
class Talk:
    """A candidate with its row (queries.talks_statement)."""

    row: Any
    candidate: Candidate


async def find(db: Db, question: Question, statement: Any) -> tuple[list[Talk], bool]:
    """Talks with all that is needed; else those that have most of it (and every phrase), and True."""
    if not question.positive:
        rows = (await db.execute(statement)).all()
        return await _read(db, question, rows), False
    every = [set(one.folded.values()) for term in question.needed for one in question.means[term]]
    if all(every):
        rows = (await db.execute(matching(statement, db, every))).all()
        talks = [talk for talk in await _read(db, question, rows) if _share(question, talk) == len(question.needed)]
        if talks:
            return talks, False
    groups = _any_of(question)
    if len(question.needed) < 2 or not groups or not all(groups):
        return [], False
    rows = (await db.execute(matching(statement, db, groups))).all()
    return _most(question, await _read(db, question, rows)), True


def _any_of(question: Question) -> list[set[str]]:
    """What a talk must have that has not all: every phrase, and one of the words."""
    phrases = [term for term in question.needed if term.is_phrase]
    strict = [set(one.folded.values()) for term in phrases for one in question.means[term]]
    free = {
        word
        for term in question.needed
        if not term.is_phrase
        for one in question.means[term]
        for word in one.folded.values()
    }
    return [*strict, free] if free else strict


def _most(question: Question, talks: Sequence[Talk]) -> list[Talk]:
    shares = [_share(question, talk) for talk in talks]
    most = max(shares, default=0)
    phrases = [place for place, term in enumerate(question.positive) if term.is_phrase]
    return [
        talk
        for talk, share in zip(talks, shares, strict=True)
        if 0 < share == most and all(talk.candidate.unions[place] for place in phrases)
    ]


def _share(question: Question, talk: Talk) -> int:
    """How many of the needed terms a talk has."""
    unions = talk.candidate.unions
    return sum([1 for place in question.places if unions[place]])


async def _read(db: Db, question: Question, rows: Iterable[Any]) -> list[Talk]:
    """The talks of these rows with what they have of the question; excluded ones are left out."""
    talks = {row.number: _talk(row, len(question.positive)) for row in rows}
    await let_others()
    apart = await _gather(db, question, talks)
    await let_others()
    for term, found in apart.items():
        if not term.is_phrase:
            continue
        starts = await phrase_starts(db, term.words, found, {number: one.candidate for number, one in talks.items()})
        if term.is_excluded:
            talks = {number: talk for number, talk in talks.items() if not starts.get(number)}
            continue
        place = question.positive.index(term)
        for number, bits in starts.items():
            talks[number].candidate.found[place] = {1.0: bits}
    in_speakers = any(one.in_speakers for one in question.wanted)
    for talk in talks.values():
        if in_speakers or talk.candidate.hidden:
            narrow(talk.candidate, question.wanted)
        unite(talk.candidate)
    excluded = [(term.in_speakers, apart[term][0]) for term in question.negative if not term.is_phrase]
    return [talk for talk in talks.values() if not _has_any(talk.candidate, excluded)]


def _talk(row: Any, places: int) -> Talk:
    candidate = Candidate(
        number=row.number,
        shape=_shape(row.parts),
        found=[{} for _ in range(places)],
        hidden=_NONE if row.watchable else _SPOKEN,
        has_pairs=row.paired is not None,
    )
    return Talk(row, candidate)


@lru_cache(maxsize=20_000)
def _shape(parts: str) -> Shape:
    return shape_of(ends_of(parts))


_NONE: frozenset[int] = frozenset()
_SPOKEN = frozenset({CAPTIONS})


async def _gather(db: Db, question: Question, talks: Mapping[int, Talk]) -> Apart:
    """Give each talk what it has of the plain words; returns what it has of phrases and exclusions, word by word."""
    plain = _plain_words(question)
    apart, others = _words_apart(question)
    words = plain.keys() | others.keys()
    if not words or not talks:
        return apart
    found = {number: talk.candidate.found for number, talk in talks.items()}
    last, places, sets = -1, plain.get(-1, ()), others.get(-1, ())
    rows = await postings(db, words, sorted(talks) if len(talks) <= _FEW else None)
    await let_others()
    for word, number, packed in rows:
        if number not in found:
            continue
        if word != last:  # they come word by word
            last, places, sets = word, plain.get(word, ()), others.get(word, ())
        bits = unpack(packed)
        for place, weight in places:
            tiers = found[number][place]
            tiers[weight] = tiers[weight] | bits if weight in tiers else bits
        for some in sets:
            some[number] = some.get(number, 0) | bits
    return apart


def _plain_words(question: Question) -> dict[int, list[tuple[int, float]]]:
    """Of each word of the vocabulary the places in the question it is meant in, and what it counts there."""
    plain: dict[int, list[tuple[int, float]]] = {}
    for place, term in enumerate(question.positive):
        if not term.is_phrase:
            for word, weight in question.means[term][0].weights.items():
                plain.setdefault(word, []).append((place, weight))
    return plain


def _words_apart(question: Question) -> tuple[Apart, dict[int, list[dict[int, int]]]]:
    """An empty set of talks for each word of a phrase or exclusion; and by word of the vocabulary, which it goes to."""
    apart: dict[Term, list[dict[int, int]]] = {}
    others: dict[int, list[dict[int, int]]] = {}
    for term in (*question.positive, *question.negative):
        if term.is_phrase or term.is_excluded:
            apart[term] = [{} for _ in question.means[term]]
            for one, some in zip(question.means[term], apart[term], strict=True):
                for word in one.weights:
                    others.setdefault(word, []).append(some)
    return apart, others


def _has_any(candidate: Candidate, excluded: Sequence[tuple[bool, Mapping[int, int]]]) -> bool:
    """Whether a talk has an excluded word where its asker may know of it."""
    for in_speakers, found in excluded:
        if bits := found.get(candidate.number, 0):
            mask = candidate.open_bits()
            if bits & (mask & candidate.part(SPEAKERS) if in_speakers else mask):
                return True
    return False
