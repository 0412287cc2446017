"""Write the sessions of an import: many at once, in a number of statements that does not grow with them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, select, update

from server.core.db import Db
from server.core.ids import RESERVED_SLUGS, new_id, slugify
from server.core.jobs import enqueue
from server.events.fields import fold_text, is_id
from server.sessions.imports.diff import Step
from server.sessions.imports.facts import Plan, chunks
from server.sessions.imports.models import ImportedSession
from server.sessions.imports.wanted import PLAIN, Values
from server.sessions.jobs import RecordingConsentChanged
from server.sessions.models import Session, SessionLink, SessionSpeaker

SESSIONS: Any = Session.__table__
LINKS: Any = SessionLink.__table__
SPEAKERS: Any = SessionSpeaker.__table__
ROWS: Any = ImportedSession.__table__
Columns = dict[str, Any]
# The field each column of sessions is of.
_COLUMN_OF = {**{name: name for name in PLAIN}, "room_id": "room", "track_id": "track"}


def columns_of(values: Values) -> dict[str, Any]:
    """Values in compared form as columns of sessions."""
    found = {name: values[name] for name in PLAIN}
    found["starts_at"] = datetime.fromisoformat(values["starts_at"]) if values["starts_at"] else None
    found["room_id"], found["track_id"] = values["room"], values["track"]
    found["folded"] = fold_text(" \n".join((values["title"], values["subtitle"], values["abstract"])))
    return found


async def write_new(db: Db, event_id: str, plan: Plan, steps: Sequence[Step], moment: datetime) -> None:
    """Sessions that were not here before."""
    taken = set(plan.facts.here.slugs)
    guids = set(plan.facts.here.guids)
    rows, links, speakers = [], [], []
    for step in steps:
        session_id = plan.new_ids[step.wanted.key]
        guid = step.wanted.guid if step.wanted.guid and step.wanted.guid not in guids else _guid_of(session_id)
        guids.add(guid)
        slug = next(one for one in _slugs(step.wanted.title) if one not in taken)
        taken.add(slug)
        own = {"id": session_id, "event_id": event_id, "guid": guid, "slug": slug, "version": 1}
        rows.append(columns_of(step.set) | own | {"created_at": moment, "updated_at": moment, "deleted_at": None})
        speakers += speaker_rows(session_id, step.set["speakers"])
        links += [_link(session_id, link, at, moment) for at, link in enumerate(step.set["links"])]
    await _insert(db, SESSIONS, rows)
    await _insert(db, SPEAKERS, speakers)
    await _insert(db, LINKS, links)


def _guid_of(session_id: str) -> str:
    one = session_id
    return f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}"


def _slugs(title: str) -> Iterator[str]:
    base = slugify(title, fallback="session")
    if base not in RESERVED_SLUGS and not is_id(base):
        yield base
    for number in count(2):
        yield f"{base}-{number}"


def speaker_rows(session_id: str, speakers: Sequence[str]) -> list[dict[str, Any]]:
    """Who speaks, in order, as rows."""
    return [
        {"session_id": session_id, "speaker_id": speaker, "position": position}
        for position, speaker in enumerate(speakers)
    ]


def _link(session_id: str, link: Sequence[str], position: int, moment: datetime) -> dict[str, Any]:
    kind, url, title = link
    times = {"created_at": moment, "updated_at": moment, "deleted_at": None}
    return {
        "id": new_id(),
        "session_id": session_id,
        "kind": kind,
        "url": url,
        "title": title,
        "position": position,
        **times,
    }


async def _insert(db: Db, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    for part in chunks(rows, 1000):
        await db.execute(insert(table), part)


Changed = tuple[str, Values, Values]  # session id, values before, values after


async def write_changed(db: Db, changed: Sequence[Changed], moment: datetime) -> None:
    """Bring sessions from their values before to those after; the version of each rises by one."""
    alike: dict[tuple[str, ...], list[Changed]] = defaultdict(list)
    for one in changed:
        alike[tuple(name for name in one[2] if one[1][name] != one[2][name])].append(one)
    for fields, ones in alike.items():
        await _write_columns(db, fields, ones, moment)
    await _write_speakers(db, [one for one in changed if one[1]["speakers"] != one[2]["speakers"]])
    await _write_links(db, [one for one in changed if one[1]["links"] != one[2]["links"]], moment)
    for session_id, before, after in changed:
        if before["do_not_record"] != after["do_not_record"]:
            await enqueue(db, RecordingConsentChanged(session=session_id, keep_files=True), subject=session_id)


async def _write_columns(db: Db, fields: Sequence[str], changed: Sequence[Changed], moment: datetime) -> None:
    """Sessions in which the same fields change: only those columns are sent and written."""
    names = [name for name, field in _COLUMN_OF.items() if field in fields]
    names += ["folded"] if {"title", "subtitle", "abstract"} & set(fields) else []
    values: Columns = {name: bindparam(f"b_{name}") for name in names}
    statement = update(SESSIONS).where(SESSIONS.c.id == bindparam("b_id"))
    statement = statement.values(**values, updated_at=moment, version=SESSIONS.c.version + 1)
    for part in chunks(changed, 1000):
        rows = []
        for session_id, _, after in part:
            columns = columns_of(after)
            rows.append({f"b_{name}": columns[name] for name in names} | {"b_id": session_id})
        await db.execute(statement, rows)


async def _write_speakers(db: Db, changed: Sequence[Changed]) -> None:
    for part in chunks(changed):
        await db.execute(delete(SPEAKERS).where(SPEAKERS.c.session_id.in_([one[0] for one in part])))
    await _insert(db, SPEAKERS, [row for one in changed for row in speaker_rows(one[0], one[2]["speakers"])])


async def _write_links(db: Db, changed: Sequence[Changed], moment: datetime) -> None:
    """Links that stay keep their rows; one that comes back is the same one, so that its deck is too."""
    old: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for part in chunks([one[0] for one in changed]):
        found = await db.execute(select(LINKS).where(LINKS.c.session_id.in_(part)).order_by(LINKS.c.created_at))
        for row in found:
            old[row.session_id, row.kind, row.url].append(row)
    new, kept = [], []
    for session_id, _, after in changed:
        for position, (kind, url, title) in enumerate(after["links"]):
            rows = old[session_id, kind, url]
            there: Any = next((one for one in rows if one.deleted_at is None), rows[-1] if rows else None)
            if there is None:
                new.append(_link(session_id, (kind, url, title), position, moment))
            elif (there.title, there.position, there.deleted_at) != (title, position, None):
                kept.append({"b_id": there.id, "b_title": title, "b_position": position, "b_at": moment})
    await _insert(db, LINKS, new)
    if kept:
        statement = update(LINKS).where(LINKS.c.id == bindparam("b_id"))
        values: Columns = {
            "title": bindparam("b_title"),
            "position": bindparam("b_position"),
            "updated_at": bindparam("b_at"),
        }
        await db.execute(statement.values({**values, "deleted_at": None}), kept)
    for part in chunks(_links_gone(changed, old)):
        await db.execute(update(LINKS).where(LINKS.c.id.in_(part)).values(deleted_at=moment, updated_at=moment))


def _links_gone(changed: Sequence[Changed], old: Mapping[tuple[str, str, str], list[Any]]) -> list[str]:
    """Rows of links that are to be there no more."""
    gone: list[str] = []
    for session_id, before, after in changed:
        there = {(kind, url) for kind, url, _ in after["links"]}
        for kind, url, _ in before["links"]:
            if (kind, url) not in there:
                gone += [row.id for row in old.get((session_id, kind, url), []) if row.deleted_at is None]
    return gone


async def set_deleted(db: Db, session_ids: Sequence[str], deleted_at: datetime | None) -> None:
    """Hide sessions, or bring them back."""
    for part in chunks(session_ids):
        statement = update(SESSIONS).where(SESSIONS.c.id.in_(part))
        await db.execute(statement.values(deleted_at=deleted_at, version=SESSIONS.c.version + 1))


async def write_rows(
    db: Db, event_id: str, source_id: str, plan: Plan, moment: datetime, *, missing: Sequence[str]
) -> None:
    """What the source says now of each session; `missing` are rows that are newly flagged."""
    new, changed = [], []
    for step in plan.decision.steps:
        row = step.known.row if step.known is not None else None
        said = {"key": step.wanted.key, "guid": step.wanted.guid, "block": step.wanted.block}
        if row is None:
            session_id = step.known.session_id if step.known else plan.new_ids[step.wanted.key]
            own = {"id": new_id(), "source_id": source_id, "event_id": event_id, "session_id": session_id}
            state = {"seen_at": moment, "missing_since": None, "hidden_at": None, "withdrawn": False}
            new.append(said | own | state | {"values": step.wanted.values})
        elif step.row_changes or row.withdrawn:
            changed.append({f"b_{k}": v for k, v in said.items()} | {"b_id": row.id, "b_values": step.wanted.values})
    # A key may pass from one session to another within one file: first all let go of theirs.
    for part in chunks(_passing_on(plan)):
        await db.execute(update(ROWS).where(ROWS.c.id.in_(part)).values(key=ROWS.c.id))
    if changed:
        values: Columns = {name: bindparam(f"b_{name}") for name in ("key", "guid", "block", "values")}
        statement = update(ROWS).where(ROWS.c.id == bindparam("b_id"))
        state = {"missing_since": None, "hidden_at": None, "withdrawn": False, "seen_at": moment}
        for part in chunks(changed, 1000):
            await db.execute(statement.values({**values, **state}), part)
    await _insert(db, ROWS, new)
    for part in chunks(missing):
        await db.execute(update(ROWS).where(ROWS.c.id.in_(part)).values(missing_since=moment))
    named = and_(ROWS.c.source_id == source_id, ROWS.c.seen_at < moment)  # the others were just written
    away = plan.decision.untouched_rows
    if len(away) < 20_000:
        seen = update(ROWS).where(named, ROWS.c.id.not_in(sorted(away))) if away else update(ROWS).where(named)
        await db.execute(seen.values(seen_at=moment))


def _passing_on(plan: Plan) -> list[str]:
    """Rows whose key changes."""
    return [
        step.known.row.id
        for step in plan.decision.steps
        if step.known is not None and step.known.row is not None and step.known.row.key != step.wanted.key
    ]
