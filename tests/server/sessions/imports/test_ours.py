"""Files that were exported from here are recognised by our own ids, and only those."""

import uuid
from dataclasses import replace

from server.sessions.formats.form import ReadSession, ReadSpeaker
from server.sessions.imports.places import SPEAKER, Named, NameRow, Thing, decide_places
from tests.server.sessions.imports.shelf import Shelf, programme
from tests.server.sessions.imports.test_diff import T0, kinds


def shelf_of(**guids: str) -> Shelf:
    """Sessions the source calls by these names, and we by these guids."""
    shelf = Shelf()
    shelf.bring(programme(*[ReadSession(key=key, title=key.title()) for key in guids]), T0)
    for one in list(shelf.known.values()):
        assert one.row is not None
        shelf.known[one.session_id] = replace(one, guid=guids[one.row.key])
    return shelf


def exported(*guids: str) -> list[ReadSession]:
    return [ReadSession(key=guid, guid=guid, title="Exported") for guid in guids]


def test_our_guids_are_the_sources_keys_unless_the_file_speaks_the_sources_language() -> None:
    shelf = shelf_of(a="g1", b="g2", c="g3")
    plan = shelf.bring(programme(*exported("g1", "g2", "g3", "new")), T0)
    assert [entry.kind for entry in plan.diff.entries] == ["changed"] * 3 + ["new"]
    assert {one.row.key for one in shelf.known.values() if one.row} == {"a", "b", "c", "new"}

    crossed = shelf_of(g2="g1", g1="f")  # the source used g1 again, after what we call g1 had got another guid
    plan = crossed.plan(programme(*exported("g1", "f")))
    assert [step.known and step.known.guid for step in plan.decision.steps] == ["g1", "f"], "an export"
    plan = crossed.plan(programme(*exported("g2", "g1")))
    assert [step.known and step.known.guid for step in plan.decision.steps] == ["g1", "f"], "the source's own file"


def test_an_answer_counts_more_and_no_key_is_given_twice() -> None:
    shelf = shelf_of(a="g1", b="g2")
    first, second = (one.session_id for one in shelf.known.values())
    sessions = exported("g1", "g2")
    shelf.answers = {"other": [["g1", first]]}
    steps = shelf.plan(programme(*sessions)).decision.steps
    assert [step.known and step.known.session_id for step in steps] == [None, second]
    shelf.answers = {}
    taken = ReadSession(key="a", title="Another")
    steps = shelf.plan(programme(*exported("g1", "g2"), taken)).decision.steps
    assert len({step.wanted.key for step in steps}) == 3


def test_what_only_repeats_an_edit_made_here_leaves_it_one() -> None:
    shelf = shelf_of(a="g1")
    mine = next(iter(shelf.known))
    shelf.edit(mine, title="Mine")
    assert shelf.bring(programme(ReadSession(key="g1", guid="g1", title="Mine")), T0).diff.is_empty
    row = shelf.known[mine].row
    assert row is not None and row.values["title"] == "A"
    assert kinds(shelf.bring(programme(ReadSession(key="a", title="Theirs")), T0)) == {"Theirs": "kept"}


def test_people_are_known_by_our_ids_and_the_deleted_stay_deleted() -> None:
    one, two, gone = (uuid.UUID(int=number) for number in (1, 2, 3))
    things = [Thing(id=who.hex, name="mo", is_deleted=who == gone) for who in (one, two, gone)]
    rows = [NameRow(id="r", key="71", name="mo", thing_id=two.hex, values={"biography": "B"})]
    wanted = [Named(pid=str(who), key=str(who), name="mo") for who in (gone, two, one)]
    places = decide_places(SPEAKER, wanted, rows, things)
    assert places.ids[str(two)] == two.hex and places.ids[str(one)] == one.hex
    assert [thing_id for thing_id, _named in places.create] == [places.ids[str(gone)]]
    assert places.restore == [] and places.changed_rows == [], "what the source said of them stays"
    assert {thing_id for _named, thing_id in places.new_rows} == {one.hex, places.ids[str(gone)]}
    renamed = [replace(wanted[1], name="Mo")]
    assert decide_places(SPEAKER, renamed, rows, things).change == {two.hex: {"name": ("mo", "Mo")}}


def test_somebody_named_by_a_key_of_the_source_and_by_our_id_is_not_two_times_one() -> None:
    who = uuid.UUID(int=1)
    things = [Thing(id=who.hex, name="mo")]
    rows = [NameRow(id="r", key="71", name="mo", thing_id=who.hex, values={})]
    both = [Named(pid="a", key=str(who), name="mo"), Named(pid="b", key="71", name="mo")]
    places = decide_places(SPEAKER, both, rows, things)
    assert places.ids["b"] == who.hex != places.ids["a"]
    speaker = ReadSpeaker(name="mo", key=str(who))
    shelf = Shelf()
    shelf.bring(programme(ReadSession(key="a", title="A", speakers=(speaker,))), T0)
    assert len(shelf.things[SPEAKER]) == 1, "a UUID that is nobody here is a key like any other"
