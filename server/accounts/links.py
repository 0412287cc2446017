"""Personal links: a way in without an account, for a speaker to their session or an attendee to a closed event.

The landing `/join/{secret}` (server/web) calls `enter.follow_link` and sends the visitor on to the session or event.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from server.accounts.attendees import Person
from server.accounts.errors import PersonalLinkInvalid
from server.accounts.models import LoginPass, PersonalLink
from server.accounts.queries import SPEAKER, VIEWER, link_by_secret, links_on, pass_of
from server.core.clock import now
from server.core.db import Db
from server.core.errors import NotFound
from server.core.ids import hash_secret, new_secret

Made = tuple[PersonalLink, str]


def link_url(base_url: str, secret: str) -> str:
    """The address to hand to the person."""
    return f"{base_url}/join/{secret}"


async def make_links(db: Db, people: Sequence[Person], *, event_id: str, session_id: str | None = None) -> list[Made]:
    """A link a person with its secret, which is told this once: for speakers with a session, else for attendees.

    Who has a link already (by address) gets a new one, and the old one ends: its secret is stored nowhere, so this is
    the only way to have it again.
    """
    moment = now()
    addresses = [person.email for person in people if person.email]
    for start in range(0, len(addresses), 500):  # SQLite takes 32,766 parameters; PostgreSQL plans few ones better
        some = links_on(event_id, session_id=session_id).where(PersonalLink.email.in_(addresses[start : start + 500]))
        for link in await db.scalars(some):
            link.revoked_at = moment
    made: list[Made] = []
    for person in people:
        secret = new_secret("semma_join")
        link = PersonalLink(
            role=SPEAKER if session_id else VIEWER,
            event_id=event_id,
            session_id=session_id,
            email=person.email,
            name=person.name,
            token_hash=hash_secret(secret),
        )
        db.add(link)
        made.append((link, secret))
    await db.flush()
    return made


async def revoke_link(db: Db, *, link_id: str, event_id: str, session_id: str | None = None) -> None:
    """End a link and whatever was entered by it; raises NotFound. Twice is once."""
    link = await db.get(PersonalLink, link_id)
    if link is None or link.event_id != event_id or link.session_id != session_id:
        raise NotFound
    link.revoked_at = link.revoked_at or now()


async def revoke_all_links(db: Db, *, event_id: str) -> int:
    """End every attendee's link of the event; returns how many."""
    links = list(await db.scalars(links_on(event_id)))
    for link in links:
        link.revoked_at = now()
    return len(links)


async def get_link(db: Db, secret: str) -> PersonalLink:
    """The link with this secret; raises PersonalLinkInvalid."""
    link = await link_by_secret(db, secret)
    if link is None or link.revoked_at is not None:
        raise PersonalLinkInvalid
    return link


async def touch_link(db: Db, link: PersonalLink, *, moment: datetime) -> None:
    """Note that the link was followed."""
    await db.execute(update(PersonalLink).where(PersonalLink.id == link.id).values(last_used_at=moment))


async def add_link_pass(db: Db, login_id: str, link: PersonalLink) -> None:
    """Let the login in by the link; a link followed again becomes the login's last one."""
    present = await pass_of(db, login_id, link_id=link.id)
    if present is None:
        db.add(LoginPass(login_id=login_id, link_id=link.id))
    else:
        present.updated_at = now()
    await db.flush()


async def add_code_pass(db: Db, login_id: str, *, event_id: str, access_epoch: int) -> None:
    """Let the login into an event by its code, as long as its access epoch stays."""
    present = await pass_of(db, login_id, event_id=event_id)
    if present is None:
        db.add(LoginPass(login_id=login_id, event_id=event_id, access_epoch=access_epoch))
    else:
        present.access_epoch = access_epoch
    await db.flush()
