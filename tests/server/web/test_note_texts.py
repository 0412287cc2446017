"""What imports say of a file is said in the reader's language: every sentence the code can make has its pattern."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

import server.sessions
from server.sessions.formats.form import Note
from server.web.languages import LANGUAGES
from server.web.note_texts import PATTERNS, notes_in, sentence_in
from server.web.programme_diff import Words

SESSIONS = Path(server.sessions.__file__).parent
# Made of parts in sessions/imports/undo: why something stays.
WHYS = ("it has a recording by now", "it was changed since", "title was changed since")


def _texts(node: ast.expr, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The texts an expression may be, with "7" for each value in them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.Name):
        for value in named.get(node.id, ()):
            yield from _texts(value, {})


@lru_cache
def _sentences() -> set[str]:
    """Every sentence of a note, or of what is no news."""
    found: set[str] = set()
    for path in SESSIONS.rglob("*.py"):
        tree = ast.parse(path.read_text())
        named: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                named.setdefault(node.targets[0].id, []).append(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                said = (
                    [word.value for word in node.keywords if word.arg == "says"] if name in ("Note", "NoNews") else []
                )
                for value in [*said, *(node.args[1:2] if name.endswith("notes.add") else ())]:
                    found |= set(_texts(value, named))
    return found - {"It stays as it is: 7."} | {f"It stays as it is: {why}." for why in WHYS}


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_sentence_of_an_import_is_translated(language: str) -> None:
    words, sentences = Words(language, "UTC", {}), _sentences()
    assert len(sentences) > 30
    assert [one for one in sorted(sentences) if sentence_in(one, words) == one] == []
    assert len(PATTERNS) <= len(sentences) + 4, "patterns that nothing says any more"


def test_values_stay_and_english_is_as_it_was_said() -> None:
    why = "A link's address starts with https:// or http:// and has at most 2,000 characters."
    url = f"A link was left out (ftp://x): {why}"
    notes = [Note(code="a", says="The time “25 %s” cannot be read; the session has none."), Note(code="b", says=url)]
    assert notes_in(notes, Words("en", "UTC", {})) == notes
    swedish = [note.says for note in notes_in(notes, Words("sv", "UTC", {}))]
    assert swedish[0].startswith("Tiden ”25 %s” kan inte") and swedish[1].startswith(
        "En länk utelämnades (ftp://x): En "
    )
    field = sentence_in("The title has 700 characters; the first 500 were kept.", Words("fi", "UTC", {}))
    assert "Otsikko" in field and "700" in field
    assert sentence_in("Something new.", Words("fi", "UTC", {})) == "Something new."
