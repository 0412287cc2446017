"""Every text of the pages is there in every language, with the same values in it."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from server.accounts import errors as accounts
from server.core.errors import TooMany
from server.web.doors import DOOR_WORDS
from server.web.languages import LANGUAGES, LOCALE_DIR

WEB = Path(LOCALE_DIR).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "text": (2,)}
VALUE = re.compile(r"%\(\w+\)[ds]|\{\w+\}")


@pytest.fixture(scope="module")
def used() -> set[str | tuple[str, ...]]:
    """Every message the pages and their scripts use."""
    found = extract_from_dir(WEB, METHODS, OPTIONS, KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def read(language: str) -> list[Message]:
    path = LOCALE_DIR / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_catalogue_is_complete_and_holds_nothing_else(language: str, used: set[str | tuple[str, ...]]) -> None:
    kept = {message.id for message in read(language)}
    assert used - kept == set(), "run pybabel extract and update (babel.cfg), then translate"
    assert kept - used == set(), "texts that no page uses any more"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_message_is_translated_with_its_values(language: str) -> None:
    for message in read(language):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert not message.fuzzy, message.id
        for text in texts:
            assert text.strip(), message.id
            assert sorted(VALUE.findall(text)) == sorted(VALUE.findall(sources[0])), message.id


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_catalogue_compiles(language: str) -> None:
    with (LOCALE_DIR / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        compiled = io.BytesIO()
        write_mo(compiled, read_po(file, locale=language))
    assert compiled.tell() > 1000


def test_what_the_doors_answer_is_translated() -> None:
    errors = (
        accounts.SignInFailed,
        accounts.SignInLinkInvalid,
        accounts.PersonalLinkInvalid,
        accounts.AccessCodeWrong,
        accounts.NoAccessCode,
        accounts.EmailInvalid,
        accounts.CsrfFailed,
        TooMany,
    )
    assert {error.says for error in errors} <= set(DOOR_WORDS)
