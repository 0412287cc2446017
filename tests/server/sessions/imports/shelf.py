"""An event's programme in memory, on which plans are carried out as on rows: whole histories in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from server.sessions.formats.form import ReadProgramme, ReadRoom, ReadSession, ReadSpeaker
from server.sessions.imports.facts import Facts, Plan, make_plan
from server.sessions.imports.known import Here, ImportedRow, Known
from server.sessions.imports.places import ROOM, SPEAKER, TRACK, NameRow, Places, Thing, people_in

DAY = timedelta(days=1)


def programme(*sessions: ReadSession, **more: Any) -> ReadProgramme:
    """A programme of these sessions."""
    return ReadProgramme(form="test", sessions=sessions, **more)


def session(key: str, title: str = "", *, speakers: Sequence[str] = (), **more: Any) -> ReadSession:
    """A session with a guid; speakers by name."""
    people = tuple(ReadSpeaker(name=name) for name in speakers)
    return ReadSession(key=key, guid=more.pop("guid", key), title=title or key, speakers=people, **more)


def room(name: str, key: str = "") -> ReadRoom:
    """A room of a file."""
    return ReadRoom(name=name, key=key)


@dataclass
class Shelf:
    """Sessions by id, and what one source knows of them."""

    known: dict[str, Known] = field(default_factory=dict)
    names: dict[str, list[NameRow]] = field(default_factory=lambda: {ROOM: [], TRACK: [], SPEAKER: []})
    things: dict[str, dict[str, Thing]] = field(default_factory=lambda: {ROOM: {}, TRACK: {}, SPEAKER: {}})
    answers: dict[str, Any] = field(default_factory=dict)
    grace: timedelta = DAY
    count: int = 0

    def plan(self, wanted: ReadProgramme) -> Plan:
        """What the programme would change."""
        known = list(self.known.values())
        here = Here(known=known, slugs=frozenset(), guids=frozenset(), stamp=frozenset())
        facts = Facts(
            source_version=1,
            answers=self.answers,
            here=here,
            names=self.names,
            things={kind: list(things.values()) for kind, things in self.things.items()},
            people=people_in(wanted),
        )
        return make_plan(facts, wanted)

    def bring(self, wanted: ReadProgramme, moment: datetime) -> Plan:
        """Apply it, and hide what has been missing for long enough."""
        plan = self.plan(wanted)
        for kind, places in plan.places.items():
            self._carry_out(kind, places)
        for step in plan.decision.steps:
            one, there = step.wanted, step.known
            self.count += 1
            row = ImportedRow(
                id=there.row.id if there and there.row else f"r{self.count}",
                key=one.key,
                guid=one.guid,
                block=one.block,
                values=one.values,
            )
            if there is None:
                made = plan.new_ids[one.key]
                self.known[made] = Known(
                    session_id=made, version=1, guid=one.guid, slug="", values=dict(one.values), row=row
                )
            else:
                deleted_at = None if step.restore else there.deleted_at
                values = {**there.values, **step.set}
                version = there.version + step.writes
                self.known[there.session_id] = replace(
                    there, values=values, row=row, deleted_at=deleted_at, version=version
                )
        for there in plan.decision.missing:
            assert there.row is not None
            self.known[there.session_id] = replace(there, row=replace(there.row, missing_since=moment))
        self.hide(moment)
        return plan

    def hide(self, moment: datetime) -> None:
        """What settle.hide_missing does."""
        for there in list(self.known.values()):
            row = there.row
            if row and row.missing_since and not row.hidden_at and moment - row.missing_since >= self.grace:
                self.known[there.session_id] = replace(there, deleted_at=moment, row=replace(row, hidden_at=moment))

    def edit(self, session_id: str, **values: Any) -> None:
        """Somebody changes a session here."""
        there = self.known[session_id]
        self.known[session_id] = replace(there, values={**there.values, **values}, version=there.version + 1)

    def add_by_hand(self, session_id: str, **values: Any) -> None:
        """Somebody makes a session here."""
        blank = {
            **dict.fromkeys(("title", "subtitle", "abstract", "description", "code", "licence", "language"), ""),
            "kind": "talk",
            "do_not_record": False,
            "state": "confirmed",
            **dict.fromkeys(("starts_at", "duration_ms", "room", "track")),
            "speakers": [],
            "links": [],
        }
        self.known[session_id] = Known(
            session_id=session_id, version=1, guid=session_id, slug="", values={**blank, **values}
        )

    def shown(self) -> list[Known]:
        """What viewers see."""
        return [one for one in self.known.values() if one.deleted_at is None]

    def by_key(self, key: str) -> Known:
        """The session the source calls so."""
        return next(one for one in self.known.values() if one.row is not None and one.row.key == key)

    def name_of(self, thing_id: str) -> str:
        """What a room, track or speaker is called."""
        return next(things[thing_id].name for things in self.things.values() if thing_id in things)

    def _carry_out(self, kind: str, places: Places) -> None:
        things = self.things[kind]
        for thing_id, named in places.create:
            things[thing_id] = Thing(id=thing_id, name=named.name, values=dict(named.extra))
        for thing_id in places.restore:
            things[thing_id] = replace(things[thing_id], is_deleted=False)
        for thing_id, changes in places.change.items():
            name = changes["name"][1] if "name" in changes else things[thing_id].name
            more = {field: after for field, (_before, after) in changes.items() if field != "name"}
            things[thing_id] = replace(things[thing_id], name=name, values={**things[thing_id].values, **more})
        rows = {row.id: row for row in self.names[kind]}
        for row_id, named, thing_id in places.changed_rows:
            rows[row_id] = NameRow(
                id=row_id, key=named.key, name=named.name, thing_id=thing_id, values=dict(named.extra)
            )
        for number, (named, thing_id) in enumerate(places.new_rows):
            row_id = f"{kind}{len(rows)}-{number}"
            rows[row_id] = NameRow(
                id=row_id, key=named.key, name=named.name, thing_id=thing_id, values=dict(named.extra)
            )
        self.names[kind] = list(rows.values())
