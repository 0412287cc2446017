"""Asks the index: words are expanded, the database finds the talks that have them, one formula orders them.

What is asked for must be there; only when no talk has all of it, those count that have most. When nothing at all is
found, the words are taken for typing errors.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.accounts.actor import Actor
from server.core.db import Db
from server.events.queries import get_event
from server.search.bits import unpack
from server.search.documents import CAPTIONS, PAGES, PARTS, SPEAKERS, TITLE
from server.search.expand import Meaning, meanings
from server.search.facets import FacetValue, has, read_facets
from server.search.fold import flatten
from server.search.parse import Parsed, Term, parse
from server.search.phrases import phrase_starts
from server.search.queries import (
    Narrowed,
    Shown,
    count_talks,
    ends_of,
    matching,
    postings,
    read_passages,
    talks_statement,
)
from server.search.rank import Candidate, Wanted, judge, narrow, passages, weigh_words
from server.search.snippets import Snippet, around, mark, sequence, snippet

MOST_BEYOND = 1_000  # answers that can be leafed to
_WINDOW = 20  # the best talks, whose texts are looked at
_FEW = 200  # talks whose postings are asked for by talk
_IN_ORDER = 0.8
_BESIDE = (-2, -1, 1, 2)  # cues around a hit that may be of its sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One passage that answers. `at_ms` is recording time, None where the asker has none to watch."""

    part: str
    snippet: Snippet
    language: str
    at_ms: int | None
    end_ms: int | None
    deck: int | None
    page: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkHits:
    """A talk and its best hits. `count` is how many passages have all that the best one has."""

    session: str
    score: float
    title_marks: tuple[tuple[int, int], ...]
    hits: tuple[Hit, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page of the answers, how many there are, and what they can be narrowed to."""

    talks: tuple[TalkHits, ...] = ()
    total: int = 0
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    mended: Mapping[str, str] = field(default_factory=dict)
    is_loose: bool = False  # no talk has all that was asked for


@dataclass(slots=True, kw_only=True)
class _Talk:
    """A candidate with its row."""

    row: Any
    candidate: Candidate
    order: tuple[float, int, str] = (0.0, 0, "")


@dataclass(slots=True, kw_only=True)
class _Question:
    """Everything about what is asked for that stays the same for all talks."""

    parsed: Parsed
    means: Mapping[Term, list[Meaning]]
    positive: tuple[Term, ...]
    negative: tuple[Term, ...]
    wanted: list[Wanted]

    @property
    def needed(self) -> tuple[Term, ...]:
        """What must be there: all but words that say little, unless there are no others."""
        found = tuple(term for term in self.positive if term.is_phrase or not self.means[term][0].is_little)
        return found or self.positive

    @property
    def matched(self) -> frozenset[str]:
        """What is marked: every word of the vocabulary that is meant, folded."""
        return frozenset(word for term in self.needed for one in self.means[term] for word in one.folded.values())


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
        question = await _understand(db, parsed, mend=mend)
        talks, is_loose = await _find(db, question, statement)
        talks = [talk for talk in talks if set(narrowed.has) <= has(talk.row)]
        if talks or not question.positive:
            break
    await _order(db, question, talks)
    shown = await _look_closer(db, question, talks, offset=offset, limit=limit, hits=hits)
    return Answer(
        talks=tuple(shown),
        total=len(talks),
        facets=await read_facets(db, [talk.row for talk in talks]),
        mended={one.word: one.mended for ones in question.means.values() for one in ones if one.mended},
        is_loose=is_loose,
    )


async def _understand(db: Db, parsed: Parsed, *, mend: bool) -> _Question:
    means = await meanings(db, parsed.terms, mend=mend) if parsed.terms else {}
    positive = tuple(term for term in parsed.terms if not term.is_excluded)
    return _Question(
        parsed=parsed,
        means=means,
        positive=positive,
        negative=tuple(term for term in parsed.terms if term.is_excluded),
        wanted=[
            Wanted(
                {} if term.is_phrase else means[term][0].weights,
                in_speakers=term.in_speakers,
                is_little=not term.is_phrase and means[term][0].is_little,
            )
            for term in positive
        ],
    )


async def _find(db: Db, question: _Question, statement: Any) -> tuple[list[_Talk], bool]:
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
    strict = [set(one.folded.values()) for term in question.needed if term.is_phrase for one in question.means[term]]
    free = {
        word
        for term in question.needed
        if not term.is_phrase
        for one in question.means[term]
        for word in one.folded.values()
    }
    groups = [*strict, free] if free else strict
    if len(question.needed) < 2 or not groups or not all(groups):
        return [], False
    rows = (await db.execute(matching(statement, db, groups))).all()
    talks = await _read(db, question, rows)
    most = max((_share(question, talk) for talk in talks), default=0)
    phrases = [place for place, term in enumerate(question.positive) if term.is_phrase]
    return [
        talk
        for talk in talks
        if 0 < _share(question, talk) == most and all(talk.candidate.unions[place] for place in phrases)
    ], True


def _share(question: _Question, talk: _Talk) -> int:
    """How many of the needed terms a talk has."""
    needed = question.needed
    return sum(
        1 for term, bits in zip(question.positive, talk.candidate.unions, strict=True) if bits and term in needed
    )


async def _read(db: Db, question: _Question, rows: Sequence[Any]) -> list[_Talk]:
    """The talks of these rows with what they have of the question; excluded ones are left out."""
    talks = {row.number: _talk(row, len(question.positive)) for row in rows}
    terms = [*question.positive, *question.negative]
    words = {number for term in terms for one in question.means[term] for number in one.weights}
    bits = await _bits(db, words, talks)
    for place, term in enumerate(question.positive):
        if not term.is_phrase:
            _put(talks, bits, place, question.means[term][0])
    phrases = {term: _phrase_words(bits, question.means[term]) for term in terms if term.is_phrase}
    for term, ones in phrases.items():
        starts = await phrase_starts(db, term.words, ones, {number: one.candidate for number, one in talks.items()})
        if not term.is_excluded:
            for number, found in starts.items():
                talks[number].candidate.found[question.positive.index(term)] = {1.0: found}
        else:
            talks = {number: talk for number, talk in talks.items() if not starts.get(number)}
    for talk in talks.values():
        narrow(talk.candidate, question.wanted)
    for term in question.negative:
        if not term.is_phrase:
            talks = {n: talk for n, talk in talks.items() if not _has_any(talk, bits, term, question.means[term][0])}
    return list(talks.values())


def _talk(row: Any, places: int) -> _Talk:
    hidden = frozenset() if row.watchable else frozenset({CAPTIONS})
    candidate = Candidate(number=row.number, ends=ends_of(row.parts), found=[{} for _ in range(places)], hidden=hidden)
    return _Talk(row=row, candidate=candidate)


Bits = Mapping[int, Sequence[tuple[int, int]]]  # word → (talk, passages)


async def _bits(db: Db, words: Collection[int], talks: Mapping[int, _Talk]) -> Bits:
    found: dict[int, list[tuple[int, int]]] = {}
    if not words or not talks:
        return found
    for word, talk, packed in await postings(db, words, sorted(talks) if len(talks) <= _FEW else None):
        if talk in talks:
            found.setdefault(word, []).append((talk, unpack(packed)))
    return found


def _put(talks: Mapping[int, _Talk], bits: Bits, place: int, one: Meaning) -> None:
    """What the talks have of one word, by weight."""
    for word, weight in one.weights.items():
        for number, found in bits.get(word, ()):
            if number in talks:
                tiers = talks[number].candidate.found[place]
                tiers[weight] = tiers.get(weight, 0) | found


def _phrase_words(bits: Bits, ones: Iterable[Meaning]) -> list[dict[int, int]]:
    """Of each word of a phrase: talk → passages."""
    words: list[dict[int, int]] = []
    for one in ones:
        found: dict[int, int] = {}
        for word in one.weights:
            for number, passages_ in bits.get(word, ()):
                found[number] = found.get(number, 0) | passages_
        words.append(found)
    return words


def _has_any(talk: _Talk, bits: Bits, term: Term, one: Meaning) -> bool:
    """Whether a talk has an excluded word where its asker may know of it."""
    mask = talk.candidate.open_bits()
    if term.in_speakers:
        mask &= talk.candidate.part(SPEAKERS)
    number = talk.candidate.number
    return any(number == other and found & mask for word in one.weights for other, found in bits.get(word, ()))


async def _order(db: Db, question: _Question, talks: list[_Talk]) -> None:
    """The best first, as far as no text is needed for it."""
    candidates = [talk.candidate for talk in talks]
    weigh_words(question.wanted, candidates, await count_talks(db) if candidates else 0)
    for talk in talks:
        talk.candidate.score = judge(talk.candidate, question.wanted)
    talks.sort(key=_place)


def _place(talk: _Talk) -> tuple[float, int, str]:
    return -round(talk.candidate.score, 6), -(talk.row.year or 0), talk.row.session


async def _look_closer(
    db: Db, question: _Question, talks: list[_Talk], *, offset: int, limit: int, hits: int
) -> list[TalkHits]:
    """The page that is asked for, once the texts of the best talks were looked at."""
    window = talks[: max(_WINDOW, offset + limit)] if offset < _WINDOW else talks[offset : offset + limit]
    chosen = {talk.candidate.number: passages(talk.candidate, question.wanted, most=hits) for talk in window}
    texts = await read_passages(db, _needed_texts(window, chosen))
    spoken = [term.words[0] for term in question.positive if not term.is_phrase and not term.in_speakers]
    if len(spoken) > 1:
        _prefer_in_order(question, window, chosen, texts, spoken)
        window.sort(key=_place)
    shown = window[offset : offset + limit] if offset < _WINDOW else window
    return [_told(talk, question.matched, chosen[talk.candidate.number], texts) for talk in shown]


Chosen = Mapping[int, Sequence[tuple[int, float]]]
Texts = Mapping[tuple[int, int], Shown]


def _needed_texts(window: Iterable[_Talk], chosen: Chosen) -> Iterable[tuple[int, int]]:
    for talk in window:
        number, candidate = talk.candidate.number, talk.candidate
        yield number, 0
        for passage, _score in chosen[number]:
            yield number, passage
            if candidate.part_of(passage) == CAPTIONS:
                yield from ((number, passage + step) for step in _BESIDE)


def _prefer_in_order(
    question: _Question, window: Iterable[_Talk], chosen: Chosen, texts: Texts, spoken: Sequence[str]
) -> None:
    """A talk that says the words one after the other, as they were asked for, is meant rather."""
    wanted, bonus = sequence(spoken), _IN_ORDER * sum(one.idf for one in question.wanted)
    for talk in window:
        number = talk.candidate.number
        looked = [(number, 0), *((number, passage) for passage, _score in chosen[number])]
        if any(wanted.search(flatten(texts[key].text)) for key in looked if key in texts):
            talk.candidate.score += bonus


def _told(talk: _Talk, matched: Collection[str], chosen: Sequence[tuple[int, float]], texts: Texts) -> TalkHits:
    number, candidate = talk.candidate.number, talk.candidate
    title = texts.get((number, 0))
    hits = [_hit(talk, passage, matched, texts) for passage, _score in chosen if (number, passage) in texts]
    having = 0
    for bits in candidate.unions:
        having |= bits
    return TalkHits(
        session=talk.row.session,
        score=round(candidate.score, 4),
        title_marks=mark(title.text, matched) if title is not None and candidate.ends[TITLE] else (),
        hits=tuple(hits),
        count=(having & ~candidate.part(TITLE)).bit_count(),
    )


def _hit(talk: _Talk, passage: int, matched: Collection[str], texts: Texts) -> Hit:
    number, candidate = talk.candidate.number, talk.candidate
    shown, part = texts[number, passage], candidate.part_of(passage)
    if part == CAPTIONS:
        steps = range(passage - 2, passage + 3)
        cues = [(step, texts[number, step]) for step in steps if (number, step) in texts]
        cues = [(step, one) for step, one in cues if step >= candidate.ends[PAGES] and one.language == shown.language]
        place = next(place for place, (step, _one) in enumerate(cues) if step == passage)
        told = around([one.text for _step, one in cues], place, matched)
    else:
        told = snippet(shown.text, matched)
    return Hit(
        part=PARTS[part],
        snippet=told,
        language=shown.language,
        at_ms=shown.at_ms if talk.row.watchable else None,
        end_ms=shown.end_ms if talk.row.watchable else None,
        deck=shown.deck,
        page=shown.page,
    )
