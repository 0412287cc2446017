"""Which talk is meant, and which passage of it: one formula for both databases. Pure.

A talk's score sums over what was asked for: how rare it is among all talks (idf), times how much of it the talk has,
weighted by part, against the part's length, and saturated (BM25F). On top comes what stands together: as much of the
question as meets in one passage, or in two that follow each other. A talk that lacks a part of the question loses by
its share.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from server.search.bits import members, span
from server.search.documents import CAPTIONS, LINKS, PAGES, SPEAKERS, TITLE

_TALK = (6.0, 5.0, 2.0, 1.2, 1.6, 1.0)  # what one passage counts, by part
_PASSAGE = (2.2, 2.0, 1.25, 1.0, 1.15, 1.0)
_USUAL = {PAGES: 25, CAPTIONS: 300}  # passages
_SATURATION = 2.0
_TOGETHER, _BESIDE, _LIKE = 1.6, 0.7, 0.55
_NEAR = 0.4  # what a word in the cue beside counts
_IS_IT = 0.8  # from this weight on it is the word itself, in one of its forms
_LOOKED_AT = 24  # passages of a talk, for the best ones


@dataclass(slots=True)
class Wanted:
    """One part of the question: a word or a phrase. `weights` are those of vocabulary words by id (a phrase: none)."""

    weights: Mapping[int, float]
    in_speakers: bool = False
    is_little: bool = False
    idf: float = 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the parts of a talk are among its passages, as sets: the same for every question."""

    ends: tuple[int, ...]
    parts: tuple[int, ...]
    front: int  # all but captions
    told: int  # all but captions and pages
    norms: tuple[float, float]  # of pages and of captions

    @property
    def whole(self) -> int:
        """All passages."""
        return span(0, self.ends[-1])


def shape_of(ends: tuple[int, ...]) -> Shape:
    """The shape of a talk whose parts end there."""
    parts = tuple(span(start, end) for start, end in pairwise((0, *ends)))
    return Shape(ends, parts, span(0, ends[PAGES]), span(0, ends[LINKS]), _norms(ends))


@dataclass(slots=True, kw_only=True)
class Candidate:
    """A talk that may be an answer. `found[i]` are the passages that have the i-th part of the question, by weight;
    `hidden` parts are not the asker's to know of."""

    number: int
    shape: Shape
    found: list[dict[float, int]]
    hidden: frozenset[int] = frozenset()
    has_pairs: bool = False  # whether the index has its pairs of words (pairs.py)
    unions: list[int] = field(default_factory=list)
    score: float = 0.0

    def part(self, part: int) -> int:
        """The passages of a part."""
        return self.shape.parts[part]

    def part_of(self, passage: int) -> int:
        """The part a passage is of."""
        return bisect_right(self.shape.ends, passage)

    def open_bits(self) -> int:
        """The passages the asker may know of."""
        bits = self.shape.whole
        for part in self.hidden:
            bits &= ~self.shape.parts[part]
        return bits


def narrow(candidate: Candidate, wanted: Sequence[Wanted]) -> None:
    """Leave out what the asker may not know of, and what is found where it was not looked for."""
    open_bits, speakers = candidate.open_bits(), candidate.part(SPEAKERS)
    for place, one in enumerate(wanted):
        mask = open_bits & speakers if one.in_speakers else open_bits
        candidate.found[place] = {
            weight: left for weight, bits in candidate.found[place].items() if (left := bits & mask)
        }


def unite(candidate: Candidate) -> None:
    """Of each part of the question the passages that have it, whatever it weighs there."""
    candidate.unions = [_union(tiers) if len(tiers) > 1 else next(iter(tiers.values()), 0) for tiers in candidate.found]


def _union(tiers: Mapping[float, int], *, least: float = 0.0) -> int:
    """The passages of those that weigh so much."""
    found = 0
    for weight, bits in tiers.items():
        if weight >= least:
            found |= bits
    return found


def weigh_words(wanted: Sequence[Wanted], candidates: Sequence[Candidate], talks: int) -> None:
    """How rare each part of the question is among all talks."""
    for place, one in enumerate(wanted):
        having = sum(1 for candidate in candidates if candidate.unions[place])
        one.idf = math.log(1 + (max(talks, having) - having + 0.5) / (having + 0.5))


def judge(candidate: Candidate, wanted: Sequence[Wanted]) -> float:
    """The talk's score as far as no text is needed for it."""
    score = asked = having = 0.0
    for one, tiers in zip(wanted, candidate.found, strict=True):
        asked += one.idf
        if tiers:
            having += one.idf
            score += one.idf * _worth(tiers, candidate.shape)
    score += _together(candidate, wanted, asked) if len(wanted) > 1 else 0.0
    return score * having / asked if asked else score


def _norms(ends: Sequence[int]) -> tuple[float, float]:
    """What makes long parts worth no more than usual ones: of pages, and of captions."""
    pages, captions = ends[PAGES] - ends[LINKS], ends[CAPTIONS] - ends[PAGES]
    return 0.6 + 0.4 * pages / _USUAL[PAGES], 0.6 + 0.4 * captions / _USUAL[CAPTIONS]


def _worth(tiers: Mapping[float, int], shape: Shape) -> float:
    """How much of a word there is, saturated. However often a talk has what is only like the word, it has not the word:
    each weight is worth at most itself, with all that weighs more."""
    worth, bits = 0.0, 0
    for weight in sorted(tiers, reverse=True) if len(tiers) > 1 else tiers:
        if weight * (_SATURATION + 1) <= worth:
            break  # nor is anything that weighs less
        bits |= tiers[weight]
        amount = _amount(bits, shape)
        worth = max(worth, weight * amount * (_SATURATION + 1) / (amount + _SATURATION))
    return worth


