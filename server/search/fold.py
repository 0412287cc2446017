"""Text into words: where they are, how they are written, and what is left of them without accents. Pure.

The surface of a word is its lower-case letters, composed (NFC); folded it is case-folded, without marks and with the
letters that have no mark to lose (ø, æ, ß, ł…) written as people type them without their key.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

MOST_LETTERS = 40  # longer ones are cut, when kept and when asked for alike
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def clean(text: str) -> str:
    """The text as it is kept: composed (NFC), without NUL, which PostgreSQL takes in no text."""
    return unicodedata.normalize("NFC", text.replace("\x00", " "))


def surface_of(word: str) -> str:
    """A word as it is kept in the vocabulary."""
    return clean(word).lower().replace("’", "'")[:MOST_LETTERS]


def words(text: str) -> list[str]:
    """The surfaces of a text's words, in order."""
    return [surface_of(word) for word in _WORD.findall(text)]


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """A surface without accents and apostrophes."""
    bare = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return "".join(letter for letter in bare if letter.isalnum())[:MOST_LETTERS]


@lru_cache(maxsize=200_000)
def _folded(raw: str) -> str:
    return fold(surface_of(raw))


def folded_tokens(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, folded) of the words of a text, in order; words that fold to nothing are left out."""
    for found in _WORD.finditer(text):
        if folded := _folded(found[0]):
            yield *found.span(), folded


def flatten(text: str) -> str:
    """A text as its folded words with one space between, to look for a sequence of words in."""
    return " ".join(filter(None, map(_folded, _WORD.findall(text))))
