"""Everything a decision about an import is made of, read in a fixed number of statements; and the decision's plan."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from sqlalchemy import select

from server.core.db import Db
from server.core.ids import new_id
from server.events.fields import fold_text
from server.events.models import Room, Track
from server.sessions.formats.form import Note, ReadProgramme, ReadSession
from server.sessions.imports.diff import Decision, Diff, PlaceChange, decide
from server.sessions.imports.identity import match
from server.sessions.imports.known import Here, read_here
from server.sessions.imports.models import ImportedName, ProgrammeSource
from server.sessions.imports.ours import in_words_of_source, own_id
from server.sessions.imports.places import (
    ROOM,
    SPEAKER,
    TRACK,
    Named,
    NameRow,
    Places,
    Thing,
    decide_places,
    people_in,
    rooms_in,
    tracks_in,
)
from server.sessions.imports.returned import FROM_HERE, decide_returned, match_returned, only_used
from server.sessions.imports.wanted import Wanted, fold, unique_keys, wanted_session
from server.sessions.models import Speaker

CHUNK = 5_000  # names in one statement; both databases take 32,766 values


def chunks(values: Iterable[Any], size: int = CHUNK) -> list[list[Any]]:
    """The values in pieces that fit into one statement."""
    listed = list(values)
    return [listed[at : at + size] for at in range(0, len(listed), size)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is here, before an import."""

    source_version: int
    answers: dict[str, Any]
    here: Here
    names: dict[str, list[NameRow]]
    things: dict[str, list[Thing]]
    people: tuple[list[Named], dict[str, str]]


@dataclass(slots=True, kw_only=True)
class Plan:
    """What applying an import does, decided on these facts."""

    facts: Facts
    decision: Decision
    places: dict[str, Places]
    new_ids: dict[str, str]
    notes: list[Note] = field(default_factory=list)
    from_here: bool = False  # of a file exported from this event: no source has said anything

    @property
    def diff(self) -> Diff:
        """What people are shown."""
        return self.decision.diff

    @property
    def has_news(self) -> bool:
        """Whether there is anything to write, if only what the source said last."""
        return not self.diff.is_empty or any(step.row_changes for step in self.decision.steps)


async def read_facts(db: Db, source: ProgrammeSource, programme: ReadProgramme) -> Facts:
    """Everything there is to know; eight statements (more only for thousands of people)."""
    people = people_in(programme)
    returned = programme.from_here  # its names are ours, not a source's
    names = await _name_rows(db, "" if returned else source.id)
    things = {
        ROOM: await _children(db, Room, source.event_id, "description"),
        TRACK: await _children(db, Track, source.event_id, "color"),
        SPEAKER: await _speakers(db, names[SPEAKER], people[0]),
    }
    return Facts(
        source_version=source.version,
        answers=source.answers or {},
        here=await read_here(db, source.event_id, None if returned else source.id),
        names=names,
        things=things,
        people=people,
    )


async def _name_rows(db: Db, source_id: str) -> dict[str, list[NameRow]]:
    found: dict[str, list[NameRow]] = {ROOM: [], TRACK: [], SPEAKER: []}
    table = ImportedName.__table__
    for row in await db.execute(select(table).where(table.c.source_id == source_id)):
        values = row._mapping["values"]
        found[row.kind].append(NameRow(id=row.id, key=row.key, name=row.name, thing_id=row.thing_id, values=values))
    return found


async def _children(db: Db, model: type[Room] | type[Track], event_id: str, extra: str) -> list[Thing]:
    column = getattr(model, extra)
    statement = select(model.id, model.name, column, model.deleted_at).where(model.event_id == event_id)
    rows = (await db.execute(statement.order_by(model.position, model.id))).all()
    return [Thing(id=row[0], name=row[1], values={extra: row[2]}, is_deleted=row[3] is not None) for row in rows]


async def _speakers(db: Db, rows: Sequence[NameRow], people: Sequence[Named]) -> list[Thing]:
    """Speakers this source means already, those the file calls by our ids, and those known by the name of somebody in
    it, the longest known first."""
    ids = {row.thing_id for row in rows} | {own_id(one.key) for one in people if own_id(one.key)}
    folded = sorted({fold_text(one.name) for one in people})
    found: dict[str, Thing] = {}
    columns = (Speaker.id, Speaker.name, Speaker.biography, Speaker.affiliation, Speaker.deleted_at)
    for part, column in [*((part, Speaker.id) for part in chunks(ids)), *((p, Speaker.folded) for p in chunks(folded))]:
        for row in await db.execute(select(*columns).where(column.in_(part)).order_by(Speaker.id)):
            values = {"biography": row.biography, "affiliation": row.affiliation}
            found[row.id] = Thing(id=row.id, name=row.name, values=values, is_deleted=row.deleted_at is not None)
    return sorted(found.values(), key=lambda thing: thing.id)


