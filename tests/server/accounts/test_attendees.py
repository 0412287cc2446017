"""Lists of people as spreadsheets save them."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts.attendees import MOST_PEOPLE, decode_list, read_people, write_links

AINO, ONNI = ("aino@example.org", "Aino Virtanen"), ("onni@example.org", "Onni Mäki")


def _read(text: str) -> list[tuple[str, str]]:
    people, problems = read_people(text)
    assert problems == []
    return [(person.email, person.name) for person in people]


@pytest.mark.parametrize(
    "text",
    [
        "email,name\naino@example.org,Aino Virtanen\nonni@example.org,Onni Mäki\n",
        "\ufeffSähköposti;Nimi\r\naino@example.org;Aino Virtanen\r\nonni@example.org;Onni Mäki\r\n",
        "Namn\tE-post\nAino Virtanen\tAINO@example.org\n\n\nOnni Mäki\t onni@example.org ",
        "aino@example.org,Aino Virtanen\nonni@example.org,Onni Mäki",
        "Aino Virtanen;aino@example.org\nOnni Mäki;onni@example.org",
        '"aino@example.org", "Aino Virtanen"\n"onni@example.org","Onni Mäki"\n',
        "Aino Virtanen <aino@example.org>\nOnni Mäki <onni@example.org>\n",
        "id,email,name,ticket\n1,aino@example.org,Aino Virtanen,A\n2,onni@example.org,Onni Mäki,B\n",
    ],
)
def test_list_is_read_however_it_is_written(text: str) -> None:
    assert _read(text) == [AINO, ONNI]


def test_addresses_alone_are_enough() -> None:
    assert _read("aino@example.org\nonni@example.org\n") == [(AINO[0], ""), (ONNI[0], "")]


def test_names_with_commas_in_quotes_stay_whole() -> None:
    assert _read('email,name\naino@example.org,"Virtanen, Aino"\n') == [("aino@example.org", "Virtanen, Aino")]


def test_problems_name_their_lines() -> None:
    text = "email,name\naino@example.org,Aino\n\nnobody,Nobody\n,No Address\nAINO@example.org,Again\n"
    people, problems = read_people(text)
    assert [person.line for person in people] == [2]
    assert [(problem.line, problem.detail) for problem in problems] == [
        (4, "“nobody” is not an e-mail address."),
        (5, "No e-mail address."),
        (6, "aino@example.org stands in line 2 already."),
    ]


def test_line_numbers_survive_cells_with_line_breaks() -> None:
    _people, problems = read_people('email,name\na@example.org,"two\nlines"\nbad,Bad\n')
    assert [problem.line for problem in problems] == [4]


def test_empty_list_is_a_problem() -> None:
    for text in ("", "\n \n", "email,name\n"):
        assert [problem.line for problem in read_people(text)[1]] == [1]


def test_too_many_people_are_refused() -> None:
    text = "\n".join(f"p{number}@example.org" for number in range(MOST_PEOPLE + 1))
    assert [problem.line for problem in read_people(text)[1]] == [MOST_PEOPLE + 1]


def test_old_spreadsheets_are_decoded() -> None:
    assert decode_list("Mäki".encode("cp1252")) == "Mäki" == decode_list("\ufeffMäki".encode())


def test_written_list_runs_nothing_in_a_spreadsheet() -> None:
    text = write_links([("a@example.org", "=HYPERLINK(1)", "http://s/join/x"), ("b@example.org", 'O"Neil, P', "u")])
    rows = list(csv.reader(io.StringIO(text)))
    assert rows == [
        ["email", "name", "link"],
        ["a@example.org", "'=HYPERLINK(1)", "http://s/join/x"],
        ["b@example.org", 'O"Neil, P', "u"],
    ]


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=300))
def test_any_text_is_read_or_explained(text: str) -> None:
    people, problems = read_people(text)
    assert people or problems
    assert all(problem.line >= 1 and problem.detail for problem in problems)
