"""What was exported from an event and comes back to it is nobody's programme: differences are edits made here."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession
from server.sessions.imports.facts import Plan
from server.sessions.imports.returned import is_returned
from tests.server.sessions.imports.shelf import Shelf, programme, session
from tests.server.sessions.imports.test_diff import T0, kinds

AT = "https://semma.example/seminar/sessions/"


@pytest.mark.parametrize(
    ("form", "generator", "urls", "expected"),
    [
        ("schedule.json 1", "Semma", [f"{AT}a", f"{AT}b", ""], True),
        ("schedule.xml", "Semma", [f"{AT}a", "https://elsewhere.example/b"], False),
        ("icalendar", "-//Semma//Programme//EN", [f"{AT}a"], True),
        ("csv", "", [f"{AT}a", "", "", ""], True),
        ("csv", "", [""], False),
        ("schedule.json 1", "frab", [f"{AT}a"], False),
        ("schedule.json 1", "Semma", ["https://semma.example/seminar-2026/sessions/a"], False),
        ("schedule.json 1", "Semma", ["https://other.example/seminar/sessions/a"], False),
    ],
)
def test_only_this_events_own_exports_are_returned(form: str, generator: str, urls: list[str], expected: bool) -> None:
    sessions = tuple(ReadSession(key=str(at), title="T", url=url) for at, url in enumerate(urls))
    read = ReadProgramme(form=form, generator=generator, sessions=sessions)
    assert is_returned(read, base_url="https://semma.example", slug="seminar") is expected


def shelf_with(*, edited: str = "Mine") -> Shelf:
    """A session of a source whose title was edited here, and one made by hand."""
    shelf = Shelf()
    shelf.bring(programme(session("a", "Theirs", abstract="Long")), T0)
    shelf.edit(shelf.by_key("a").session_id, title=edited)
    shelf.add_by_hand("h", title="Hand")
    shelf.known = {key: replace(one, updated_at=T0) for key, one in shelf.known.items()}
    return shelf


def back(shelf: Shelf, *sessions: ReadSession, **more: Any) -> Plan:
    """The plan of an export that comes back."""
    return shelf.plan(msgspec.structs.replace(programme(*sessions, **more), from_here=True))


def test_what_comes_back_as_it_went_changes_nothing_whatever_it_leaves_out() -> None:
    shelf = shelf_with()
    plan = back(shelf, session("a", "Mine", abstract="Long"), session("h", "Hand"))
    assert plan.diff.is_empty and not plan.has_news and plan.diff.counts == {"unchanged": 2}
    assert plan.decision.missing == [] and all(places.new_rows == [] for places in plan.places.values())
    assert not back(shelf, session("h", "Hand")).has_news, "what it leaves out is not missing"
    blanks = session("a", "Mine", abstract="Long ", links=(ReadLink(url="https://example.org/", kind="blog"),))
    assert [change.field for change in back(shelf, blanks).diff.entries[0].changes] == ["links"]


def test_what_was_changed_in_the_file_is_an_edit_unless_it_was_changed_here_since() -> None:
    shelf = shelf_with()
    sessions = session("a", "Mine", abstract="Short"), session("h", "By hand"), session("n", "New")
    for version in (T0.isoformat(), "", "1.2"):
        plan = back(shelf, *sessions, version=version)
        assert kinds(plan) == {"Mine": "changed", "By hand": "changed", "New": "new"}, version
        assert not any(step.row_changes for step in plan.decision.steps)
    newer = shelf.known["h"].updated_at
    assert newer is not None
    shelf.known["h"] = replace(shelf.known["h"], updated_at=newer + timedelta(minutes=1))
    assert kinds(back(shelf, *sessions, version=T0.isoformat()))["By hand"] == "kept"
    assert kinds(back(shelf, session("a", "Theirs", abstract="Long"))) == {}, "older than the edit, as far as one knows"
    assert kinds(back(shelf, session("a", "Third", abstract="Long"))) == {"Third": "kept"}


def test_what_is_deleted_or_hidden_stays_so_and_calendars_say_only_when_and_where() -> None:
    shelf = shelf_with()
    hand = shelf.known["h"]
    shelf.known["h"] = replace(hand, deleted_at=T0)
    plan = back(shelf, session("h", "Hand"))
    assert kinds(plan) == {"Hand": "deleted"} and plan.decision.steps == []

    own = "0123456789abcdef0123456789abcdef"
    shelf.known = {own: replace(hand, session_id=own, values={**hand.values, "do_not_record": True, "code": "C"})}
    starts_at = datetime(2027, 5, 20, 7, tzinfo=UTC)
    uid = "01234567-89ab-cdef-0123-456789abcdef"
    read = session(uid, "Hand", starts_at=starts_at, abstract="Everything at once")
    plan = shelf.plan(ReadProgramme(form="icalendar", sessions=(read,), from_here=True))
    assert [(entry.kind, [change.field for change in entry.changes]) for entry in plan.diff.entries] == [
        ("moved", ["starts_at"])
    ]