def make_plan(facts: Facts, programme: ReadProgramme) -> Plan:
    """Decide what the programme changes here. Pure; seconds of CPU for thousands of sessions that are all different."""
    notes: list[Note] = []
    persons, stands_for = facts.people
    places = {
        ROOM: decide_places(ROOM, rooms_in(programme), facts.names[ROOM], facts.things[ROOM]),
        TRACK: decide_places(TRACK, tracks_in(programme), facts.names[TRACK], facts.things[TRACK]),
        SPEAKER: decide_places(SPEAKER, persons, facts.names[SPEAKER], facts.things[SPEAKER]),
    }
    people = {own: places[SPEAKER].ids[pid] for own, pid in stands_for.items() if pid in places[SPEAKER].ids}
    said = [
        wanted_session(session, rooms=places[ROOM].ids, tracks=places[TRACK].ids, people=people, notes=notes)
        for session in _not_told_elsewhere(unique_keys(programme.sessions, notes), facts.here.told, notes)
    ]
    decision, new_ids = _decided(facts, programme, said, places)
    if programme.from_here:
        notes.insert(0, FROM_HERE)
        only_used(places, decision)
    decision.diff = msgspec.structs.replace(
        decision.diff, places=_place_changes(places), names=_names(decision.diff, places, facts)
    )
    return Plan(
        facts=facts,
        decision=decision,
        places=places,
        new_ids=new_ids,
        notes=gathered(notes),
        from_here=programme.from_here,
    )


def _decided(
    facts: Facts, programme: ReadProgramme, said: Sequence[Wanted], places: dict[str, Places]
) -> tuple[Decision, dict[str, str]]:
    """What becomes of the sessions, and the ids that new ones get, by key."""
    known = facts.here.known
    if programme.from_here:
        matching = match_returned(said, known)
        new_ids = {one.key: new_id() for one in said if one.key not in matching.pairs}
        names = {thing_id: fold(name) for thing_id, name in _called(places, facts).items()}
        return decide_returned(said, known, matching, programme=programme, names=names, new_ids=new_ids), new_ids
    wanted = in_words_of_source(said, known, facts.answers)
    matching = match(wanted, known, facts.answers)
    new_ids = {one.key: new_id() for one in wanted if one.key not in matching.pairs}
    gone = facts.answers.get("gone", [])
    return decide(wanted, known, matching, gone=gone, new_ids=new_ids), new_ids


def _not_told_elsewhere(sessions: Sequence[ReadSession], told: Container[str], notes: list[Note]) -> list[ReadSession]:
    """Without those that another source of the event names: two programmes must not fight over a session, nor double
    it."""
    kept = []
    for session in sessions:
        if session.guid and session.guid in told:
            says = "Sessions that come from another source of this event already were left to it."
            notes.append(Note(code="import.elsewhere", says=says, where=session.title[:100]))
        else:
            kept.append(session)
    return kept


def gathered(notes: Iterable[Note], most_of_a_code: int = 20) -> list[Note]:
    """The notes, each sentence once with its count, and of one code no more than people would read."""
    found: dict[tuple[str, str], Note] = {}
    for note in notes:
        key = (note.code, note.says)
        before = found.get(key)
        count = note.count + (before.count if before else 0)
        found[key] = msgspec.structs.replace(before or note, count=count)
    kept: list[Note] = []
    of_code: dict[str, int] = {}
    for note in found.values():
        of_code[note.code] = of_code.get(note.code, 0) + 1
        if of_code[note.code] <= most_of_a_code:
            kept.append(note)
    return kept


def _place_changes(places: dict[str, Places]) -> list[PlaceChange]:
    found = []
    for kind, one in places.items():
        if kind != SPEAKER:  # new people are seen where they speak
            found += [PlaceChange(kind=kind, act="new", name=named.name) for _id, named in one.create]
        found += [PlaceChange(kind=kind, act="back", name=one.names[thing_id]) for thing_id in one.restore]
        for thing_id, changes in one.change.items():
            if "name" in changes:
                old, new = changes["name"]
                found.append(PlaceChange(kind=kind, act="renamed", name=new, old=old))
            else:
                found.append(PlaceChange(kind=kind, act="changed", name=one.names[thing_id]))
    return found


def _names(diff: Diff, places: dict[str, Places], facts: Facts) -> dict[str, str]:
    """What the ids of rooms, tracks and speakers in the changes are called."""
    called = _called(places, facts)
    wanted: set[str] = set()
    for entry in diff.entries:
        for change in entry.changes:
            if change.field in ("room", "track"):
                wanted |= {change.old, change.new}
            elif change.field == "speakers":
                wanted |= {*change.old, *change.new}
    return {thing_id: called[thing_id] for thing_id in wanted if thing_id in called}


def _called(places: dict[str, Places], facts: Facts) -> dict[str, str]:
    called = {thing.id: thing.name for things in facts.things.values() for thing in things}
    for one in places.values():
        called |= one.names
    return called


async def name_the_rest(db: Db, plan: Plan) -> Plan:
    """Names of speakers who only spoke here so far, for the diff."""
    ids = {
        speaker
        for entry in plan.diff.entries
        for change in entry.changes
        if change.field == "speakers"
        for speaker in (*change.old, *change.new)
    } - plan.diff.names.keys()
    more: dict[str, str] = {}
    for part in chunks(sorted(ids)):
        rows = await db.execute(select(Speaker.id, Speaker.name).where(Speaker.id.in_(part)))
        more |= {speaker_id: name for speaker_id, name in rows}
    if not more:
        return plan
    decision = plan.decision
    decision.diff = msgspec.structs.replace(decision.diff, names=decision.diff.names | more)
    return replace(plan, decision=decision)
