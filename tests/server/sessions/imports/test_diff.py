"""What an import decides, in memory: who is who, what changes, what is gone, and what is left alone."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.events import fields
from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession, ReadSpeaker
from server.sessions.imports.facts import Plan
from server.sessions.imports.wanted import wanted_session
from tests.server.sessions.imports.shelf import DAY, Shelf, programme, room, session

T0 = datetime(2027, 5, 20, 7, tzinfo=UTC)


def kinds(plan: Plan) -> dict[str, str]:
    """Kind by title."""
    return {entry.title: entry.kind for entry in plan.diff.entries}


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


_TITLES = st.sampled_from(["Opening", "Lunch", "Coffee", "Codecs", "Codecs, again", "Öppning"])
_SESSIONS = st.builds(
    session,
    st.sampled_from([f"g{number}" for number in range(8)]),
    _TITLES,
    guid=st.just(""),
    code=st.sampled_from(["", "", "AAA", "BBB"]),
    room=st.sampled_from(["", "Hall", "hall ", "Cellar"]),
    starts_at=st.sampled_from([None, at(0), at(1)]),
    speakers=st.lists(st.sampled_from(["Ada", "Bo", "ADA"]), max_size=2),
    state=st.sampled_from(["confirmed", "cancelled"]),
    do_not_record=st.booleans(),
    links=st.lists(
        st.builds(ReadLink, url=st.sampled_from(["https://a.example/", "https://b.example/"]), kind=st.just("slides")),
        max_size=2,
    ).map(tuple),
)
_PROGRAMMES = st.lists(_SESSIONS, max_size=8, unique_by=lambda one: one.key).map(lambda ones: programme(*ones))


@settings(max_examples=20, deadline=None)
@given(st.lists(_PROGRAMMES, min_size=1, max_size=4))
def test_whatever_came_before_the_same_programme_again_changes_nothing(history: list[ReadProgramme]) -> None:
    shelf = Shelf()
    for number, one in enumerate(history):
        shelf.bring(one, T0 + number * DAY)
    last = history[-1]
    again = shelf.plan(last)
    assert again.diff.is_empty or again.diff.questions
    assert [step for step in again.decision.steps if step.writes or step.row_changes] == []
    there = {one.row.key: one for one in shelf.shown() if one.row is not None}
    for one in last.sessions:
        assert there[one.key].values["title"] == one.title, "nothing lost, nothing taken for something else"
    assert len({one.row.key for one in shelf.known.values() if one.row}) == len(shelf.known), "nothing doubled"


def test_fields_move_one_by_one_and_an_edit_made_here_stays() -> None:
    shelf = Shelf()
    first = session("a", "Codecs", abstract="Long", room="Hall", starts_at=at(0), speakers=["Ada"])
    assert kinds(shelf.bring(programme(first), T0)) == {"Codecs": "new"}
    mine = shelf.by_key("a").session_id
    shelf.edit(mine, abstract="Better")

    moved = msgspec.structs.replace(first, title="Codecs II", abstract="Longer", starts_at=at(2))
    (entry,) = shelf.bring(programme(moved), T0).diff.entries
    changes = {change.field: (change.old, change.new, change.kept) for change in entry.changes}
    assert entry.kind == "moved"
    assert changes["abstract"] == ("Better", "Longer", True)
    assert changes["title"] == ("Codecs", "Codecs II", False) and changes["starts_at"][1] == at(2).isoformat()
    assert shelf.known[mine].values["abstract"] == "Better"
    assert shelf.bring(programme(moved), T0).diff.entries == [], "said once"

    shelf.edit(mine, abstract="Longer")  # reverted
    newest = msgspec.structs.replace(moved, abstract="Longest")
    shelf.bring(programme(newest), T0)
    assert shelf.known[mine].values["abstract"] == "Longest"


def test_links_are_merged_one_by_one() -> None:
    shelf = Shelf()
    link = [ReadLink(url=f"https://example.org/{name}", kind="slides") for name in "abc"]
    shelf.bring(programme(session("a", links=tuple(link[:2]))), T0)
    mine = shelf.by_key("a").session_id
    own = ["blog", "https://example.org/mine", "Mine"]
    shelf.edit(mine, links=[*shelf.known[mine].values["links"], own])
    shelf.bring(programme(session("a", links=(link[1], link[2]))), T0)
    assert [url[-1] for _kind, url, _title in shelf.known[mine].values["links"]] == ["b", "e", "c"]


def test_what_vanished_is_flagged_hidden_after_the_grace_period_and_back_without_loss() -> None:
    shelf = Shelf()
    both = [session("a", room="Hall", starts_at=at(0)), session("b", room="Hall", starts_at=at(1))]
    shelf.bring(programme(*both), T0)
    assert kinds(shelf.bring(programme(both[0]), T0)) == {"b": "gone"}
    assert len(shelf.shown()) == 2, "still shown for a day"
    assert shelf.bring(programme(both[0]), T0 + DAY / 2).diff.entries == []
    shelf.hide(T0 + DAY)
    assert [one.values["title"] for one in shelf.shown()] == ["a"]
    before = shelf.by_key("b")
    assert kinds(shelf.bring(programme(*both), T0 + 2 * DAY)) == {"b": "back"}
    assert shelf.by_key("b").values == before.values and len(shelf.shown()) == len(shelf.known) == 2


def test_a_session_deleted_here_stays_deleted() -> None:
    shelf = Shelf()
    shelf.bring(programme(session("a")), T0)
    there = shelf.by_key("a")
    shelf.known[there.session_id] = replace(there, deleted_at=T0)
    assert kinds(shelf.bring(programme(session("a", "Other")), T0)) == {"Other": "deleted"}
    assert shelf.shown() == []


def test_a_whole_room_or_a_good_part_missing_at_once_is_no_news_until_a_person_says_so() -> None:
    shelf = Shelf()
    hall = [session(f"h{number}", room="Hall", starts_at=at(number)) for number in range(6)]
    cellar = [session(f"c{number}", room="Cellar", starts_at=at(number)) for number in range(3)]
    shelf.bring(programme(*hall, *cellar), T0)
    plan = shelf.bring(programme(*hall), T0)
    assert plan.diff.entries == [] and [(one.block, one.count) for one in plan.diff.no_news] == [("Cellar", 3)]
    shelf.answers = {"gone": ["Cellar"]}
    assert set(kinds(shelf.bring(programme(*hall), T0)).values()) == {"gone"}

    many = [session(f"m{number}", room=f"R{number % 30}", starts_at=at(number)) for number in range(60)]
    other = Shelf()
    other.bring(programme(*many), T0)
    plan = other.bring(programme(*many[:35]), T0)
    assert [(one.block, one.count) for one in plan.diff.no_news] == [("*", 25)]


def test_what_the_file_tells_elsewhere_is_gone_and_not_away() -> None:
    shelf = Shelf()
    twice = [
        session(f"{where}{number}", f"Talk {number}", room=where, starts_at=at(number))
        for where in ("Hall", "Village")
        for number in range(3)
    ]
    shelf.bring(programme(*twice), T0)
    assert set(kinds(shelf.bring(programme(*twice[:3]), T0)).values()) == {"gone"}


def test_a_changed_guid_is_recognised_or_asked_about_and_the_answer_is_kept() -> None:
    shelf = Shelf()
    shelf.bring(
        programme(
            session("a", "Codecs", speakers=["Ada"], starts_at=at(0)),
            session("b", "Slides", speakers=["Bo"], code="SLD", starts_at=at(1)),
            session("c", "Words", speakers=["Cy"], starts_at=at(2)),
            session("d", "Lunch", starts_at=at(3)),
            session("e", "Lunch", starts_at=at(9)),
            session("f", "Lunch", starts_at=at(15)),
        ),
        T0,
    )
    ids = {one.row.key: one.session_id for one in shelf.known.values() if one.row}
    changed = programme(
        session("A", "Codecs", speakers=["Ada"], starts_at=at(0)),  # the same time: assumed
        session("B", "Slides!", speakers=["Bo"], code="SLD", starts_at=at(5)),  # the same code: assumed
        session("C", "Words.", speakers=["Cy"], starts_at=at(6)),  # asked
        session("D", "Lunch", starts_at=at(4)),  # nobody speaks: not asked for every lunch
        session("E", "Lunch", starts_at=at(10)),
        session("f", "Lunch", starts_at=at(15)),
    )
    plan = shelf.plan(changed)
    matched = {step.wanted.key: step.known.session_id for step in plan.decision.steps if step.known}
    assert matched == {"A": ids["a"], "B": ids["b"], "f": ids["f"]}
    assert [(one.key, one.session) for one in plan.diff.questions] == [("C", ids["c"])]
    assert "another id" in plan.diff.questions[0].why

    shelf.answers = {"same": {"C": ids["c"]}}
    assert shelf.plan(changed).diff.questions == []
    shelf.answers = {"other": [["C", ids["c"]]]}
    plan = shelf.bring(changed, T0)
    assert plan.diff.questions == [] and kinds(plan)["Words."] == "new" and kinds(plan)["Words"] == "gone"


def test_sessions_made_by_hand_are_adopted_with_care() -> None:
    shelf = Shelf()
    people = programme(session("x", "Setting up", speakers=["Ada"]))
    shelf.bring(people, T0)
    ada = shelf.by_key("x").values["speakers"]
    shelf.add_by_hand("hand1", title="Codecs", speakers=ada, starts_at=at(0).isoformat(), abstract="Mine")
    shelf.add_by_hand("hand2", title="Slides", speakers=ada)
    plan = shelf.bring(
        programme(
            people.sessions[0],
            session(
                "a", "Codecs", speakers=["Ada"], starts_at=at(0), abstract="Theirs", subtitle="S", state="cancelled"
            ),
            session("b", "Slides", speakers=["Ada"], starts_at=at(1)),
        ),
        T0,
    )
    adopted = shelf.known["hand1"]
    assert (adopted.values["abstract"], adopted.values["subtitle"], adopted.values["state"]) == (
        "Mine",
        "S",
        "cancelled",
    )
    assert adopted.row is not None and adopted.row.key == "a" and kinds(plan)["Codecs"] == "cancelled"
    assert [(one.key, one.session) for one in plan.diff.questions] == [("b", "hand2")]
    assert "made here by hand" in plan.diff.questions[0].why


def test_a_room_renamed_under_its_key_is_one_rename_and_names_are_matched_whatever_their_case() -> None:
    shelf = Shelf()
    shelf.bring(
        programme(session("a", room="Main Hall"), session("b", room="main  hall"), rooms=(room("Main Hall", "k"),)), T0
    )
    plan = shelf.bring(programme(session("a", room="Aula"), session("b", room="AULA"), rooms=(room("Aula", "k"),)), T0)
    assert plan.diff.entries == [] and [(one.act, one.old, one.name) for one in plan.diff.places] == [
        ("renamed", "Main Hall", "Aula")
    ]
    assert [one.name for one in shelf.things["room"].values()] == ["Aula"]


def test_two_people_of_one_file_are_never_one() -> None:
    def talk(key: str, *people: ReadSpeaker) -> ReadSession:
        return ReadSession(key=key, title=key, speakers=people)

    shelf = Shelf()
    anna, other = ReadSpeaker(name="Anna Virtanen", key="1"), ReadSpeaker(name="Anna Virtanen", key="2")
    shelf.bring(programme(talk("a", anna), talk("b", other), talk("c", ReadSpeaker(name="Bo"))), T0)
    assert len(shelf.things["speaker"]) == 3
    assert shelf.by_key("a").values["speakers"] != shelf.by_key("b").values["speakers"]

    renamed = ReadSpeaker(name="Anna Laine", key="1")
    plan = shelf.bring(programme(talk("a", renamed), talk("b", other), talk("c", ReadSpeaker(name="bo"))), T0)
    assert [(one.act, one.name) for one in plan.diff.places] == [("renamed", "Anna Laine")]
    assert len(shelf.things["speaker"]) == 3 and kinds(plan) == {}


@pytest.mark.parametrize(("field", "value"), [("title", "x" * 600), ("language", "klingon"), ("duration_ms", 1)])
def test_what_cannot_be_stored_is_mended_and_said(field: str, value: object) -> None:
    shelf = Shelf()
    plan = shelf.bring(programme(msgspec.structs.replace(session("a", "T"), **{field: value})), T0)
    assert len(plan.notes) == 1 and plan.notes[0].code.startswith("import.")
    assert shelf.bring(programme(msgspec.structs.replace(session("a", "T"), **{field: value})), T0).diff.is_empty


@settings(max_examples=60)
@given(st.from_regex(r"https?://[a-zA-Z0-9.@:-]{1,9}/?[^\x00-\x08]{0,9}", fullmatch=True))
def test_links_that_look_ordinary_are_what_a_careful_look_takes(url: str) -> None:
    careful: list[list[str]] = []
    with contextlib.suppress(Invalid):
        careful.append(["blog", fields.check_url(url), "T"])
    read = session("a", links=(ReadLink(url=url, kind="blog", title="T"),))
    assert wanted_session(read, rooms={}, tracks={}, people={}, notes=[]).values["links"] == careful
