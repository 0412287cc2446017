"""Which rooms, tracks and speakers of ours a programme means by its names. Pure.

An id of ours comes first (the file was exported from here), then a key of the source: the same key under another name
is a rename. Else the name counts, whatever its case.
Two people of one file are never taken for one, even when they are called the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.core.ids import new_id
from server.sessions.formats.form import ReadProgramme, ReadSpeaker
from server.sessions.imports.ours import own_id
from server.sessions.imports.wanted import cut, fold, person_key

ROOM, TRACK, SPEAKER = "room", "track", "speaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A name of the file: `pid` is what it is called by within the file, `extra` what is imported with it."""

    pid: str
    key: str
    name: str
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    """A row of imported_names."""

    id: str
    key: str
    name: str
    thing_id: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A room, track or speaker that is here; `values` are what may be imported of it."""

    id: str
    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    is_deleted: bool = False


@dataclass(slots=True, kw_only=True)
class Places:
    """What becomes of the names of one kind: ids by pid, and what is to be written."""

    kind: str
    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # by id, to show
    create: list[tuple[str, Named]] = field(default_factory=list)  # (new id, name)
    change: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)  # {id: {field: (before, after)}}
    restore: list[str] = field(default_factory=list)
    new_rows: list[tuple[Named, str]] = field(default_factory=list)
    changed_rows: list[tuple[str, Named, str]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing that anybody sees is to be written."""
        return not (self.create or self.change or self.restore)


def rooms_in(programme: ReadProgramme) -> list[Named]:
    """Rooms by folded name, those only a session names too."""
    listed = [(room.name, room.key, {"description": room.description}) for room in programme.rooms]
    return _places(listed, (session.room for session in programme.sessions))


def tracks_in(programme: ReadProgramme) -> list[Named]:
    """Tracks by folded name, those only a session names too."""
    listed = [(track.name, track.key, {"color": track.color}) for track in programme.tracks]
    return _places(listed, (session.track for session in programme.sessions))


def _places(listed: Iterable[tuple[str, str, dict[str, str]]], used: Iterable[str]) -> list[Named]:
    found: dict[str, Named] = {}
    keys: set[str] = set()
    for name, key, extra in [*listed, *((name, "", {}) for name in used)]:
        pid = fold(name)
        if not pid or pid in found:
            continue
        key = key[:300] if key not in keys else ""  # a key that names two rooms names none
        keys.add(key)
        found[pid] = Named(pid=pid, key=key, name=cut(name, 200), extra={k: v for k, v in extra.items() if v})
    return list(found.values())


def people_in(programme: ReadProgramme) -> tuple[list[Named], dict[str, str]]:
    """The people of a file, and what each `person_key` that occurs in it stands for.

    Somebody named without a key is the one person of that name who has one; of several of them it may be, none.
    """
    speakers = [speaker for session in programme.sessions for speaker in session.speakers]
    keyed: dict[str, set[str]] = {}
    for speaker in speakers:
        if speaker.key:
            keyed.setdefault(fold(speaker.name), set()).add(person_key(speaker.key, speaker.name))
    found: dict[str, ReadSpeaker] = {}
    stands_for: dict[str, str] = {}
    for speaker in speakers:
        own = person_key(speaker.key, speaker.name)
        same_name = keyed.get(fold(speaker.name), set())
        pid = next(iter(same_name)) if not speaker.key and len(same_name) == 1 else own
        stands_for[own] = pid
        if fold(speaker.name) and (pid not in found or not found[pid].biography):
            found[pid] = speaker
    return [_person(pid, speaker) for pid, speaker in found.items()], stands_for


def _person(pid: str, speaker: ReadSpeaker) -> Named:
    extra = {"biography": cut(speaker.biography, 20_000), "affiliation": cut(speaker.affiliation, 200)}
    return Named(
        pid=pid,
        key=speaker.key[:300],
        name=cut(speaker.name, 200),
        extra={name: value for name, value in extra.items() if value},
    )


