"""Which version is shown, where a new file goes, and who may have it: decided without a database."""

import pytest

from server.core.clock import now
from server.sessions.licence import allows_download
from server.slides.errors import SlotUnknown
from server.slides.models import Deck
from server.slides.slots import NEW, moved, place_for, shown_decks, shown_of


def deck(slot: str, revision: int, *, pages: bool = True, filename: str = "", **values: object) -> Deck:
    name = f"{slot}{revision}"
    values = {"position": 0} | values
    return Deck(id=name, slot=slot, revision=revision, rendering=int(pages), filename=filename, **values)


def test_the_newest_with_pages_is_shown_and_without_any_the_newest() -> None:
    good, coming = deck("a", 1), deck("a", 2, pages=False)
    assert shown_of([coming, good]) is good
    assert shown_of([deck("a", 1, pages=False), coming]) is coming
    assert shown_of([deck("a", 1, replaced_at=now()), newer := deck("a", 2)]) is newer
    assert shown_of([deck("a", 1, replaced_at=now()), deck("a", 2, deleted_at=now())]) is None


def test_decks_stand_in_order_one_a_slot() -> None:
    decks = [deck("a", 1, position=1), deck("b", 1), deck("b", 2), deck("c", 1, position=2, deleted_at=now())]
    assert [one.id for one in shown_decks(decks)] == ["b2", "a1"]
    assert moved(["a", "b", "c"], "c", 0) == ["c", "a", "b"]
    assert moved(["a", "b", "c"], "a", 99) == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("decks", "asked", "filename", "place"),
    [
        ([], "", "x.pdf", (None, 0, 1)),
        ([], NEW, "x.pdf", (None, 0, 1)),
        ([deck("a", 1, filename="a.pdf")], "", "x.pdf", ("a", 0, 2)),
        ([deck("a", 1, filename="a.pdf")], NEW, "a.pdf", (None, 1, 1)),
        ([deck("a", 1, deleted_at=now())], "", "x.pdf", (None, 0, 1)),
        ([deck("a", 1, deleted_at=now(), position=3)], "a", "x.pdf", ("a", 3, 2)),
        # Of several the one whose file has the same name; else nothing is replaced that was not named.
        ([deck("a", 1, filename="a"), deck("b", 4, filename="b", position=1)], "", "b", ("b", 1, 5)),
        ([deck("a", 1, filename="a"), deck("b", 4, filename="b", position=1)], "", "c", (None, 2, 1)),
        ([deck("a", 1, filename="a"), deck("b", 4, filename="a", position=1)], "", "a", (None, 2, 1)),
    ],
)
def test_where_a_file_goes(decks: list[Deck], asked: str, filename: str, place: tuple[str | None, int, int]) -> None:
    found = place_for(decks, asked=asked, filename=filename)
    assert (found.slot, found.position, found.revision) == place


def test_a_slot_of_another_session_is_refused() -> None:
    with pytest.raises(SlotUnknown):
        place_for([deck("a", 1)], asked="b", filename="x")


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("", True),
        ("CC-BY-4.0", True),
        ("CC BY-SA 4.0", True),
        ("© 2027 Ada Öhman, CC BY 4.0", True),
        ("https://creativecommons.org/licenses/by/4.0/", True),
        ("Public domain", True),
        ("Ask the speaker", True),
        ("All rights reserved", False),
        ("Kaikki oikeudet pidätetään", False),
        ("Alla rättigheter förbehållna", False),
        ("© 2027 Ada Öhman", False),
        ("Copyright Example Oy, no redistribution", False),
    ],
)
def test_licences_let_the_file_go_unless_they_refuse(licence: str, allowed: bool) -> None:
    assert allows_download(licence) is allowed
    assert allows_download(licence, True) is True
    assert allows_download(licence, False) is False
