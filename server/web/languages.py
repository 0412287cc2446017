"""The languages of the pages: which one to speak, and its catalogue.

Catalogues are gettext files that Babel extracts and updates (`babel.cfg`); they are compiled in memory at start, so no
build step can be forgotten.
"""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALE_DIR = Path(__file__).parent / "locale"
LANGUAGES = ("en", "fi", "sv")
DEFAULT = "en"


@cache
def catalogue(language: str) -> NullTranslations:
    """The compiled catalogue of a language; English is the texts themselves."""
    path = LOCALE_DIR / language / "LC_MESSAGES" / "messages.po"
    if language == DEFAULT or not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def choose_language(*, asked: str | None, remembered: str | None, accepts: str) -> str:
    """The language of a page: `?lang=`, else the cookie, else the best of Accept-Language (RFC 9110 §12.5.4)."""
    for wish in (asked, remembered):
        if wish in LANGUAGES:
            return wish
    for code in _by_preference(accepts):
        if code in LANGUAGES:
            return code
    return DEFAULT


def _by_preference(accepts: str) -> list[str]:
    """Primary language codes of an Accept-Language header, the most wanted first."""
    weighted: list[tuple[float, int, str]] = []
    for place, item in enumerate(accepts[:500].split(",")):
        tag, _, parameters = item.strip().partition(";")
        weight = 1.0
        if parameters.strip().startswith("q="):
            try:
                weight = float(parameters.strip()[2:])
            except ValueError:
                weight = 0.0
        if tag and weight > 0:
            weighted.append((-weight, place, tag.split("-")[0].lower()))
    return [code for _, _, code in sorted(weighted)]


def own_name(code: str) -> str:
    """A language's name in that language, with a capital for lists: Suomi, Svenska, English."""
    name = Locale.parse(code).get_display_name(code) or code
    return name[:1].upper() + name[1:]


def language_name(code: str, *, language: str) -> str:
    """A language's name in the reader's language; the code itself when it is none."""
    try:
        named = Locale.parse(code.replace("-", "_")).get_display_name(language)
    except (ValueError, LookupError, UnknownLocaleError):
        named = None
    return named or code