def decide_places(kind: str, wanted: Sequence[Named], rows: Sequence[NameRow], things: Sequence[Thing]) -> Places:
    """What becomes of each name. `things`: all rooms (tracks) of the event; of speakers those with these rows or names.

    Of things with the same name the first one is taken.
    """
    found = Places(kind=kind)
    index = _Index(wanted, rows, things)
    for one in wanted:
        row = index.row_of(one)
        if row is not None and one.pid in index.ours:
            one = _in_words_of_source(one, row, index.ours[one.pid])
        elif row is not None and not one.key and fold(row.name) == fold(one.name):
            one = replace(one, name=row.name)  # another case of the letters is no other name
        thing = index.thing_of(one, row)
        if thing is None:
            thing_id = new_id()
            found.create.append((thing_id, one))
        else:
            thing_id = thing.id
            _bring_up_to_date(found, one, row, thing)
        index.taken.add(thing_id)
        found.ids[one.pid] = thing_id
        found.names[thing_id] = one.name if thing is None else found.names.get(thing_id, thing.name)
        if row is None:
            found.new_rows.append((one, thing_id))
        elif (row.key, row.name, row.thing_id, dict(row.values)) != (one.key, one.name, thing_id, dict(one.extra)):
            found.changed_rows.append((row.id, one, thing_id))
    return found


def _in_words_of_source(one: Named, row: NameRow, thing: Thing) -> Named:
    """A name that was exported from here as the source has it: what only repeats what is here it has not said."""
    extra = {name: value for name, value in one.extra.items() if value != thing.values.get(name)}
    name = row.name if one.name == thing.name else one.name
    return replace(one, key=row.key, name=name, extra={**row.values, **extra})


def _bring_up_to_date(found: Places, one: Named, row: NameRow | None, thing: Thing) -> None:
    """What the source changed and nobody changed here."""
    if thing.is_deleted:
        found.restore.append(thing.id)
    changes: dict[str, tuple[str, str]] = {}
    if row is not None and thing.name == row.name != one.name:
        changes["name"] = (thing.name, one.name)
        found.names[thing.id] = one.name
    for name, value in one.extra.items():
        here = thing.values.get(name, "")
        was = row.values.get(name, "") if row is not None else ""
        if here == was != value:
            changes[name] = (here, value)
    if changes:
        found.change[thing.id] = changes


class _Index:
    """Rows and things by what they are looked up by."""

    def __init__(self, wanted: Sequence[Named], rows: Sequence[NameRow], things: Sequence[Thing]) -> None:
        self.by_key = {row.key: row for row in rows if row.key}
        self.by_name: dict[str, list[NameRow]] = {}
        for row in rows:
            self.by_name.setdefault(fold(row.name), []).append(row)
        self.things = {thing.id: thing for thing in things}
        self.called: dict[str, list[Thing]] = {}
        for thing in sorted(things, key=lambda thing: thing.is_deleted):
            self.called.setdefault(fold(thing.name), []).append(thing)
        self.keys = {one.key for one in wanted if one.key}
        self.often = Counter(fold(one.name) for one in wanted)
        self.by_thing = {row.thing_id: row for row in reversed(rows)}
        # What somebody of this file is known to be is nobody else.
        spoken_for = {self.by_key[key].thing_id: key for key in self.keys if key in self.by_key}
        self.ours = self._exported(wanted, spoken_for)
        self.spoken_for = spoken_for.keys() | {thing.id for thing in self.ours.values()}
        self.taken: set[str] = set()

    def _exported(self, wanted: Sequence[Named], spoken_for: Mapping[str, str]) -> dict[str, Thing]:
        """What the file calls by our own id, by pid, each once. What was deleted here counts only where the source
        means it already."""
        found: dict[str, Thing] = {}
        seen: set[str] = set()
        for one in wanted:
            thing = self.things.get(own_id(one.key))
            if thing is None or thing.id in seen or spoken_for.get(thing.id, one.key) != one.key:
                continue
            if thing.id in self.by_thing or not thing.is_deleted:
                found[one.pid] = thing
                seen.add(thing.id)
        return found

    def row_of(self, one: Named) -> NameRow | None:
        """The row this name was imported under before."""
        if one.pid in self.ours:
            return self.by_thing.get(self.ours[one.pid].id)
        if one.key and (row := self.by_key.get(one.key)):
            return row if row.thing_id not in self.taken else None
        for row in self.by_name.get(fold(one.name), ()):
            if row.thing_id in self.taken | self.spoken_for:
                continue
            # Another key in the file means somebody else; a key that is gone, that keys changed.
            if not row.key or not one.key or (row.key not in self.keys and self.often[fold(one.name)] == 1):
                return row
        return None

    def thing_of(self, one: Named, row: NameRow | None) -> Thing | None:
        """What it is here."""
        if one.pid in self.ours:
            return self.ours[one.pid]
        if row is not None:
            return self.things.get(row.thing_id)
        if self.often[fold(one.name)] > 1:
            return None
        for thing in self.called.get(fold(one.name), ()):
            if thing.id not in self.taken | self.spoken_for and not thing.is_deleted:
                return thing
        return None
