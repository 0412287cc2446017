"""Which words stand side by side, of those a talk has often: a phrase of little words is found without its texts. Pure.

Of two words that a talk has in few passages those passages' texts can be read; where it has both in COMMON or more, it
keeps the passages in which the one follows the other. A cue's last word and the next cue's first are a pair of the
first cue, as a phrase may be said across both (phrases.py).
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

COMMON = 4  # passages of a talk


@lru_cache(maxsize=50_000)
def pair_number(first: str, second: str) -> int:
    """What a pair of folded words is kept as: eight bytes of a hash, signed, so that no two of a talk are the same."""
    digest = hashlib.blake2b(f"{first} {second}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def pairs_of(passages: Sequence[Sequence[str]], first_cue: int) -> dict[int, int]:
    """The pairs a talk keeps, with the set of passages each is in; `passages` are folded words in order."""
    counts: dict[str, int] = {}
    for words in passages:
        for word in set(words):
            counts[word] = counts.get(word, 0) + 1
    common = {word for word, count in counts.items() if count >= COMMON}
    found: dict[int, int] = {}
    for number in range(len(passages)):
        for first, second in _beside(passages, number, first_cue):
            if first in common and second in common:
                key = pair_number(first, second)
                found[key] = found.get(key, 0) | 1 << number
    return found


def _beside(passages: Sequence[Sequence[str]], number: int, first_cue: int) -> Iterator[tuple[str, str]]:
    words = passages[number]
    yield from pairwise(words)
    after = passages[number + 1] if first_cue <= number < len(passages) - 1 else ()
    if words and after:
        yield words[-1], after[0]
