"""Stems of Finnish, Swedish and English words, and which language a text seems to be in. Pure.

Snowball's stems (PyStemmer), folded. Its Finnish leaves the stems of one noun apart where consonants change (kaupunki,
kaupungin) and where a long stem shows (tallennus, tallennuksen), its Swedish those of neuters in -ium; a second step
brings them together. A word in any other language is its own stem.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import Stemmer

from server.search.fold import fold

PLAIN = ""
_NAMES = {"fi": "finnish", "sv": "swedish", "en": "english"}
LANGUAGES = tuple(_NAMES)
_STEMMERS = {language: Stemmer.Stemmer(name) for language, name in _NAMES.items()}

_FINNISH = (
    (re.compile(r"(?<=[aeiouy])j$"), ""),  # plural: yhteisöj-
    (re.compile(r"(?<=[uy])d$"), "s"),  # hiljaisuud-, hiljaisuus
    (re.compile(r"(?<=[aeiouy])ks$"), "s"),  # tallennuks-, tallennus
    (re.compile(r"(?<=...)[aeiouy]$"), ""),
    (re.compile(r"ng$"), "nk"),
    (re.compile(r"n[nt]$"), "n"),
    (re.compile(r"m[mp]$"), "m"),
    (re.compile(r"l[lt]$"), "l"),
    (re.compile(r"r[rt]$"), "r"),
    (re.compile(r"([kpt])\1$"), r"\1"),
    (re.compile(r"(?<=..[aeiouy])d$"), "t"),
)
_SWEDISH = (re.compile(r"(?<=..)i(?:um|et|er|en)(?:na|s)?$"), "i")

# Words that say little: they count where they are found, and nothing is left out for want of them.
_STOP = {
    "fi": "ja on ei se että en et me te he oli ole mutta niin kun kuin joka jotka tai myös nyt sitten sen ne mitä "
    "tämä tätä tässä siis hän minä sinä kanssa jos vain voi ovat olla sekä mukaan ennen",
    "sv": "och i att det som en på är av för med den till inte har de ett om var jag vi man kan så men vid ska eller "
    "hur nu sedan från detta när vad då där här",
    "en": "the a an and of to in is it that for on with as are be this was by or at from we you i not have has but "
    "they what which how can do so if will there our your my no its",
}
STOP_WORDS = frozenset(fold(word) for text in _STOP.values() for word in text.split())
_STOP_OF = {language: frozenset(fold(word) for word in text.split()) for language, text in _STOP.items()}
_FEWEST = 3  # stop words that must be there before a language is believed


def language_of(tag: str) -> str:
    """The language a BCP 47 tag means, as far as it is stemmed; PLAIN otherwise."""
    primary = tag.split("-")[0].lower()
    return primary if primary in _NAMES else PLAIN


@lru_cache(maxsize=200_000)
def stem(language: str, word: str) -> str:
    """The stem of a surface in a language, folded; the folded word itself where nothing is known of the language."""
    if language == PLAIN:
        return fold(word)
    found = fold(_STEMMERS[language].stemWord(word))
    if language == "fi":
        for pattern, instead in _FINNISH:
            found = pattern.sub(instead, found)
    elif language == "sv":
        found = _SWEDISH[0].sub(_SWEDISH[1], found)
    return found or fold(word)


def stems(word: str) -> dict[str, str]:
    """The stems of a word somebody asks for, by language."""
    return {language: stem(language, word) for language in LANGUAGES}


def guess_language(folded: Iterable[str], otherwise: str) -> str:
    """The language a text is in by the little words it has; `otherwise` when they do not tell."""
    seen = Counter(folded)
    counts = {language: sum(seen[word] for word in stop) for language, stop in _STOP_OF.items()}
    first, second = sorted(counts, key=lambda one: (-counts[one], one))[:2]
    if counts[first] < _FEWEST or counts[first] < 2 * counts[second]:
        return otherwise
    return first
