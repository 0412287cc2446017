"""A programme that was exported from this very event and comes back. Pure.

It is not its source that speaks: what sources said last stays, nobody's session becomes a source's, and what the file
does not name is not missing. What differs from what is here was changed in the file and counts as an edit made here,
unless the session was changed here since: then it stays as it is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from server.sessions.formats.form import Note, ReadProgramme
from server.sessions.formats.texts import clean_text
from server.sessions.imports.diff import DELETED, KEPT, NEW, Decision, Diff, Entry, Step, changes_of, entry_of, kind_of
from server.sessions.imports.identity import Matching, match
from server.sessions.imports.known import Known
from server.sessions.imports.merge import Merged, merge_field
from server.sessions.imports.ours import own_id
from server.sessions.imports.places import Places
from server.sessions.imports.wanted import FIELDS, TEXTS, Wanted

# All that our calendars say of a session in words of its own.
_SAID = {"icalendar": ("title", "starts_at", "duration_ms", "room", "track", "state")}
_SECOND = timedelta(seconds=1)
FROM_HERE = Note(
    code="import.from_here",
    says="The file was exported from this event. What was changed in it counts as an edit made here.",
)


def is_returned(programme: ReadProgramme, *, base_url: str, slug: str) -> bool:
    """Whether the file was exported from the event of this slug in the installation at `base_url`: Semma wrote it (CSV
    cannot say who did), and its sessions have their pages there.

    An export of another installation, or of another event, is a source like any other.
    """
    if programme.form != "csv" and not _is_by_semma(programme.generator):
        return False
    at = f"{base_url}/{slug}/sessions/"
    pages = [one.url for one in programme.sessions if one.url]
    return 2 * sum(url.startswith(at) for url in pages) > len(pages)


def _is_by_semma(generator: str) -> bool:
    return generator == "Semma" or generator.startswith("-//Semma//")


def match_returned(wanted: Sequence[Wanted], known: Sequence[Known]) -> Matching:
    """Pairs by our guids, or (calendars) our ids; what is left over by code, then by title, people and time."""
    by_guid = {one.guid: one for one in known}
    by_id = {one.session_id: one for one in known}
    found = Matching()
    for one in wanted:
        there = by_guid.get(one.guid) or by_id.get(own_id(one.guid))
        if there is not None and there.session_id not in found.taken:
            found.add(one.key, there.session_id, "key")
    left = [one for one in wanted if one.key not in found.pairs]
    ours = [replace(one, row=None) for one in known if one.session_id not in found.taken and one.deleted_at is None]
    more = match(left, ours, {})
    for key, session_id in more.pairs.items():
        found.add(key, session_id, more.how[key])
    return found


def decide_returned(
    wanted: Sequence[Wanted],
    known: Sequence[Known],
    matching: Matching,
    *,
    programme: ReadProgramme,
    names: Mapping[str, str],
    new_ids: Mapping[str, str],
) -> Decision:
    """What the file changes. `names` is what ids of rooms, tracks and speakers are called."""
    by_id = {one.session_id: one for one in known}
    said_at = _made_at(programme)
    fields = _SAID.get(programme.form, FIELDS)
    entries: list[Entry] = []
    steps: list[Step] = []
    for one in wanted:
        if one.key not in matching.pairs:
            steps.append(Step(wanted=one, known=None, set=one.values, row_changes=False))
            entries.append(entry_of(NEW, one, new_ids[one.key]))
            continue
        here = by_id[matching.pairs[one.key]]
        if here.deleted_at is not None:  # deleted here, or hidden because its source does not name it
            entries.append(entry_of(DELETED, one, here.session_id))
            continue
        merged = {name: _merged(name, here, one.values[name], said_at=said_at, names=names) for name in fields}
        setting = {name: got.value for name, got in merged.items() if got.value != here.values[name]}
        changes = changes_of(here, merged, setting)
        steps.append(Step(wanted=one, known=here, set=setting, row_changes=False))
        if kind := kind_of(setting, changes, is_back=False):
            entries.append(entry_of(kind, one, here.session_id, matching.how[one.key], changes))
    changing = sum(entry.kind not in (KEPT, DELETED) for entry in entries)
    return Decision(diff=Diff(entries=entries, unchanged=max(0, len(wanted) - changing)), steps=steps)


def _made_at(programme: ReadProgramme) -> datetime | None:
    """Until when the file knows of changes: our schedules tell it as their version (feeds/schedule)."""
    try:
        moment = datetime.fromisoformat(programme.version)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _merged(name: str, here: Known, wanted: Any, *, said_at: datetime | None, names: Mapping[str, str]) -> Merged:
    value = here.values[name]
    if _is_same(name, value, wanted, names):
        return Merged(value)
    if said_at is not None and here.updated_at is not None and here.updated_at >= said_at + _SECOND:
        return Merged(value, kept=True, wanted=wanted)
    if said_at is None and here.row is not None:
        return merge_field(name, here.row.values.get(name), value, wanted)
    return Merged(wanted)


def _is_same(name: str, here: Any, wanted: Any, names: Mapping[str, str]) -> bool:
    """Whether the file only repeats what is here, as far as its format can."""
    if here == wanted:
        return True
    if name in TEXTS:
        return clean_text(here, TEXTS[name]).split() == clean_text(wanted, TEXTS[name]).split()
    if name in ("room", "track"):
        return bool(here and wanted) and names.get(here) == names.get(wanted, "")
    if name == "speakers":
        return [names.get(one) for one in here] == [names.get(one, "") for one in wanted]
    if name == "links":
        return sorted(map(tuple, here)) == sorted(map(tuple, wanted))
    if name == "starts_at" and here and wanted:
        return abs(datetime.fromisoformat(here) - datetime.fromisoformat(wanted)) < _SECOND
    if name == "duration_ms" and here and wanted:
        return bool(abs(here - wanted) < 1000)
    return False


def only_used(places: Mapping[str, Places], decision: Decision) -> None:
    """Of rooms, tracks and speakers only what the changes need is made; they are edited here, not by a file."""
    used: set[str | None] = set()
    for step in decision.steps:
        used |= {step.set.get("room"), step.set.get("track"), *step.set.get("speakers", ())}
    for one in places.values():
        one.create = [(thing_id, named) for thing_id, named in one.create if thing_id in used]
        one.change, one.restore, one.new_rows, one.changed_rows = {}, [], [], []
