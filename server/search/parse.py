"""What somebody typed, as it is meant: words, "phrases", -exclusions, and `speaker:` `year:` `event:` `room:` `track:`.

Nothing is wrong here: what cannot be understood is a word. Pure.
"""

import re
from dataclasses import dataclass

from server.search.fold import clean, fold, words

MOST_WORDS = 12
MOST_LETTERS = 400
SPEAKER, YEAR, EVENT, ROOM, TRACK = FIELDS = ("speaker", "year", "event", "room", "track")
# The same in the languages of the pages
_NAMES = {
    **{name: name for name in FIELDS},
    "puhuja": SPEAKER,
    "talare": SPEAKER,
    "vuosi": YEAR,
    "år": YEAR,
    "tapahtuma": EVENT,
    "evenemang": EVENT,
    "sali": ROOM,
    "sal": ROOM,
    "rum": ROOM,
    "teema": TRACK,
    "spår": TRACK,
}
_PIECE = re.compile(r'(?P<minus>-?)(?:(?P<field>\w+):)?(?:["“”„](?P<quoted>[^"“”„]*)["“”„]?|(?P<bare>[^\s"“”„]+))')
_YEAR = re.compile(r"(?:1[89]|2\d)\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Words that belong together: one of the text, or several of a phrase, in order. `is_last`: still being typed."""

    words: tuple[str, ...]
    is_phrase: bool = False
    is_excluded: bool = False
    in_speakers: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What is asked for. `places` narrow to an event, room or track by (field, name)."""

    terms: tuple[Term, ...] = ()
    years: tuple[int, ...] = ()
    places: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for (what is only excluded finds nothing)."""
        return not self.places and not self.years and all(term.is_excluded for term in self.terms)


def parse(typed: str) -> Parsed:
    """Understand what was typed."""
    text = clean(typed)[:MOST_LETTERS]
    terms: list[Term] = []
    years: list[int] = []
    places: list[tuple[str, str]] = []
    for found in _PIECE.finditer(text):
        field = _NAMES.get((found["field"] or "").lower(), "")
        said = found["bare"] if found["quoted"] is None else found["quoted"]
        if field == YEAR and _YEAR.fullmatch(said):
            years.append(int(said))
        elif field in (EVENT, ROOM, TRACK) and said.strip() and not found["minus"]:
            places.append((field, said.strip()))
        else:
            rest = said if field == SPEAKER or not found["field"] else f"{found['field']} {said}"
            is_last = found.end() == len(text) and found["quoted"] is None
            terms.extend(_terms(rest, found, in_speakers=field == SPEAKER, is_last=is_last))
    return Parsed(terms=_few(terms), years=tuple(years), places=tuple(places))


def _terms(said: str, found: re.Match[str], *, in_speakers: bool, is_last: bool) -> list[Term]:
    """One term of a phrase or an exclusion; of anything else one a word."""
    known = [word for word in words(said) if fold(word)]
    is_phrase = found["quoted"] is not None and len(known) > 1 and not in_speakers
    is_excluded = found["minus"] == "-"
    if is_phrase or (is_excluded and len(known) > 1):
        return [Term(words=tuple(known), is_phrase=True, is_excluded=is_excluded)]
    return [
        Term(
            words=(word,),
            is_phrase=found["quoted"] is not None and not in_speakers,
            is_excluded=is_excluded,
            in_speakers=in_speakers,
            is_last=is_last and place == len(known) - 1 and not is_excluded,
        )
        for place, word in enumerate(known)
    ]


def _few(terms: list[Term]) -> tuple[Term, ...]:
    """As many terms as are looked for, each once."""
    kept, count = [], 0
    for term in dict.fromkeys(terms):
        count += len(term.words)
        if count > MOST_WORDS:
            break
        kept.append(term)
    return tuple(kept)
