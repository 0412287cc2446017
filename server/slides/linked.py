"""Slides that come as links with talk metadata: which are to be looked at, and what follows when a link comes or goes.

A row of `deck_links` a link of kind slides. Its file is a deck like any other; a changed file is a new version of it. A
link that takes the place of another has its file take the place of the other's. What a person did goes first: a deck
that was withdrawn, or whose slot somebody's own file has taken, is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import ENDED, JobRow, cancel_jobs, enqueue
from server.events.models import Event
from server.sessions.models import Session, SessionLink
from server.slides.add import lock_decks
from server.slides.errors import DeckLinkNotFound
from server.slides.jobs import RENDER, LookAtLink
from server.slides.models import WAITING, Deck, DeckLink
from server.slides.retire import restore_deck, retire_deck
from server.slides.slots import is_live

SLIDES = "slides"
FETCHED, SAME, LEFT, FAILED, GONE = "fetched", "same", "left", "failed", "gone"
DAY_S = 86_400
# After the first failure in a row, the second, …
PAUSES_S = (300, 1_200, 4_800, 19_200, DAY_S)
# A look that was ordered and never reported is ordered again after so long.
LOST_S = 3 * 3_600


def pause_after(failures: int, *, retryable: bool = True) -> int:
    """Seconds until the next look after so many failures in a row; what will not mend by itself is looked at daily."""
    if not failures or not retryable:
        return DAY_S
    return PAUSES_S[min(failures, len(PAUSES_S)) - 1]


def standing(row: DeckLink, decks: Sequence[Deck]) -> str:
    """What a link's row says of its slot, given the session's decks: FETCHED (follow the link), SAME (somebody brought
    the very file), LEFT (a person decided otherwise), or WAITING (nothing is there yet)."""
    if row.slot is None:
        return WAITING
    live = [deck for deck in decks if deck.slot == row.slot and is_live(deck)]
    if row.state == SAME:
        return SAME if live else WAITING
    newest = max(live, key=lambda deck: deck.revision, default=None)
    return FETCHED if newest is not None and newest.upload_id is None else LEFT


def _live(statement: Any) -> Any:
    """Links of kind slides whose session and event are there."""
    return (
        statement.join(Session, Session.id == SessionLink.session_id)
        .join(Event, Event.id == Session.event_id)
        .where(SessionLink.kind == SLIDES, SessionLink.deleted_at.is_(None))
        .where(Session.deleted_at.is_(None), Event.deleted_at.is_(None))
    )


async def unsettled_sessions(db: Db, *, most: int = 100) -> list[str]:
    """Ids of sessions with links that came, went or came back since they were settled last."""
    found: dict[str, None] = {}
    for statement in (_new(), _gone(), _back()):
        rows = await db.execute(statement.with_only_columns(SessionLink.session_id).limit(most))
        found |= dict.fromkeys(rows.scalars())
    return list(found)


async def settle_links(db: Db, session_id: str, *, undo_s: int) -> list[Deck]:
    """Take notice of a session's links that came, went or came back; returns decks that were withdrawn or restored.

    Locks in the order of add.lock_decks: jobs, the session, then the rest.
    """
    of_session = SessionLink.session_id == session_id
    new, gone = await _links_and_rows(db, session_id)
    for row in gone[len(new) :]:
        for deck in await _decks_of(db, row):
            if deck.slot == row.slot:
                await cancel_jobs(db, subject=deck.id, names=[RENDER])
    await lock_decks(db, session_id)
    new, gone = await _links_and_rows(db, session_id)
    changed: list[Deck] = []
    for row_gone, come in zip_longest(gone, new):
        if row_gone is None:
            db.add(_row_for(*come))
        elif come is None:
            changed += await _let_go(db, row_gone, undo_s=undo_s)
        else:
            await _point_to(db, row_gone, come[0])
    for row in list(await db.scalars(_back().where(of_session))):
        changed += await _come_back(db, row, undo_s=undo_s)
    await db.flush()
    return changed


async def _links_and_rows(db: Db, session_id: str) -> tuple[list[tuple[SessionLink, str]], list[DeckLink]]:
    """Links without a row, with their event's id, and rows whose link went; in the order of the links."""
    of_session = SessionLink.session_id == session_id
    new = [(link, event_id) for link, event_id in await db.execute(_new().where(of_session))]
    return new, list(await db.scalars(_gone().where(of_session)))


