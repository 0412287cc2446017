"""Talks like a talk: by who speaks, and by the rare words their titles and abstracts share, in any of their forms.

What a talk is like does not depend on who asks, so it is kept in the process for some minutes; what of it the asker may
see is asked anew every time, by the conditions search uses.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Integer, LargeBinary, select, text

from server.accounts.actor import Actor
from server.core.db import Db
from server.search import full_text
from server.search.bits import span, unpack
from server.search.documents import ABSTRACT, TITLE
from server.search.fold import fold, words
from server.search.models import SearchTalk, SearchWord
from server.search.queries import count_talks, read_passages
from server.search.stems import PLAIN, STOP_WORDS, guess_language, language_of, stem
from server.sessions.models import Session
from server.sessions.queries import visible_sessions

MOST_STEMS = 40
COMMON_SHARE = 0.34  # what a third of all talks say tells nothing about one
SHORTEST = 3  # letters of a stem
SAME_SPEAKER = 0.35
LEAST = 0.08  # of what a talk shares with itself
_KEPT_S, _MOST_KEPT, _CANDIDATES = 600.0, 2000, 60


@dataclass(frozen=True, slots=True)
class Like:
    """A talk that is like another; `score` is the share of what that one says of itself, 0 to about 1."""

    session: str
    score: float


_Kept = tuple[float, tuple[Like, ...]]
_KEPT: OrderedDict[tuple[int, str, str], _Kept] = OrderedDict()


def stems_in(texts: Iterable[tuple[str, str]]) -> list[str]:
    """The stems of (text, language tag) that may tell a talk from others, each once, in order."""
    found: dict[str, None] = {}
    for body, tag in texts:
        surfaces = words(body)
        language = language_of(tag) or guess_language(map(fold, surfaces), PLAIN)
        for surface in surfaces:
            if fold(surface) not in STOP_WORDS and len(one := stem(language, surface)) >= SHORTEST:
                found.setdefault(one)
    return list(found)


def weigh(having: Mapping[str, Mapping[int, float]], own: int, all_talks: int) -> dict[int, float]:
    """Each other talk's share of what talk `own` says: `having` is stem → talk → how much (1 in an abstract, 2 in a
    title). Stems that only the talk itself has, or that too many have, count nothing."""
    weights: dict[str, float] = {}
    for one, talks in having.items():
        if own in talks and 2 <= len(talks) <= max(2.0, COMMON_SHARE * all_talks):
            weights[one] = math.log(1 + all_talks / len(talks)) * talks[own]
    # A talk of few words must not be like everything that shares one of them.
    whole = max(sum(weights.values()), 4 * max(weights.values(), default=0.0))
    shares: dict[int, float] = {}
    for one, weight in weights.items():
        for talk, amount in having[one].items():
            if talk != own:
                shares[talk] = shares.get(talk, 0.0) + weight * min(1.0, 0.6 + 0.2 * amount) / whole
    return shares


async def related(db: Db, actor: Actor, session_id: str, *, most: int = 4) -> list[Like]:
    """The talks most like this one that the actor finds in lists, the best first."""
    row = (await db.execute(select(SearchTalk).where(SearchTalk.session_id == session_id))).scalar_one_or_none()
    if row is None:
        return []
    likes = await _likes(db, row)
    if not likes:
        return []
    ids = [like.session for like in likes[:_CANDIDATES]]
    statement = visible_sessions(actor).where(Session.id.in_(ids), Session.state != "cancelled")
    seen = set(await db.scalars(statement.with_only_columns(Session.id)))
    return [like for like in likes if like.session in seen][:most]


async def _likes(db: Db, row: SearchTalk) -> tuple[Like, ...]:
    """All that is like the talk, kept for some minutes for as long as its own index stays the same."""
    key = (id(db.get_bind()), row.session_id, row.digest)
    kept = _KEPT.get(key)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    found = await _find(db, row)
    _KEPT[key] = (time.monotonic() + _KEPT_S, found)
    _KEPT.move_to_end(key)
    while len(_KEPT) > _MOST_KEPT:
        _KEPT.popitem(last=False)
    return found


async def _find(db: Db, row: SearchTalk) -> tuple[Like, ...]:
    ends: Sequence[int] = row.parts
    bits = _words_of_its_own(ends)
    passages = await read_passages(db, [(row.number, place) for place in range(ends[ABSTRACT]) if bits >> place & 1])
    stems = stems_in((shown.text, shown.language) for _key, shown in sorted(passages.items()))[:MOST_STEMS]
    shares = weigh(await _having(db, stems), row.number, await count_talks(db))
    speakers = set(row.speakers.split())
    others = {one.number: one for one in await _rows(db, shares, speakers)}
    likes = []
    for number, other in others.items():
        together = speakers & set(other.speakers.split())
        score = shares.get(number, 0.0) + SAME_SPEAKER * len(together) / max(1, len(speakers))
        if other.session_id != row.session_id and score >= LEAST:
            likes.append(Like(other.session_id, round(score, 4)))
    return tuple(sorted(likes, key=lambda like: (-like.score, like.session)))


def _words_of_its_own(ends: Sequence[int]) -> int:
    """The passages of title and abstract: who speaks and what is linked stand between."""
    return span(0, ends[TITLE]) | span(ends[ABSTRACT - 1], ends[ABSTRACT])


async def _having(db: Db, stems: Sequence[str]) -> dict[str, dict[int, float]]:
    """Stem → talk → 2 where its title has it, 1 where its abstract has."""
    if not stems:
        return {}
    forms = await db.execute(select(SearchWord.id, SearchWord.stem).where(SearchWord.stem.in_(stems)))
    stem_of: dict[int, str] = {number: one for number, one in forms.all()}
    statement = text(
        "SELECT p.word, p.talk, p.passages, t.parts FROM search_postings p JOIN search_talks t ON t.number = p.talk "
        f"WHERE {full_text.among(db, 'p.word')}"
    ).columns(word=Integer, talk=Integer, passages=LargeBinary, parts=SearchTalk.parts.type)
    having: dict[str, dict[int, float]] = {}
    for word, talk, packed, parts in await db.execute(statement, {"ids": full_text.ids_value(db, sorted(stem_of))}):
        found = unpack(packed)
        amount = 2.0 if found & span(0, parts[TITLE]) else 1.0 if found & _words_of_its_own(parts) else 0.0
        if amount:
            talks = having.setdefault(stem_of[word], {})
            talks[talk] = max(talks.get(talk, 0.0), amount)
    return having


async def _rows(db: Db, shares: Mapping[int, float], speakers: Iterable[str]) -> Sequence[SearchTalk]:
    """The talks that share words enough, or a speaker."""
    best = sorted(shares, key=lambda number: (-shares[number], number))[: 3 * _CANDIDATES]
    by_words = select(SearchTalk).where(SearchTalk.number.in_(best))
    found = {row.number: row for row in await db.scalars(by_words)}
    for speaker in speakers:
        theirs = select(SearchTalk).where(SearchTalk.speakers.contains(speaker)).limit(_CANDIDATES)
        found |= {row.number: row for row in await db.scalars(theirs)}
    return list(found.values())
