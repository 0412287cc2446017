"""A file becomes a session's deck, in its place among the others, with its rendering ordered in the same commit."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from server.core.clock import now
from server.core.db import Db
from server.core.ids import new_id
from server.core.jobs import ENDED, JobRow, cancel_jobs, enqueue
from server.sessions.models import Session
from server.slides.jobs import RENDER, RenderDeck
from server.slides.models import RENDERING, WAITING, Deck
from server.slides.slots import place_for


@dataclass(frozen=True, kw_only=True)
class DeckFile:
    """A stored file that was found to hold slides. `source_…` of one that was fetched from a link."""

    filename: str
    kind: str
    size_bytes: int
    key: str
    upload_id: str | None = None
    source_url: str | None = None
    source_etag: str | None = None


async def add_deck(
    db: Db, *, event_id: str, session_id: str, file: DeckFile, slot: str = "", deck_id: str | None = None
) -> Deck:
    """Write the deck and order its rendering; `slot` as `place_for` reads it. Raises SlotUnknown.

    What it replaces stays shown until this one is rendered. `deck_id` is for a file whose key has the id in it already.
    """
    decks = await lock_decks(db, session_id)
    place = place_for(decks, asked=slot, filename=file.filename)
    deck_id = deck_id or new_id()
    deck = Deck(
        id=deck_id,
        event_id=event_id,
        session_id=session_id,
        slot=place.slot or deck_id,
        position=place.position,
        revision=place.revision,
        filename=file.filename[:300],
        kind=file.kind,
        size_bytes=file.size_bytes,
        key=file.key,
        upload_id=file.upload_id,
        source_url=file.source_url,
        source_etag=file.source_etag,
        source_seen_at=now() if file.source_url else None,
    )
    db.add(deck)
    await db.flush()
    await order_rendering(db, deck)
    return deck


async def lock_decks(db: Db, session_id: str) -> list[Deck]:
    """Every deck of a session, withdrawn ones too; nobody else changes which are shown until this transaction ends.

    Locks are taken in one order, that of a worker that ends its job: rows of jobs, then this, then decks. So whoever
    cancels jobs does it before.
    """
    await db.execute(select(Session.id).where(Session.id == session_id).with_for_update(key_share=True))
    rows = await db.scalars(select(Deck).where(Deck.session_id == session_id).execution_options(populate_existing=True))
    return list(rows)


async def render_again(db: Db, deck: Deck) -> None:
    """Have its pages made anew; what is being done about it is stopped. The pages it has stay shown meanwhile."""
    await cancel_jobs(db, subject=deck.id, names=[RENDER])
    await db.refresh(deck, with_for_update={"key_share": True})
    await order_rendering(db, deck)


async def order_rendering(db: Db, deck: Deck) -> None:
    """Have its pages made, unless that is ordered already."""
    if await db.scalar(select(JobRow.id).where(*_unfinished(deck.id)).limit(1)) is not None:
        return
    deck.state, deck.progress = WAITING, 0.0
    deck.error_code = deck.error_detail = None
    deck.version = (deck.version or 0) + 1
    await enqueue(db, RenderDeck(deck=deck.id), subject=deck.id)


async def order_missing(db: Db, *, most: int = 50) -> list[Deck]:
    """Order the rendering of decks that wait for one and have no job: those from before there were pages."""
    rows = await db.scalars(
        select(Deck)
        .where(Deck.state.in_((WAITING, RENDERING)), Deck.deleted_at.is_(None), Deck.replaced_at.is_(None))
        .where(~select(JobRow.id).where(*_unfinished(Deck.id)).exists())
        .order_by(Deck.created_at.desc())
        .limit(most)
    )
    decks = list(rows)
    for deck in decks:
        await order_rendering(db, deck)
    return decks


def _unfinished(deck_id: Any) -> tuple[ColumnElement[bool], ...]:
    """The condition on a job that will render the deck: one that is being cancelled will not."""
    return (
        JobRow.subject == deck_id,
        JobRow.name == RENDER,
        JobRow.state.not_in(ENDED),
        JobRow.cancel_asked.is_(False),
    )