def _new() -> Any:
    known = select(DeckLink.id).where(DeckLink.link_id == SessionLink.id)
    return _live(select(SessionLink, Session.event_id)).where(~known.exists()).order_by(SessionLink.position)


def _gone() -> Any:
    return (
        select(DeckLink)
        .join(SessionLink, SessionLink.id == DeckLink.link_id)
        .where(SessionLink.deleted_at.is_not(None), DeckLink.state != GONE)
        .order_by(SessionLink.position)
        .execution_options(populate_existing=True)
    )


def _back() -> Any:
    rows = select(DeckLink).join(SessionLink, SessionLink.id == DeckLink.link_id)
    return _live(rows).where(DeckLink.state == GONE).order_by(SessionLink.position)


def _row_for(link: SessionLink, event_id: str) -> DeckLink:
    return DeckLink(
        link_id=link.id, session_id=link.session_id, event_id=event_id, url=link.url, state=WAITING, next_look_at=now()
    )


async def _point_to(db: Db, row: DeckLink, link: SessionLink) -> None:
    """A corrected link: its file becomes the next version of the same deck; of one of its own, where that is left."""
    if standing(row, await _decks_of(db, row)) != FETCHED:
        _forget_file(row)
    row.link_id, row.url = link.id, link.url
    row.validator, row.failures = "", 0
    row.error_code = row.error_detail = None
    row.next_look_at = now()


def _forget_file(row: DeckLink) -> None:
    row.slot, row.validator, row.sha256 = None, "", ""


async def _let_go(db: Db, row: DeckLink, *, undo_s: int) -> list[Deck]:
    """The link was removed: so is what it brought, unless somebody's own file stands in its place."""
    decks = await _decks_of(db, row)
    is_ours = standing(row, decks) == FETCHED
    row.state = GONE
    shown = [deck for deck in decks if deck.slot == row.slot and is_live(deck)] if is_ours else []
    for deck in shown:
        await retire_deck(db, deck, undo_s=undo_s)
    return shown


async def _come_back(db: Db, row: DeckLink, *, undo_s: int) -> list[Deck]:
    """The removal was undone: so is that of its deck, while the file is there; else it is fetched anew."""
    row.state, row.next_look_at = WAITING, now()
    row.failures, row.error_code, row.error_detail = 0, None, None
    restorable = [
        deck
        for deck in await _decks_of(db, row)
        if deck.slot == row.slot and deck.deleted_at is not None and deck.deleted_at > now() - timedelta(seconds=undo_s)
    ]
    newest = max(restorable, key=lambda deck: deck.revision, default=None)
    if newest is None:
        _forget_file(row)
        return []
    await restore_deck(db, newest, undo_s=undo_s)
    row.state = FETCHED
    return [newest]


async def _decks_of(db: Db, row: DeckLink) -> Sequence[Deck]:
    return (await db.scalars(select(Deck).where(Deck.session_id == row.session_id))).all()


async def order_looks(db: Db, *, most: int = 20) -> int:
    """Order a look at every link whose time has come; returns how many."""
    at_work = select(JobRow.id).where(
        JobRow.subject == DeckLink.id, JobRow.name == LookAtLink.name, JobRow.state.not_in(ENDED)
    )
    rows = await db.scalars(
        _live(select(DeckLink).join(SessionLink, SessionLink.id == DeckLink.link_id))
        .where(DeckLink.state != GONE, DeckLink.next_look_at <= now(), ~at_work.exists())
        .order_by(DeckLink.next_look_at)
        .limit(most)
    )
    count = 0
    for row in rows:
        row.next_look_at = now() + timedelta(seconds=LOST_S)
        await enqueue(db, LookAtLink(deck_link=row.id), subject=row.id)
        count += 1
    return count


