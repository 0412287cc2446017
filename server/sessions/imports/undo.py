"""Take an import back: values from before, what it made withdrawn, what it flagged unflagged.

What was changed since, here by somebody or by a later import, stays as it is, and is said. The source stops applying by
itself, or it would do the same again at its next look.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from server.accounts.actor import Actor
from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.sessions.formats.form import Note
from server.sessions.imports.changes import tell_import, tell_sessions
from server.sessions.imports.errors import ImportNotThere, NotToBeUndone
from server.sessions.imports.facts import chunks
from server.sessions.imports.known import Known, read_here
from server.sessions.imports.merge import merge_links
from server.sessions.imports.models import APPLIED, UNDONE, Import, ImportedSession, ProgrammeSource
from server.sessions.imports.wanted import Values
from server.sessions.imports.write_places import undo_places
from server.sessions.imports.write_sessions import ROWS, Changed, set_deleted, write_changed
from server.sessions.media import SessionMediaReader
from server.sessions.models import Session, SessionSpeaker


@dataclass(slots=True)
class Undoing:
    """What undoing does, decided on what is here now. Pure: made by `decide_undo`."""

    changed: list[Changed] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    stays: list[tuple[str, str]] = field(default_factory=list)  # (title, why)
    said: dict[str, Values] = field(default_factory=dict)  # session: what the source is to have said last
    unflagged: list[str] = field(default_factory=list)
    shown_again: list[str] = field(default_factory=list)
    hidden_again: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)


def decide_undo(undo: dict[str, Any], known: Sequence[Known], *, with_media: Collection[str]) -> Undoing:
    """What can be taken back. `with_media`: sessions with a recording by now, which are not withdrawn."""
    found = Undoing()
    here = {one.session_id: one for one in known}
    for session_id, values in _of(undo["new"], here):
        _withdraw(found, here[session_id], values, with_media)
    for session_id, fields in _of(undo["changed"], here):
        _change_back(found, here[session_id], fields)
    for session_id, fields in _of(undo["said"], here):
        if (row := here[session_id].row) is not None:
            found.said[session_id] = _said_before(row.values, fields)
    _unflag(found, undo, here)
    found.forgotten = [session_id for session_id in undo["adopted"] if session_id in here]
    return found


def _of(noted: dict[str, Any], here: Mapping[str, Known]) -> list[tuple[str, Any]]:
    """What was noted of sessions that are still known."""
    return [(session_id, one) for session_id, one in noted.items() if session_id in here]


def _unflag(found: Undoing, undo: dict[str, Any], here: Mapping[str, Known]) -> None:
    """What was flagged as missing is not; what was back is missing again."""
    for session_id in undo["missing"]:
        one = here.get(session_id)
        if one is None or one.row is None or one.row.missing_since is None:
            continue
        found.unflagged.append(session_id)
        if one.is_hidden:
            found.shown_again.append(session_id)
    for session_id, (since, was_hidden) in undo["back"].items():
        one = here.get(session_id)
        if one is not None and one.row is not None and one.row.missing_since is None:
            found.hidden_again[session_id] = (datetime.fromisoformat(since), was_hidden and one.deleted_at is None)


def _withdraw(found: Undoing, one: Known, values: Values, with_media: Collection[str]) -> None:
    title = str(one.values["title"])
    if one.deleted_at is not None:
        return
    if one.session_id in with_media:
        found.stays.append((title, "it has a recording by now"))
    elif one.values != values:
        found.stays.append((title, "it was changed since"))
    else:
        found.withdrawn.append(one.session_id)


def _change_back(found: Undoing, one: Known, fields: dict[str, list[Any]]) -> None:
    after = dict(one.values)
    for name, (before, imported) in fields.items():
        if name == "links":
            after["links"] = merge_links(imported, one.values["links"], before)
        elif one.values[name] == imported:
            after[name] = before
        elif one.values[name] != before:
            found.stays.append((str(one.values["title"]), f"{name} was changed since"))
    if after != one.values:
        found.changed.append((one.session_id, one.values, after))


def _said_before(said: Values, fields: dict[str, list[Any]]) -> Values:
    """What the source said before, where it has not said something else since."""
    back = {name: before for name, (before, after) in fields.items() if said.get(name) == after}
    return {**said, **back}


async def undo_import(db: Db, runtime: Runtime, row: Import, *, with_media: Collection[str]) -> list[Note]:
    """Undo an import that was applied; returns what could not be, in words. Raises NotToBeUndone.

    `row` is locked by the caller.
    """
    source = await db.get(ProgrammeSource, row.source_id, with_for_update=True)
    if source is None:
        raise ImportNotThere
    if row.state != APPLIED:
        raise NotToBeUndone
    undo = dict(row.undo)
    moment = now()
    from_here = bool(undo.get("from_here"))  # an edit made by a file: its source has nothing to do with it
    known = (await read_here(db, row.event_id, None if from_here else source.id)).known
    found = decide_undo(undo, known, with_media=with_media)
    await _write(db, source, found, moment)
    await undo_places(db, undo["places"], in_use=await _in_use(db, undo["places"]))
    notes = [
        Note(code="import.not_undone", says=f"It stays as it is: {why}.", where=title) for title, why in found.stays
    ]
    if source.apply_itself and not from_here:
        source.apply_itself = False
        says = "The source no longer applies by itself; what it brings is shown here first."
        notes.append(Note(code="import.asks_from_now", says=says))
    source.version += 1
    if not from_here:
        source.validator = source.sha256 = ""  # what it says now is to be shown again
    row.state, row.undone_at = UNDONE, moment
    row.notes = [*row.notes, *({"code": note.code, "says": note.says, "where": note.where} for note in notes)]
    row.version += 1
    tell_import(db, runtime, row, act="undone")
    tell_sessions(db, runtime, row.event_id, undo)
    await db.flush()
    return notes


async def _write(db: Db, source: ProgrammeSource, found: Undoing, moment: datetime) -> None:
    await write_changed(db, found.changed, moment)
    await set_deleted(db, found.withdrawn, moment)
    await set_deleted(db, found.shown_again, None)
    hidden = [session_id for session_id, (_since, hide) in found.hidden_again.items() if hide]
    await set_deleted(db, hidden, moment)
    mine = ROWS.c.source_id == source.id
    withdrawn: dict[str, Any] = {"withdrawn": True, "missing_since": None, "hidden_at": None}
    plain: dict[str, Any] = {"missing_since": None, "hidden_at": None}
    for ids, values in ((found.withdrawn, withdrawn), (found.unflagged, plain)):
        for part in chunks(ids):
            await db.execute(update(ROWS).where(mine, ROWS.c.session_id.in_(part)).values(**values))
    await _write_back(db, mine, found, moment)
    for part in chunks(found.forgotten):
        for one in await db.scalars(
            select(ImportedSession).where(ImportedSession.source_id == source.id, ImportedSession.session_id.in_(part))
        ):
            await db.delete(one)
    await db.flush()


async def _write_back(db: Db, mine: Any, found: Undoing, moment: datetime) -> None:
    """Rows: what the source said before, and since when it had not named what this import brought back."""
    if found.said:
        statement = update(ROWS).where(mine, ROWS.c.session_id == bindparam("b_id"))
        rows: list[dict[str, Any]] = [
            {"b_id": session_id, "b_values": values} for session_id, values in found.said.items()
        ]
        await db.execute(statement.values({"values": bindparam("b_values")}), rows)
    if found.hidden_again:
        statement = update(ROWS).where(mine, ROWS.c.session_id == bindparam("b_id"))
        since_rows: list[dict[str, Any]] = [
            {"b_id": session_id, "b_since": since, "b_hidden": moment if hide else None}
            for session_id, (since, hide) in found.hidden_again.items()
        ]
        values: dict[str, Any] = {"missing_since": bindparam("b_since"), "hidden_at": bindparam("b_hidden")}
        await db.execute(statement.values(**values), since_rows)


async def _in_use(db: Db, places: Sequence[Sequence[Any]]) -> set[str]:
    """Rooms, tracks and speakers of the import that a session names."""
    ids = [place[1] for place in places]
    found: set[str] = set()
    for part in chunks(ids):
        for column in (Session.room_id, Session.track_id):
            statement = select(column).where(column.in_(part), Session.deleted_at.is_(None)).distinct()
            found |= {one for one in await db.scalars(statement) if one}
        found |= set(
            await db.scalars(
                select(SessionSpeaker.speaker_id)
                .join(Session, Session.id == SessionSpeaker.session_id)
                .where(SessionSpeaker.speaker_id.in_(part), Session.deleted_at.is_(None))
                .distinct()
            )
        )
    return found


async def with_recording(db: Db, actor: Actor, row: Import, *, session_media: SessionMediaReader) -> set[str]:
    """The sessions an import made that have a recording or captions by now."""
    made = list((row.undo or {}).get("new", {}))
    media = await session_media(db, actor, made) if made else {}
    return {session_id for session_id, one in media.items() if one.recording is not None or one.captions}
