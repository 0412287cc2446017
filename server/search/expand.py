"""Which words of the vocabulary a word that was asked for means, and how much each counts.

In falling order: the word itself; the same without accents; the same stem, in the language of its text; a compound with
it, or its own last part (Finnish and Swedish write compounds as one word); what begins with it, while it is typed; and
words a typing error away, when there is nothing else. A compound is taken apart by the words of the corpus itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import OSA
from sqlalchemy import text

from server.core.db import Db
from server.search import full_text
from server.search.fold import fold
from server.search.parse import Term
from server.search.stems import STOP_WORDS, stems

SAME, BARE, STEM, LAST_PART, HEAD, BEGUN, FIRST_PART, INSIDE, ONE_OFF, TWO_OFF = (
    1.0, 0.92, 0.8, 0.5, 0.55, 0.5, 0.42, 0.35, 0.6, 0.4,
)  # fmt: skip
MOST_WORDS = 150  # of the vocabulary, for one that was asked for
_MOST_COMPOUNDS = 150
_MOST_BEGUN = 40
_MOST_NEAR = 1_200
_SHORTEST_PART = 4  # letters of a stem that is looked for inside of words
_SHORTEST_HEAD = 6  # letters that are believed to be a word's last part whatever comes before them
_ENDING = 5  # letters at most that an inflected stem is longer
_COMPOUNDING = ("fi", "sv")
_FOLDED, _STEM = full_text.words_by("folded"), full_text.words_by("stem")
_LOOKUP = {sqlite: text(f"{_FOLDED[sqlite]} UNION {_STEM[sqlite]}") for sqlite in (True, False)}


@dataclass(slots=True)
class Meaning:
    """The words of the vocabulary one word means, by id, with their weights and how they are written, folded."""

    word: str
    weights: dict[int, float] = field(default_factory=dict)
    folded: dict[int, str] = field(default_factory=dict)
    mended: str = ""  # what it was taken for, when a typing error was mended

    def add(self, row: Any, weight: float) -> None:
        """One more word, or the same counting more."""
        if weight > self.weights.get(row.id, 0.0):
            self.weights[row.id] = weight
            self.folded[row.id] = row.folded

    def cut(self) -> None:
        """Only those that count most are looked for."""
        if len(self.weights) > MOST_WORDS:
            order = sorted(self.weights, key=lambda number: (-self.weights[number], self.folded[number], number))
            self.weights = {number: self.weights[number] for number in order[:MOST_WORDS]}
            self.folded = {number: self.folded[number] for number in self.weights}

    @property
    def is_little(self) -> bool:
        """Whether it is one of the words that say little."""
        return fold(self.word) in STOP_WORDS


async def meanings(db: Db, terms: Sequence[Term], *, mend: bool = False) -> dict[Term, list[Meaning]]:
    """What the words of each term mean; with `mend` typing errors are looked for also where something was found."""
    asked = list(dict.fromkeys(word for term in terms for word in term.words))
    looked = await _look_up(db, asked, {word for term in terms if not term.is_phrase for word in term.words})
    found: dict[Term, list[Meaning]] = {}
    for term in terms:
        ones = [Meaning(word) for word in term.words]
        for one in ones:
            for row in looked:
                one.add(row, _weight(one.word, row, exact=term.is_phrase))
            one.weights = {number: weight for number, weight in one.weights.items() if weight}
        if not term.is_phrase and not term.is_excluded:
            await _widen(db, ones[0], term, looked, mend=mend)
        for one in ones:
            one.cut()
        found[term] = ones
    return found


async def _look_up(db: Db, asked: Iterable[str], whole: set[str]) -> Sequence[Any]:
    """Rows that are written like, or have the stem of, a word or the last part of one; one statement."""
    folded: set[str] = set()
    known: set[str] = set()
    for word in asked:
        folded.add(fold(word))
        known.update(stems(word).values())
        if word in whole:
            for head in _heads(word):
                known.update(stems(head).values())
    values = {"folded": full_text.texts_value(db, sorted(folded)), "stem": full_text.texts_value(db, sorted(known))}
    return (await db.execute(_LOOKUP[full_text.is_sqlite(db)], values)).all()


def _weight(word: str, row: Any, *, exact: bool) -> float:
    """How much a row means the word itself; 0 when it does not."""
    if row.word == word:
        return SAME
    if row.folded == fold(word):
        return BARE
    return STEM if not exact and stems(word).get(row.language) == row.stem else 0.0


def _heads(word: str) -> list[str]:
    """What may be the last part of a compound, the longest first."""
    return [word[at:] for at in range(3, len(word) - 3)] if len(word) >= 8 else []


async def _widen(db: Db, one: Meaning, term: Term, looked: Sequence[Any], *, mend: bool) -> None:
    """Add compounds, the last part, what begins with it, and words a typing error away."""
    if term.in_speakers:
        await _add_begun(db, one)
    elif not one.is_little:
        await _add_compounds(db, one)
        _add_last_part(one, looked)
        if term.is_last:
            await _add_begun(db, one)
    if mend or not one.weights:
        await _add_near(db, one)


async def _add_compounds(db: Db, one: Meaning) -> None:
    """Words with this one inside: verkkoseminaarissa for seminaari."""
    ours = {language: part for language in _COMPOUNDING if len(part := _part(one.word, language)) >= _SHORTEST_PART}
    if not ours:
        return
    shortest = min(map(len, ours.values())) + 3
    rows = await full_text.words_containing(db, ours.values(), shortest=shortest, most=_MOST_COMPOUNDS)
    rows = [row for row in rows if row.language in ours and row.id not in one.weights]
    before = {row.folded[: row.folded.find(ours[row.language])] for row in rows}
    known = await _known_words(db, {part for part in before if len(part) >= 3})
    for row in rows:
        one.add(row, _compound_weight(row.folded, ours[row.language], row.stem, known))
    one.weights = {number: weight for number, weight in one.weights.items() if weight}


def _part(word: str, language: str) -> str:
    """What of a word is looked for inside of others: its stem, unless that is too little of it (palsta: pal)."""
    known, folded = stems(word)[language], fold(word)
    return folded[:-1] if len(known) < _SHORTEST_PART and len(folded) > _SHORTEST_PART else known


def _compound_weight(folded: str, part: str, stem: str, known: Mapping[str, bool]) -> float:
    """How much a compound means a part of it that is asked for by its stem; 0 when the part is there by chance."""
    at = folded.find(part)
    rest = len(folded) - at - len(part)
    if at == 0:
        return FIRST_PART if rest >= 3 else 0.0
    first = folded[:at]
    is_long = len(part) >= _SHORTEST_HEAD or (len(part) == _SHORTEST_HEAD - 1 and at >= _SHORTEST_PART)
    if at < 3 or not (known.get(first) or (is_long and _has_vowel(first))):
        return 0.0
    return HEAD if rest <= _ENDING and stem.endswith(part) else INSIDE


def _has_vowel(part: str) -> bool:
    return any(letter in "aeiouy" for letter in part)


async def _known_words(db: Db, parts: Iterable[str]) -> dict[str, bool]:
    """Which of these are words of the corpus as they stand, or without the s or n that joins compounds."""
    wanted = {part: {part, part.removesuffix("s"), part.removesuffix("n")} for part in parts}
    every = sorted({one for some in wanted.values() for one in some})
    if not every:
        return {}
    values = {"folded": full_text.texts_value(db, every), "stem": full_text.texts_value(db, [])}
    there = {row.folded for row in (await db.execute(_LOOKUP[full_text.is_sqlite(db)], values)).all()}
    return {part: bool(some & there) for part, some in wanted.items()}


def _add_last_part(one: Meaning, looked: Sequence[Any]) -> None:
    """The last part of a compound that is asked for: seminaari for verkkoseminaari. The longest there is counts."""
    for head in _heads(one.word):
        ours = stems(head)
        rows = [row for row in looked if row.language in _COMPOUNDING and ours[row.language] == row.stem]
        rows = [row for row in rows if len(row.stem) >= _SHORTEST_PART and row.id not in one.weights]
        if rows:
            for row in rows:
                one.add(row, LAST_PART)
            return


async def _add_begun(db: Db, one: Meaning) -> None:
    """Words that begin with it: it may not be typed to its end."""
    begun = fold(one.word)
    if len(begun) >= 2:
        for row in await full_text.words_beginning(db, begun, shortest=len(begun) + 1, most=_MOST_BEGUN):
            one.add(row, BEGUN)


async def _add_near(db: Db, one: Meaning) -> None:
    """The nearest words there are, at most one letter off (two of eight), and others of their stems."""
    word = fold(one.word)
    near: list[Any] = []
    for far in range(1, 1 + (0 if len(word) < 4 else 1 if len(word) < 8 else 2)):
        if near := _nearest(word, await _candidates(db, word, far), far):
            break
    one.mended = min((row.word for row in near), default="")
    values = {
        "folded": full_text.texts_value(db, []),
        "stem": full_text.texts_value(db, sorted({row.stem for row in near})),
    }
    kin = (await db.execute(_LOOKUP[full_text.is_sqlite(db)], values)).all() if near else ()
    stems_of = {(row.language, row.stem) for row in near}
    weight = ONE_OFF if near and OSA.distance(word, near[0].folded) == 1 else TWO_OFF
    for row in (*near, *(row for row in kin if (row.language, row.stem) in stems_of)):
        one.add(row, weight)


def _nearest(word: str, rows: Sequence[Any], far: int) -> list[Any]:
    """Those of the rows that are the fewest letters off, at least one and at most so many."""
    off = [OSA.distance(word, row.folded, score_cutoff=far) for row in rows]
    least = min((distance for distance in off if distance), default=far + 1)
    return [row for row, distance in zip(rows, off, strict=True) if distance == least <= far]


async def _candidates(db: Db, word: str, far: int) -> list[Any]:
    """Words that may be so near: a piece of the word is whole in them, or they are it with letters swapped or left out.

    An error damages one of `far + 1` pieces at most, so one of them is whole; where an error sits on a border, the
    piece in the middle is.
    """
    shortest, longest = len(word) - far, len(word) + far
    size = max(len(word) // (far + 1), 3)
    middle = len(word) // 2
    pieces = {word[:size], word[-size:], word[middle - 2 : middle + 2]}
    if far > 1:
        pieces.add(word[size : 2 * size])
    rows = list(await full_text.words_containing(db, pieces, shortest=shortest, longest=longest, most=_MOST_NEAR))
    if len(word) < 6:  # too short for whole pieces
        rows += await full_text.words_beginning(db, word[:2], shortest=shortest, longest=longest, most=_MOST_NEAR)
    return list({row.id: row for row in rows}.values())
