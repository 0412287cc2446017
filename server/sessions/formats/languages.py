"""Languages as programmes name them, as BCP 47 tags."""

import re
from functools import lru_cache
from typing import Any

from server.core.errors import SemmaError
from server.events.fields import check_language
from server.sessions.formats.notes import Notes
from server.sessions.formats.texts import words_of

_NAMES = {
    "english": "en",
    "englisch": "en",
    "englanti": "en",
    "engelska": "en",
    "eng": "en",
    "finnish": "fi",
    "suomi": "fi",
    "finska": "fi",
    "fin": "fi",
    "swedish": "sv",
    "svenska": "sv",
    "ruotsi": "sv",
    "swe": "sv",
    "german": "de",
    "deutsch": "de",
    "ger": "de",
    "deu": "de",
    "french": "fr",
    "français": "fr",
    "fra": "fr",
    "fre": "fr",
    "norwegian": "no",
    "norsk": "no",
    "danish": "da",
    "dansk": "da",
    "estonian": "et",
    "eesti": "et",
    "spanish": "es",
    "español": "es",
    "dutch": "nl",
    "nederlands": "nl",
}


def read_language(value: Any, notes: Notes, where: str) -> str:
    """The (first) language as a tag, or ""."""
    said = words_of(value).strip()
    if not said:
        return ""
    tag = _tag_of(said)
    if not tag:
        notes.add("import.bad_language", f"“{said[:60]}” is no language; the session has none.", where)
    elif _SEVERAL.search(said):
        notes.add("import.several_languages", f"Of the languages “{said[:60]}” the first is kept.", where)
    return tag


_SEVERAL = re.compile(r"[,;/&+]|\s(?:and|und|ja|och)\s")


@lru_cache(maxsize=512)
def _tag_of(said: str) -> str:
    for part in _SEVERAL.split(said):
        name = part.strip().lower()
        try:
            return check_language(_NAMES.get(name) or name.replace("_", "-"))
        except SemmaError:
            continue
    return ""