@dataclass(frozen=True, kw_only=True)
class ToLookAt:
    """A link that is to be followed now. With a `validator` only what is newer is wanted; `sha256` is what is there."""

    url: str
    session_id: str
    validator: str
    sha256: str


async def what_to_look_at(db: Db, row_id: str) -> ToLookAt | None:
    """The link behind a row; None when it went, or a person decided otherwise, which the row then says."""
    row = await open_row(db, row_id)
    if row is None:
        return None
    stands = standing(row, await _decks_of(db, row))
    if stands in (SAME, LEFT):
        looked(row, state=stands)
        return None
    if stands == WAITING:
        _forget_file(row)
    return ToLookAt(url=row.url, session_id=row.session_id, validator=row.validator, sha256=row.sha256)


async def links_of_session(db: Db, session_id: str) -> list[DeckLink]:
    """What became of a session's links to slides, in their order."""
    rows: Any = await db.scalars(
        _live(select(DeckLink).join(SessionLink, SessionLink.id == DeckLink.link_id))
        .where(DeckLink.session_id == session_id, DeckLink.state != GONE)
        .order_by(SessionLink.position)
    )
    return list(rows)


async def look_now(db: Db, session_id: str, link_id: str) -> DeckLink:
    """Somebody wants a link of the session looked at at once; a look that is under way is not repeated. Raises
    DeckLinkNotFound."""
    await lock_decks(db, session_id)
    found = await db.execute(
        _live(select(SessionLink, Session.event_id)).where(SessionLink.id == link_id, Session.id == session_id)
    )
    link, event_id = found.one_or_none() or (None, "")
    if link is None:
        raise DeckLinkNotFound
    row: DeckLink | None = await db.scalar(
        select(DeckLink).where(DeckLink.link_id == link_id).execution_options(populate_existing=True)
    )
    if row is None:
        row = _row_for(link, event_id)
        db.add(row)
        await db.flush()
    at_work = select(JobRow.id).where(
        JobRow.subject == row.id, JobRow.name == LookAtLink.name, JobRow.state.not_in(ENDED)
    )
    if await db.scalar(at_work.limit(1)) is None:
        row.next_look_at = now() + timedelta(seconds=LOST_S)
        await enqueue(db, LookAtLink(deck_link=row.id), subject=row.id)
    if row.state == FAILED:
        row.state, row.error_code, row.error_detail = WAITING, None, None
    return row


async def open_row(db: Db, row_id: str) -> DeckLink | None:
    """The row, if its link is still there; its session's decks and links are locked."""
    session_id = await db.scalar(select(DeckLink.session_id).where(DeckLink.id == row_id))
    if session_id is None:
        return None
    await lock_decks(db, session_id)
    row: DeckLink | None = await db.scalar(
        _live(select(DeckLink).join(SessionLink, SessionLink.id == DeckLink.link_id))
        .where(DeckLink.id == row_id, DeckLink.state != GONE)
        .execution_options(populate_existing=True)
    )
    return row


def looked(row: DeckLink, *, state: str, validator: str | None = None, moment: datetime | None = None) -> None:
    """Note a look that went well; the next one is tomorrow."""
    row.looked_at = moment or now()
    row.state, row.failures = state, 0
    row.error_code = row.error_detail = None
    if validator is not None:
        row.validator = validator
    row.next_look_at = row.looked_at + timedelta(seconds=pause_after(0))


def failed(row: DeckLink, *, code: str, detail: str, retryable: bool) -> None:
    """Note why nothing came, and look again after a pause that grows. A deck that is there stays as it is."""
    row.looked_at, row.failures = now(), row.failures + 1
    row.state, row.error_code, row.error_detail = FAILED, code, detail
    row.next_look_at = row.looked_at + timedelta(seconds=pause_after(row.failures, retryable=retryable))
