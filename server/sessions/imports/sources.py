"""Sources of a programme: add, change, remove, and when they are looked at."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select

from server.core.clock import now
from server.core.db import Db
from server.core.fetch import FetchFailed, usable_url
from server.core.jobs import ENDED, JobRow, enqueue
from server.events.editions import Rules
from server.events.fields import check_text, check_url
from server.events.models import Event
from server.sessions.formats.form import ReadProgramme
from server.sessions.imports.errors import SourceInvalid, SourceIsFiles, SourceNotThere, SourceTaken
from server.sessions.imports.models import DAY_S, FAILED, OK, WAITING, ImportedSession, ProgrammeSource
from server.sessions.jobs import PollProgramme
from server.sessions.models import Session

MOST_SOURCES = 20
LEAST_POLL_S, MOST_POLL_S = 60, 7 * DAY_S
MOST_GRACE_S = 90 * DAY_S
# A look that was ordered and never reported is ordered again after so long.
LOST_S = 1_800
# After its event is over for so long a programme is looked at once a day.
_SETTLES_DAYS = 14


async def find_source(db: Db, event_id: str, source_id: str, *, lock: bool = False, deleted: bool = False) -> Any:
    """The event's source with this id; raises SourceNotThere."""
    statement = select(ProgrammeSource).where(ProgrammeSource.id == source_id, ProgrammeSource.event_id == event_id)
    row = (await db.scalars(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None or (row.deleted_at is not None and not deleted):
        raise SourceNotThere
    return row


async def sources_of(db: Db, event_id: str) -> Sequence[ProgrammeSource]:
    """An event's sources, the oldest first."""
    statement = select(ProgrammeSource).where(
        ProgrammeSource.event_id == event_id, ProgrammeSource.deleted_at.is_(None)
    )
    return (await db.scalars(statement.order_by(ProgrammeSource.id))).all()


async def add_source(
    db: Db,
    event_id: str,
    *,
    url: str = "",
    name: str = "",
    apply_itself: bool = False,
    grace_s: int = DAY_S,
    poll_every_s: int = 900,
) -> ProgrammeSource:
    """Add a source, of a URL or ("") of files. Raises SourceInvalid, SourceTaken, or what is wrong with the URL."""
    count = await db.scalar(
        select(func.count())
        .select_from(ProgrammeSource)
        .where(ProgrammeSource.event_id == event_id, ProgrammeSource.deleted_at.is_(None))
    )
    if (count or 0) >= MOST_SOURCES:
        raise SourceInvalid(f"An event has at most {MOST_SOURCES} sources of its programme; remove one first.")
    url = check_address(url) if url else ""
    if url and await source_of_url(db, event_id, url) is not None:
        raise SourceTaken
    if url and (row := await _removed_source(db, event_id, url)) is not None:
        # It was here before: what it brought is its own again, and nothing is doubled.
        row.deleted_at, row.version = None, row.version + 1
        row.validator = row.sha256 = ""
        row.apply_itself, row.next_look_at = apply_itself, now()
        await db.flush()
        return row
    row = ProgrammeSource(
        event_id=event_id,
        url=url,
        name=check_text("name", name, most=200) or (urlsplit(url).hostname or "" if url else "File"),
        apply_itself=apply_itself,
        grace_s=check_grace(grace_s),
        poll_every_s=check_pace(poll_every_s),
        next_look_at=now() if url else None,
        answers={},
    )
    db.add(row)
    await db.flush()
    return row


async def source_of_url(db: Db, event_id: str, url: str) -> ProgrammeSource | None:
    """The event's source of this address."""
    statement = select(ProgrammeSource).where(
        ProgrammeSource.event_id == event_id, ProgrammeSource.url == url, ProgrammeSource.deleted_at.is_(None)
    )
    return (await db.scalars(statement.limit(1))).one_or_none()


async def _removed_source(db: Db, event_id: str, url: str) -> ProgrammeSource | None:
    statement = select(ProgrammeSource).where(
        ProgrammeSource.event_id == event_id, ProgrammeSource.url == url, ProgrammeSource.deleted_at.is_not(None)
    )
    return (await db.scalars(statement.order_by(ProgrammeSource.id.desc()).limit(1))).first()


def check_address(url: str) -> str:
    """An address that can be asked; webcal:// is what calendars call https://."""
    url = check_url(re.sub(r"^webcals?://", "https://", url.strip(), flags=re.IGNORECASE))
    try:
        usable_url(url)
    except FetchFailed as error:
        raise SourceInvalid(error.detail) from None
    return url


def check_grace(grace_s: int) -> int:
    """How long what vanished is still shown."""
    if not 0 <= grace_s <= MOST_GRACE_S:
        raise SourceInvalid("The grace period is from no time at all to 90 days, in seconds.")
    return grace_s


def check_pace(poll_every_s: int) -> int:
    """How often the source is looked at."""
    if not LEAST_POLL_S <= poll_every_s <= MOST_POLL_S:
        raise SourceInvalid("A programme is looked at every minute at most, and once a week at least.")
    return poll_every_s


_RULES: Rules = {
    "name": lambda value: check_text("name", value, most=200, required=True),
    "apply_itself": bool,
    "grace_s": check_grace,
    "poll_every_s": check_pace,
}


async def change_source(db: Db, row: ProgrammeSource, changes: Mapping[str, Any]) -> ProgrammeSource:
    """Change url, name, apply_itself, grace_s or poll_every_s. Another URL is looked at at once."""
    changes = dict(changes)
    if "url" in changes:
        url = check_address(changes.pop("url"))
        other = await source_of_url(db, row.event_id, url)
        if other is not None and other.id != row.id:
            raise SourceTaken
        if url != row.url:
            row.url, row.validator, row.sha256, row.failures = url, "", "", 0
            row.state, row.error_code, row.error_detail = WAITING, None, None
            row.next_look_at = now()
    for name, value in changes.items():
        setattr(row, name, _RULES[name](value))
    row.version += 1
    await db.flush()
    return row


async def look_now(db: Db, row: ProgrammeSource) -> None:
    """Order a look at once; also at a file that did not change since. Raises SourceIsFiles."""
    if not row.url:
        raise SourceIsFiles
    await _order(db, row)


async def _order(db: Db, row: ProgrammeSource) -> None:
    row.next_look_at = now() + timedelta(seconds=LOST_S)
    at_work = select(JobRow.id).where(
        JobRow.subject == row.id, JobRow.name == PollProgramme.name, JobRow.state.not_in(ENDED)
    )
    if not (await db.scalars(at_work.limit(1))).first():
        await enqueue(db, PollProgramme(source=row.id), subject=row.id)


async def order_polls(db: Db, *, most: int = 20) -> int:
    """Order a look at every source whose time has come; returns how many."""
    rows = await db.scalars(
        select(ProgrammeSource)
        .join(Event, Event.id == ProgrammeSource.event_id)
        .where(
            ProgrammeSource.next_look_at <= now(),
            ProgrammeSource.deleted_at.is_(None),
            ProgrammeSource.url != "",
            Event.deleted_at.is_(None),
        )
        .order_by(ProgrammeSource.next_look_at)
        .limit(most)
    )
    count = 0
    for row in rows:
        await _order(db, row)
        count += 1
    return count


def pause_after(failures: int, poll_every_s: int, *, retryable: bool = True, is_over: bool = False) -> int:
    """Seconds until the next look, after so many failures in a row: longer and longer, up to a day."""
    pause: int = min(poll_every_s * 2 ** min(failures, 12), max(DAY_S, poll_every_s))
    slow = is_over or (failures and not retryable)
    return max(pause, DAY_S) if slow else pause


def looked(row: ProgrammeSource, event: Event, *, validator: str | None = None) -> None:
    """Note a look that went well."""
    row.looked_at = now()
    row.state, row.failures = OK, 0
    row.error_code = row.error_detail = None
    if validator is not None:
        row.validator = validator
    _pause(row, event)
    row.version += 1


def failed(row: ProgrammeSource, event: Event, *, code: str, detail: str, retryable: bool) -> None:
    """Note why nothing came; what was imported stays as it is."""
    row.looked_at, row.failures = now(), row.failures + 1
    row.state, row.error_code, row.error_detail = FAILED, code, detail
    _pause(row, event, retryable=retryable)
    row.version += 1


def _pause(row: ProgrammeSource, event: Event, *, retryable: bool = True) -> None:
    ends_on = event.ends_on or event.starts_on
    is_over = ends_on is not None and (now().date() - ends_on).days > _SETTLES_DAYS
    pause = pause_after(row.failures, row.poll_every_s, retryable=retryable, is_over=is_over)
    row.next_look_at = now() + timedelta(seconds=pause)


async def source_for_file(db: Db, event_id: str, name: str, programme: ReadProgramme) -> ProgrammeSource:
    """The source a file belongs to, or a new one. One that was removed is there again with the file it belongs to."""
    found = await source_like(db, event_id, name, programme)
    if found is None:
        return await add_source(db, event_id, name=name[:200] or "File")
    if found.deleted_at is not None:
        found.deleted_at, found.version = None, found.version + 1
    return found


async def source_like(db: Db, event_id: str, name: str, programme: ReadProgramme) -> ProgrammeSource | None:
    """The source a file is the newer version of: it shares most of its sessions, by the source's keys or, exported from
    here, by our guids; or is a file of the same name.

    So a programme of one stage that is brought as a file of its own is not taken for the newer version of another.
    """
    keys = {session.key[:300] for session in programme.sessions}
    guids = {session.guid[:200] for session in programme.sessions if session.guid}
    best: tuple[float, ProgrammeSource] | None = None
    statement = select(ProgrammeSource).where(ProgrammeSource.event_id == event_id)
    for source in await db.scalars(statement.order_by(ProgrammeSource.deleted_at.is_not(None), ProgrammeSource.id)):
        if source.deleted_at is not None and (source.url or programme.from_here):
            continue
        rows = await db.execute(
            select(ImportedSession.key, Session.guid)
            .join(Session, Session.id == ImportedSession.session_id)
            .where(ImportedSession.source_id == source.id)
        )
        mine = [(row.key, row.guid) for row in rows]
        score = max(likeness(keys, {key for key, _ in mine}), likeness(guids, {guid for _, guid in mine}))
        if (
            not source.url
            and score < _LIKE
            and plain_name(source.name) == plain_name(name)
            and source.form == programme.form
        ):
            score = _LIKE
        if score >= _LIKE and (best is None or score > best[0]):
            best = (score, source)
    return best[1] if best is not None else None


_LIKE = 0.2


def likeness(one: Collection[str], other: Collection[str]) -> float:
    """The share of the smaller set that is in both."""
    smaller = min(len(one), len(other))
    return len(set(one) & set(other)) / smaller if smaller else 0.0


def plain_name(filename: str) -> str:
    """A file's name without what browsers and people add to a second copy: `schedule (2).json` is schedule.json."""
    stem, dot, ending = filename.casefold().rpartition(".")
    stem = re.sub(r"[\s_-]*(\(\d+\)|copy|v?\d+)$", "", stem if dot else ending)
    return f"{stem}.{ending}" if dot else stem
