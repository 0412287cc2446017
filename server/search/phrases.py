"""Where a phrase is: its words in one passage, or across a cue and the next, one after the other as they were said.

Of two words the index tells where they stand side by side, if a talk has both often (pairs.py). Else it tells in which
passages all the words are, and only those texts are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.core.db import Db
from server.search.bits import members
from server.search.documents import CAPTIONS
from server.search.fold import flatten, fold
from server.search.pairs import COMMON, pair_number
from server.search.queries import read_pairs, read_passages
from server.search.rank import Candidate
from server.search.snippets import sequence

MOST_READ = 6_000  # passages; beyond, a phrase of words a talk has seldom may be missed in some talks


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """What the index knows of a phrase: of each word, and of each pair, talk → passages."""

    words: Sequence[str]
    found: Sequence[Mapping[int, int]]
    pairs: Sequence[Mapping[int, int]]


def may_begin(words: Sequence[int], captions: int) -> int:
    """Passages a phrase may begin in: every word is in them or, of captions, in the one after."""
    found = -1
    for bits in words:
        found &= bits | ((bits & captions) >> 1)
    return found if found > 0 else 0


def narrow_by_pairs(phrase: Phrase, number: int, begin: int, captions: int) -> tuple[int, bool]:
    """Those of the passages the pairs leave, and whether they say all: no text must be read."""
    known = 0
    for place, pair in enumerate(phrase.pairs):
        words = phrase.found[place], phrase.found[place + 1]
        if all(one[number].bit_count() >= COMMON for one in words):
            bits = pair.get(number, 0)
            begin &= bits | (bits & captions) >> 1 if place else bits
            known += 1
    return begin, known == len(phrase.pairs) == 1


async def phrase_starts(
    db: Db, words: Sequence[str], found: Sequence[Mapping[int, int]], candidates: Mapping[int, Candidate]
) -> dict[int, int]:
    """Talk → the passages the phrase begins in, of what the asker may know of."""
    phrase = Phrase(words=words, found=found, pairs=await _read_pairs(db, words))
    starts: dict[int, int] = {}
    left: dict[int, int] = {}
    for number, candidate in candidates.items():
        mask, captions = candidate.open_bits(), candidate.part(CAPTIONS)
        bits = [one.get(number, 0) & mask for one in found]
        begin, is_all = (may_begin(bits, captions) if all(bits) else 0), False
        if begin and candidate.has_pairs:
            begin, is_all = narrow_by_pairs(phrase, number, begin, captions)
        if begin:
            (starts if is_all else left)[number] = begin
    return starts | await _read_starts(db, words, left, candidates)


async def _read_pairs(db: Db, words: Sequence[str]) -> list[dict[int, int]]:
    folded = [fold(word) for word in words]
    keys = [pair_number(*pair) for pair in pairwise(folded)]
    found = await read_pairs(db, keys)
    return [found.get(key, {}) for key in keys]


async def _read_starts(
    db: Db, words: Sequence[str], begin: Mapping[int, int], candidates: Mapping[int, Candidate]
) -> dict[int, int]:
    """The same by the texts of the passages it may begin in."""
    each = max(4, MOST_READ // max(len(begin), 1))
    places = {number: list(members(bits))[:each] for number, bits in begin.items()}
    texts = await read_passages(db, _with_next(places))
    pattern = sequence(words)
    starts: dict[int, int] = {}
    for number, some in places.items():
        first_cue = candidates[number].shape.ends[CAPTIONS - 1]
        for place in some:
            text = flatten(texts[number, place].text) if (number, place) in texts else ""
            if place >= first_cue and (number, place + 1) in texts:
                text = _joined(text, flatten(texts[number, place + 1].text), len(words))
            if pattern.search(text):
                starts[number] = starts.get(number, 0) | 1 << place
    return starts


def _with_next(places: Mapping[int, Sequence[int]]) -> Iterable[tuple[int, int]]:
    return ((number, place + step) for number, some in places.items() for place in some for step in (0, 1))


def _joined(text: str, after: str, length: int) -> str:
    """A text with as many words of the next as a phrase may reach into it, and no more: there it would begin anew."""
    return " ".join([text, *after.split()[: length - 1]])
