"""A list of people from a spreadsheet: pure, tolerant of what spreadsheets do, strict about what would be guessed.

Taken: comma, semicolon or tab; a byte order mark; UTF-8 or, failing that, Windows-1252; a heading line in English,
Finnish or Swedish, or none (then e-mail and name in whichever order); "Name <address>"; empty lines.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from server.accounts.errors import EmailInvalid
from server.accounts.users import check_email

MOST_PEOPLE = 5000
_EMAIL_WORDS = {"email", "e-mail", "mail", "address", "sähköposti", "sähköpostiosoite", "s-posti", "epost", "e-post"}
_NAME_WORDS = {"name", "full name", "nimi", "namn", "kokonimi", "attendee", "osallistuja", "deltagare"}


@dataclass(frozen=True)
class Person:
    """Somebody to make a link for; `line` is where the list names them."""

    line: int
    email: str
    name: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line."""

    line: int
    detail: str


def decode_list(body: bytes) -> str:
    """The text of a list as spreadsheets save it."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def read_people(text: str) -> tuple[list[Person], list[Problem]]:
    """The people of a list and its problems, each with its line number (the first line is 1)."""
    rows = _rows(text)
    email_at, name_at, has_heading = _columns(rows[0][1]) if rows else (0, 1, False)
    people: list[Person] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for line, cells in rows[1 if has_heading else 0 :]:
        person = _person(line, cells, email_at, name_at)
        if isinstance(person, Problem):
            problems.append(person)
        elif person.email in seen:
            problems.append(Problem(line, f"{person.email} stands in line {seen[person.email]} already."))
        else:
            seen[person.email] = line
            people.append(person)
    if not people and not problems:
        problems.append(Problem(1, "The list is empty; give one line a person: e-mail, name."))
    if len(people) > MOST_PEOPLE:
        problems.append(
            Problem(people[MOST_PEOPLE].line, f"At most {MOST_PEOPLE} people at once; send the rest apart.")
        )
    return people, problems


def write_links(rows: Sequence[tuple[str, str, str]]) -> str:
    """(e-mail, name, address of the link) as CSV; cells a spreadsheet would take for a formula are quoted apart."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180 §2
    writer.writerow(["email", "name", "link"])
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """OWASP CSV Injection: a leading apostrophe keeps a spreadsheet from running the cell."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Cells of every line that is not empty, with the number of the line they begin on."""
    text = text.lstrip("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows, begins = [], 1
    try:
        for cells in reader:
            clean = [cell.strip() for cell in cells]
            if any(clean):
                rows.append((begins, clean))
            begins = reader.line_num + 1
    except csv.Error:
        rows.append((begins, ["\0"]))  # a cell no address can be in: reported with its line
    return rows


def _columns(first: list[str]) -> tuple[int, int, bool]:
    """Which column holds the e-mail and which the name, and whether the first line is a heading."""
    words = [cell.casefold() for cell in first]
    emails = [index for index, word in enumerate(words) if word in _EMAIL_WORDS]
    names = [index for index, word in enumerate(words) if word in _NAME_WORDS]
    if emails:
        return emails[0], names[0] if names else -1, True
    email_at = next((index for index, cell in enumerate(first) if "@" in cell), 0)
    return email_at, 0 if email_at == 1 else email_at + 1, False


def _person(line: int, cells: list[str], email_at: int, name_at: int) -> Person | Problem:
    def cell(index: int) -> str:
        return cells[index] if 0 <= index < len(cells) else ""

    written, address = parseaddr(cell(email_at)) if "<" in cell(email_at) else ("", cell(email_at))
    try:
        return Person(line, check_email(address), (cell(name_at) or written)[:200])
    except EmailInvalid:
        return Problem(
            line, f"“{cell(email_at)[:100]}” is not an e-mail address." if cell(email_at) else "No e-mail address."
        )
