"""What an import would change, field by field, and what becomes of what it no longer names. Pure: decides, writes
nothing.

Absence does not delete. What vanished is flagged; a whole block that vanished at once (every session of a room, or a
good part of the file) is no news at all: a part of what the file is put together from was away.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from server.sessions.imports.identity import Matching, Question
from server.sessions.imports.known import Known
from server.sessions.imports.merge import Merged, adopt_field, merge_field
from server.sessions.imports.wanted import FIELDS, WHEN_AND_WHERE, Values, Wanted, fold

NEW, CHANGED, MOVED, CANCELLED, GONE, BACK, KEPT, DELETED = (
    "new",
    "changed",
    "moved",
    "cancelled",
    "gone",
    "back",
    "kept",
    "deleted",
)
KINDS = (NEW, MOVED, CHANGED, CANCELLED, GONE, BACK, KEPT, DELETED)
# A part of the file that vanishes at once is no news from so many sessions on, and such a share of it.
BLOCK_LEAST, FILE_LEAST, FILE_SHARE = 2, 20, 0.2
WHOLE_FILE = "*"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A field that differs. `kept`: it was edited here, so `old` stays although the programme says `new`."""

    field: str
    old: Any
    new: Any
    kept: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One session of the diff; `session` is our id (of a new one the id it gets), `how` what it was recognised by."""

    kind: str
    title: str
    key: str = ""
    session: str = ""
    how: str = ""
    starts_at: str | None = None
    changes: list[Change] = []


class NoNews(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the programme that is missing as a whole and therefore left as it was. `block` is a room, or "*"."""

    block: str
    count: int
    says: str


class PlaceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A room, track or speaker that is made, renamed or brought back; `old` is the name before."""

    kind: str
    act: str  # new | renamed | changed | back
    name: str
    old: str = ""


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it. `names` says what ids in the changes are called."""

    entries: list[Entry] = []
    places: list[PlaceChange] = []
    questions: list[Question] = []
    no_news: list[NoNews] = []
    names: dict[str, str] = {}
    unchanged: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind; kinds that do not occur are left out."""
        counts = Counter(entry.kind for entry in self.entries)
        more = {
            "unchanged": self.unchanged,
            "questions": len(self.questions),
            "no_news": sum(block.count for block in self.no_news),
            "places": len(self.places),
        }
        return {name: count for name, count in {**counts, **more}.items() if count}

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be changed, and nothing be asked."""
        changing = any(entry.kind not in (KEPT, DELETED) for entry in self.entries)
        return not (changing or self.places or self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done for one session of the file. `set` are values to write, None for a new one."""

    wanted: Wanted
    known: Known | None
    set: Values
    restore: bool = False
    row_changes: bool = True

    @property
    def writes(self) -> bool:
        """Whether the session itself is touched."""
        return self.known is None or bool(self.set) or self.restore


@dataclass(slots=True, kw_only=True)
class Decision:
    """Everything an apply does to sessions."""

    diff: Diff
    steps: list[Step] = field(default_factory=list)
    missing: list[Known] = field(default_factory=list)
    untouched_rows: set[str] = field(default_factory=set)  # rows the file does not name


def decide(
    wanted: Sequence[Wanted],
    known: Sequence[Known],
    matching: Matching,
    *,
    gone: Sequence[str] = (),
    new_ids: Mapping[str, str],
) -> Decision:
    """Compare. `gone` are blocks a person said are really gone, `new_ids` the ids new sessions get, by key."""
    by_id = {one.session_id: one for one in known}
    entries: list[Entry] = []
    steps: list[Step] = []
    for one in wanted:
        session_id = matching.pairs.get(one.key)
        how = matching.how.get(one.key, "")
        step, entry = compare(one, by_id[session_id] if session_id else None, how, new_ids)
        steps.append(step)
        if entry is not None:
            entries.append(entry)
    absent = [one for one in known if one.row is not None and one.session_id not in matching.taken]
    missing, no_news = _absent(known, absent, wanted, gone)
    entries += [_gone(one) for one in missing]
    changing = sum(entry.kind not in (KEPT, GONE, DELETED) for entry in entries)
    diff = Diff(
        entries=entries, questions=matching.questions, no_news=no_news, unchanged=max(0, len(wanted) - changing)
    )
    rows = {one.row.id for one in absent if one.row is not None}
    return Decision(diff=diff, steps=steps, missing=missing, untouched_rows=rows)


def compare(one: Wanted, here: Known | None, how: str, new_ids: Mapping[str, str]) -> tuple[Step, Entry | None]:
    """One session of the file with the one it is here (None: it is new): what to do, and what to show, if anything."""
    if here is None:
        return Step(wanted=one, known=None, set=one.values), entry_of(NEW, one, new_ids[one.key])
    if here.row is not None and here.row.withdrawn:
        changes = {name: value for name, value in one.values.items() if here.values[name] != value}
        restore = here.deleted_at is not None
        return Step(wanted=one, known=here, set=changes, restore=restore), entry_of(NEW, one, here.session_id, how)
    merged = {name: _merged(name, here, one.values[name]) for name in FIELDS}
    setting = {name: got.value for name, got in merged.items() if got.value != here.values[name]}
    was_hidden = here.is_hidden
    is_back = here.row is not None and here.row.missing_since is not None
    step = Step(wanted=one, known=here, set=setting, restore=was_hidden, row_changes=_row_changes(one, here))
    if here.deleted_at is not None and not was_hidden:
        entry = entry_of(DELETED, one, here.session_id, how) if _row_changes(one, here) else None
        return Step(wanted=one, known=here, set={}, row_changes=step.row_changes), entry
    changes_shown = changes_of(here, merged, setting)
    kind = kind_of(setting, changes_shown, is_back=is_back)
    return step, entry_of(kind, one, here.session_id, how, changes_shown) if kind else None


def _merged(name: str, here: Known, wanted: Any) -> Merged:
    if here.row is None:
        return adopt_field(name, here.values[name], wanted)
    return merge_field(name, here.row.values.get(name), here.values[name], wanted)


def _row_changes(one: Wanted, here: Known) -> bool:
    row = here.row
    if row is None or row.missing_since is not None:
        return True
    return (row.key, row.guid, row.block, row.values) != (one.key, one.guid, one.block, one.values)


def changes_of(here: Known, merged: Mapping[str, Merged], setting: Values) -> list[Change]:
    """The fields of a session as they are written, and those that stay as they were edited here."""
    changes = [Change(field=name, old=here.values[name], new=value) for name, value in setting.items()]
    return changes + _kept(here, merged)


def _kept(here: Known, merged: Mapping[str, Merged]) -> list[Change]:
    """What stays as it was edited here although the programme just changed its mind."""
    return [
        Change(field=name, old=here.values[name], new=got.wanted, kept=True) for name, got in merged.items() if got.kept
    ]


def kind_of(setting: Values, changes: Sequence[Change], *, is_back: bool) -> str:
    """What happens to a session, in one word; "" when nothing does."""
    if is_back:
        return BACK
    if setting.get("state") == "cancelled":
        return CANCELLED
    if WHEN_AND_WHERE & setting.keys():
        return MOVED
    if setting:
        return CHANGED
    return KEPT if changes else ""


def entry_of(kind: str, one: Wanted, session_id: str, how: str = "", changes: Sequence[Change] = ()) -> Entry:
    """A session of the file as it is shown."""
    return Entry(
        kind=kind,
        title=one.title,
        key=one.key,
        session=session_id,
        how="" if how == "key" else how,
        starts_at=one.values["starts_at"],
        changes=list(changes),
    )


def _gone(one: Known) -> Entry:
    title, starts_at = str(one.values["title"]), one.values["starts_at"]
    return Entry(kind=GONE, title=title, session=one.session_id, starts_at=starts_at)


def _absent(
    known: Sequence[Known], absent: Sequence[Known], wanted: Sequence[Wanted], gone: Sequence[str]
) -> tuple[list[Known], list[NoNews]]:
    """Those that are newly missing, and the blocks that are missing as a whole.

    What the file tells in another place, at the same time with the same title and people, is not away but gone.
    """
    expected = [one for one in known if _is_expected(one)]
    told = _told(wanted)
    flagged = [one for one in absent if _is_expected(one) and _is_told(one.values, told)]
    missing = [one for one in absent if _is_expected(one) and not _is_told(one.values, told)]
    if len(missing) >= FILE_LEAST and len(missing) >= FILE_SHARE * len(expected) and WHOLE_FILE not in gone:
        says = (
            f"{len(missing)} of {len(expected)} sessions are missing from the file at once. A part of it was probably "
            "away when it was made, so nothing was taken to be gone."
        )
        return flagged, [NoNews(block=WHOLE_FILE, count=len(missing), says=says)]
    there = {fold(one.block) for one in wanted}
    blocks: dict[str, list[Known]] = defaultdict(list)
    for one in missing:
        blocks[one.row.block if one.row is not None else ""].append(one)
    no_news: list[NoNews] = []
    for block, ones in blocks.items():
        if not block or len(ones) < BLOCK_LEAST or fold(block) in there or {block, WHOLE_FILE} & set(gone):
            flagged += ones
            continue
        says = (
            f"All {len(ones)} sessions of “{block}” are missing from the file at once. That part of it was probably "
            "away when it was made, so nothing was taken to be gone."
        )
        no_news.append(NoNews(block=block, count=len(ones), says=says))
    return flagged, no_news


def _told(wanted: Sequence[Wanted]) -> dict[tuple[str, str], list[set[str]]]:
    """Who speaks in the sessions of a file, by title and time."""
    told: dict[tuple[str, str], list[set[str]]] = defaultdict(list)
    for one in wanted:
        if one.values["starts_at"]:
            told[fold(one.title), one.values["starts_at"]].append(set(one.values["speakers"]))
    return told


def _is_told(values: Values, told: Mapping[tuple[str, str], list[set[str]]]) -> bool:
    mine = set(values["speakers"])
    here = told.get((fold(values["title"]), values["starts_at"] or ""), [])
    return any(not mine or not theirs or mine & theirs for theirs in here)


def _is_expected(one: Known) -> bool:
    row = one.row
    return row is not None and row.missing_since is None and not row.withdrawn and one.deleted_at is None
