"""The best hits of the best talks: here texts are read, for what is shown and a few more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.core.db import Db
from server.search.documents import CAPTIONS, PAGES, PARTS, TITLE
from server.search.find import Talk
from server.search.fold import flatten
from server.search.pause import let_others
from server.search.queries import Shown, read_passages
from server.search.question import Question
from server.search.rank import passages
from server.search.snippets import Snippet, around, mark, sequence, snippet

WINDOW = 20  # the best talks, whose texts are looked at
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


def place_of(talk: Talk) -> tuple[float, int, str]:
    """What talks are ordered by: the best first, the newest of equals."""
    return -round(talk.candidate.score, 6), -(talk.row.year or 0), talk.row.session


async def look_closer(
    db: Db, question: Question, talks: list[Talk], *, offset: int, limit: int, hits: int
) -> list[TalkHits]:
    """The page that is asked for, once the texts of the best talks were looked at."""
    first, last = window_of(offset, limit)
    window = talks[first:last]
    chosen = {talk.candidate.number: passages(talk.candidate, question.wanted, most=hits) for talk in window}
    texts = await read_passages(db, _needed_texts(window, chosen))
    await let_others()
    spoken = [term.words[0] for term in question.positive if not term.is_phrase and not term.in_speakers]
    if len(spoken) > 1:
        _prefer_in_order(question, window, chosen, texts, spoken)
        twenties = [window[start : start + WINDOW] for start in range(0, len(window), WINDOW)]
        window = [talk for some in twenties for talk in sorted(some, key=place_of)]
    shown = window[offset - first : offset - first + limit]
    return [_told(talk, question.matched, chosen[talk.candidate.number], texts) for talk in shown]


def window_of(offset: int, limit: int) -> tuple[int, int]:
    """Which talks are looked at for a page. They go by twenties, so that what changes places among them comes neither
    twice nor not at all, however long pages are."""
    end = offset + limit
    return offset - offset % WINDOW, end + -end % WINDOW


Chosen = Mapping[int, Sequence[tuple[int, float]]]
Texts = Mapping[tuple[int, int], Shown]


def _needed_texts(window: Iterable[Talk], chosen: Chosen) -> Iterable[tuple[int, int]]:
    for talk in window:
        number, candidate = talk.candidate.number, talk.candidate
        yield number, 0
        for passage, _score in chosen[number]:
            yield number, passage
            if candidate.part_of(passage) == CAPTIONS:
                yield from ((number, passage + step) for step in _BESIDE)


def _prefer_in_order(
    question: Question, window: Iterable[Talk], chosen: Chosen, texts: Texts, spoken: Sequence[str]
) -> None:
    """A talk that says the words one after the other, as they were asked for, is meant rather."""
    wanted, bonus = sequence(spoken), _IN_ORDER * sum(one.idf for one in question.wanted)
    for talk in window:
        number = talk.candidate.number
        looked = [(number, 0), *((number, passage) for passage, _score in chosen[number])]
        if any(wanted.search(flatten(texts[key].text)) for key in looked if key in texts):
            talk.candidate.score += bonus


def _told(talk: Talk, matched: Collection[str], chosen: Sequence[tuple[int, float]], texts: Texts) -> TalkHits:
    number, candidate = talk.candidate.number, talk.candidate
    title = texts.get((number, 0))
    hits = [_hit(talk, passage, matched, texts) for passage, _score in chosen if (number, passage) in texts]
    having = 0
    for bits in candidate.unions:
        having |= bits
    return TalkHits(
        session=talk.row.session,
        score=round(candidate.score, 4),
        title_marks=mark(title.text, matched) if title is not None and candidate.shape.ends[TITLE] else (),
        hits=tuple(hits),
        count=(having & ~candidate.part(TITLE)).bit_count(),
    )


def _hit(talk: Talk, passage: int, matched: Collection[str], texts: Texts) -> Hit:
    number, candidate = talk.candidate.number, talk.candidate
    shown, part = texts[number, passage], candidate.part_of(passage)
    if part == CAPTIONS:
        steps = range(passage - 2, passage + 3)
        cues = [(step, texts[number, step]) for step in steps if (number, step) in texts]
        cues = [
            (step, one) for step, one in cues if step >= candidate.shape.ends[PAGES] and one.language == shown.language
        ]
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
