"""Reading decks and pages, as far as the asker may know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select
from sqlalchemy.orm import defer, undefer

from server.accounts.actor import Actor
from server.accounts.policy import Action, Subject, can
from server.core.db import Db
from server.events.models import Event
from server.sessions.errors import SessionNotFound
from server.sessions.models import Session
from server.sessions.queries import Item, get_session
from server.slides.errors import DeckNotFound, PageNotFound
from server.slides.models import Deck, DeckPage
from server.slides.slots import by_slot, is_live, shown_decks, shown_of

# Made once: to build a statement anew costs more than to run it.
_SHOWN = (
    select(Deck, Session.licence, Event.visibility)
    .join(Session, Session.id == Deck.session_id)
    .join(Event, Event.id == Session.event_id)
    .where(Deck.session_id.in_(bindparam("ids", expanding=True)), Deck.deleted_at.is_(None), Deck.replaced_at.is_(None))
    .options(defer(Deck.outline, raiseload=True), defer(Deck.warnings, raiseload=True))
)
_OF_SESSION = select(Deck).where(Deck.session_id == bindparam("session"), Deck.deleted_at.is_(None))
_OPENED = (
    select(Deck, Event)
    .join(Session, Session.id == Deck.session_id)
    .join(Event, Event.id == Session.event_id)
    .where(Deck.id == bindparam("id"), Deck.deleted_at.is_(None))
    .where(Session.deleted_at.is_(None), Event.deleted_at.is_(None))
)
_PAGES = (
    select(DeckPage)
    .where(DeckPage.deck_id.in_(bindparam("ids", expanding=True)))
    .order_by(DeckPage.deck_id, DeckPage.number)
)


@dataclass(kw_only=True)
class SessionDecks:
    """The decks of one session: what is shown, in order; every version by slot, newest first; the shown ones' pages."""

    shown: list[Deck]
    versions: dict[str, list[Deck]]
    pages: dict[str, list[DeckPage]] = field(default_factory=dict)


@dataclass(kw_only=True)
class ShownDecks:
    """What is shown with one session, in order (never empty), and what decides who may download it."""

    decks: list[Deck]
    licence: str
    subject: Subject


async def shown_of_sessions(db: Db, session_ids: Sequence[str]) -> Mapping[str, ShownDecks]:
    """What is shown with each session that has slides, without outlines and warnings; one statement."""
    found: dict[str, ShownDecks] = {}
    for deck, licence, visibility in await db.execute(_SHOWN, {"ids": list(session_ids)}):
        subject = Subject(event_id=deck.event_id, visibility=visibility, session_id=deck.session_id)
        one = found.setdefault(deck.session_id, ShownDecks(decks=[], licence=licence, subject=subject))
        one.decks.append(deck)
    for one in found.values():
        one.decks = shown_decks(one.decks)
    return found


async def decks_of_sessions(db: Db, session_ids: Sequence[str]) -> Mapping[str, Deck]:
    """The first deck of each session that has one; one statement."""
    return {session_id: one.decks[0] for session_id, one in (await shown_of_sessions(db, session_ids)).items()}


async def read_session_decks(db: Db, session_id: str, *, pages: bool = True) -> SessionDecks:
    """Every deck of a session, whoever asks (their session was asked for first); two statements."""
    rows = list(await db.scalars(_OF_SESSION, {"session": session_id}))
    found = SessionDecks(shown=shown_decks(rows), versions=by_slot(rows))
    if pages:
        found.pages = await pages_of(db, [deck.id for deck in found.shown])
    return found


async def find_opened(db: Db, deck_id: str) -> tuple[Deck, Event] | None:
    """A deck that is not withdrawn, and its event, whoever asks: pictures are judged by token instead."""
    row = (await db.execute(_OPENED, {"id": deck_id})).one_or_none()
    return None if row is None else (row[0], row[1])


async def versions_of(db: Db, deck: Deck) -> list[Deck]:
    """Every version of a deck that is not withdrawn, newest first."""
    rows = await db.scalars(
        select(Deck)
        .where(Deck.session_id == deck.session_id, Deck.slot == deck.slot, Deck.deleted_at.is_(None))
        .order_by(Deck.revision.desc())
    )
    return list(rows)


async def pages_of(db: Db, deck_ids: Sequence[str]) -> dict[str, list[DeckPage]]:
    """The pages of decks in order, without their words and links; one statement, none for no decks."""
    pages: dict[str, list[DeckPage]] = {}
    for page in await db.scalars(_PAGES, {"ids": list(deck_ids)}) if deck_ids else ():
        pages.setdefault(page.deck_id, []).append(page)
    return pages


async def get_page(db: Db, deck: Deck, number: int) -> DeckPage:
    """One page with its words and links; raises PageNotFound."""
    page = await db.get(DeckPage, (deck.id, number), options=[undefer(DeckPage.words), undefer(DeckPage.links)])
    if page is None:
        raise PageNotFound
    return page


async def get_deck(
    db: Db, actor: Actor, deck_id: str, action: Action = Action.SEE, *, deleted: bool = False
) -> tuple[Deck, Item]:
    """The deck and its session, if the actor may do this to it; raises DeckNotFound, Unauthenticated, Forbidden.

    A version that is not shown is there only for who may upload slides.
    """
    deck = await db.get(Deck, deck_id)
    if deck is None or (deck.deleted_at is not None and not deleted):
        raise DeckNotFound
    try:
        item = await get_session(db, deck.session_id, actor=actor, action=action)
    except SessionNotFound:
        raise DeckNotFound from None
    if not can(actor, Action.UPLOAD_SLIDES, item.subject) and not await _is_shown(db, deck):
        raise DeckNotFound
    return deck, item


async def _is_shown(db: Db, deck: Deck) -> bool:
    """Whether viewers see this version. One with pages that is live always is shown: it has replaced the others."""
    if not is_live(deck) or deck.rendering:
        return is_live(deck)
    return shown_of(await versions_of(db, deck)) is deck
