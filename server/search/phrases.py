"""Where a phrase is: its words in one passage, or across a cue and the next, one after the other as they were said.

The index tells in which passages all the words are; only those texts are read.
"""

from collections.abc import Mapping, Sequence

from server.core.db import Db
from server.search.bits import members
from server.search.documents import CAPTIONS
from server.search.fold import flatten
from server.search.queries import read_passages
from server.search.rank import Candidate
from server.search.snippets import sequence

MOST_READ = 6_000  # passages; beyond, a phrase of very common words may be missed in some talks


def may_begin(words: Sequence[int], captions: int) -> int:
    """Passages a phrase may begin in: every word is in them or, of captions, in the one after."""
    found = -1
    for bits in words:
        found &= bits | ((bits & captions) >> 1)
    return found if found > 0 else 0


async def phrase_starts(
    db: Db, words: Sequence[str], found: Sequence[Mapping[int, int]], candidates: Mapping[int, Candidate]
) -> dict[int, int]:
    """Talk → the passages the phrase begins in, of what the asker may know of."""
    places: dict[int, list[int]] = {}
    for number, candidate in candidates.items():
        mask, captions = candidate.open_bits(), candidate.part(CAPTIONS)
        bits = [one.get(number, 0) & mask for one in found]
        if all(bits):
            places[number] = list(members(may_begin(bits, captions)))
    each = max(4, MOST_READ // max(len(places), 1))
    places = {number: some[:each] for number, some in places.items()}
    wanted = ((number, place + step) for number, some in places.items() for place in some for step in (0, 1))
    texts = await read_passages(db, wanted)
    pattern = sequence(words)
    starts: dict[int, int] = {}
    for number, some in places.items():
        first_cue = candidates[number].ends[CAPTIONS - 1]
        for place in some:
            text = flatten(texts[number, place].text) if (number, place) in texts else ""
            if place >= first_cue and (number, place + 1) in texts:
                text = _joined(text, flatten(texts[number, place + 1].text), len(words))
            if pattern.search(text):
                starts[number] = starts.get(number, 0) | 1 << place
    return starts


def _joined(text: str, after: str, length: int) -> str:
    """A text with as many words of the next as a phrase may reach into it, and no more: there it would begin anew."""
    return " ".join([text, *after.split()[: length - 1]])