def _amount(bits: int, shape: Shape) -> float:
    """How often a word is there, by what its parts count. Captions are most of a talk's passages, and the last."""
    first = bits & shape.front
    if not first:
        return _TALK[CAPTIONS] * bits.bit_count() / shape.norms[1]
    amount = _TALK[CAPTIONS] * (bits.bit_count() - first.bit_count()) / shape.norms[1]
    told = first & shape.told
    amount += _TALK[PAGES] * (first.bit_count() - told.bit_count()) / shape.norms[0]
    for part in range(PAGES) if told else ():
        amount += _TALK[part] * (told & shape.parts[part]).bit_count()
    return amount


def _together(candidate: Candidate, wanted: Sequence[Wanted], asked: float) -> float:
    """What of the question meets in one passage, or else in one cue and the next; of the words rather than their
    like."""
    words = [
        _union(tiers, least=_IS_IT) if len(tiers) > 1 else union
        for tiers, union in zip(candidate.found, candidate.unions, strict=True)
    ]
    if _meet(words):
        return _TOGETHER * asked
    best = _meeting(candidate, words, wanted)
    if words == candidate.unions or best >= _TOGETHER * _LIKE * asked:
        return best
    return max(best, _LIKE * _meeting(candidate, candidate.unions, wanted))


def _meet(unions: Sequence[int]) -> int:
    every = -1
    for bits in unions:
        every &= bits
    return every


def _meeting(candidate: Candidate, unions: Sequence[int], wanted: Sequence[Wanted]) -> float:
    captions = candidate.part(CAPTIONS)
    beside = [bits | ((bits & captions) << 1 & captions) for bits in unions]
    return max(_TOGETHER * _best_meeting(unions, wanted), (_TOGETHER * _BESIDE) * _best_meeting(beside, wanted))


def _best_meeting(unions: Sequence[int], wanted: Sequence[Wanted]) -> float:
    """The most that meets in one passage, in idf; nothing when only one word of the question is there."""
    if _meet(unions):
        return sum(one.idf for one in wanted)
    levels = meetings(unions)
    if len(levels) < 3:
        return 0.0
    best = 0.0
    for place, passage in enumerate(members(levels[-1])):
        if place >= _LOOKED_AT:
            break
        best = max(best, sum(one.idf for one, bits in zip(wanted, unions, strict=True) if bits >> passage & 1))
    return best


def meetings(unions: Sequence[int]) -> list[int]:
    """By k: the passages in which at least k parts of the question are; as far as there are any."""
    levels = [0] * (len(unions) + 1)
    levels[0] = -1
    for count, bits in enumerate(unions, 1):
        for k in range(count, 0, -1):
            levels[k] |= levels[k - 1] & bits
    while len(levels) > 1 and not levels[-1]:
        levels.pop()
    return levels


def passages(candidate: Candidate, wanted: Sequence[Wanted], *, most: int) -> list[tuple[int, float]]:
    """The talk's best passages but for its title, with their scores, the best first.

    Who speaks is no passage where it was asked for beside what is said (`speaker:öhman trust`)."""
    seen = candidate.part(TITLE)
    if len({one.in_speakers for one in wanted}) == 2:
        seen |= candidate.part(SPEAKERS)
    scales = _scales(candidate, wanted)
    scored: list[tuple[int, float]] = []
    for bits in reversed(meetings([union & ~seen for union in candidate.unions])[1:]):
        for passage in _first(bits & ~seen, candidate, _LOOKED_AT - len(scored)):
            scored.append((passage, _PASSAGE[candidate.part_of(passage)] * _has_of(scales, passage)))
        seen |= bits
        if len(scored) >= most:
            break
    scored.sort(key=lambda one: (-one[1], one[0]))
    chosen: list[tuple[int, float]] = []
    for passage, score in scored:
        if len(chosen) == most:
            break
        if not any(abs(passage - other) == 1 for other, _score in chosen):
            chosen.append((passage, score))
    return chosen


def _first(bits: int, candidate: Candidate, most: int) -> list[int]:
    """Some of these passages: those that have the most fitting words first, then the early ones."""
    found: list[int] = []
    tiers = sorted({weight for one in candidate.found for weight in one}, reverse=True)
    for weight in tiers:
        strong = 0
        for one in candidate.found:
            strong |= one.get(weight, 0)
        for passage in members(bits & strong):
            if len(found) >= most:
                return found
            found.append(passage)
        bits &= ~strong
    return found


_Scale = tuple[Sequence[tuple[float, int]], int]


def _scales(candidate: Candidate, wanted: Sequence[Wanted]) -> list[tuple[float, _Scale]]:
    """Of each part of the question: what it counts, its passages by weight from the most on, and the cues beside."""
    captions = candidate.part(CAPTIONS)
    scales: list[tuple[float, _Scale]] = []
    for one, tiers, union in zip(wanted, candidate.found, candidate.unions, strict=True):
        spoken = union & captions
        beside = (spoken << 1 | union >> 1) & captions & ~union
        scales.append((one.idf + 0.01, (sorted(tiers.items(), reverse=True), beside)))
    return scales


def _has_of(scales: Sequence[tuple[float, _Scale]], passage: int) -> float:
    """What a passage has of the question; beside it counts a little."""
    score, mask = 0.0, 1 << passage
    for factor, (tiers, beside) in scales:
        for weight, bits in tiers:
            if bits & mask:
                score += factor * weight
                break
        else:
            if beside & mask:
                score += factor * _NEAR
    return score
