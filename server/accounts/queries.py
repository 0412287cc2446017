"""Reads of people and their access: each a fixed number of statements."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from server.accounts.actor import ANONYMOUS, Actor
from server.accounts.models import ApiToken, Grant, Login, LoginPass, PersonalLink, User
from server.core.db import Db
from server.core.ids import hash_secret

ORGANISER, VIEWER, SPEAKER = "organiser", "viewer", "speaker"

# The present access epoch of events, by id. Events stand above accounts, so the root hands this in.
EpochReader = Callable[[Db, Iterable[str]], Awaitable[Mapping[str, int]]]


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Roles collected from grants, links and passes."""

    organiser_of: frozenset[str] = frozenset()
    viewer_of: frozenset[str] = frozenset()
    speaker_of: frozenset[str] = frozenset()
    speaks_at: frozenset[str] = frozenset()


def collect_rights(found: Iterable[tuple[str, str, str | None]]) -> Rights:
    """Rights from (role, event id, session id) triples; a speaker's triple names the session."""
    sets: dict[str, set[str]] = {ORGANISER: set(), VIEWER: set(), SPEAKER: set(), "speaks_at": set()}
    for role, event_id, session_id in found:
        if role == SPEAKER and session_id is not None:
            sets[SPEAKER].add(session_id)
            sets["speaks_at"].add(event_id)
        elif role in (ORGANISER, VIEWER):
            sets[role].add(event_id)
    return Rights(
        organiser_of=frozenset(sets[ORGANISER]),
        viewer_of=frozenset(sets[VIEWER]),
        speaker_of=frozenset(sets[SPEAKER]),
        speaks_at=frozenset(sets["speaks_at"]),
    )


async def actor_by_login(
    db: Db, secret: str, *, moment: datetime, read_epochs: EpochReader
) -> tuple[Actor, Login | None]:
    """Whoever holds this login cookie, with their login; ANONYMOUS when it is not valid. At most four statements."""
    found = (
        await db.execute(
            select(Login, User)
            .outerjoin(User, User.id == Login.user_id)
            .where(Login.token_hash == hash_secret(secret), Login.expires_at > moment)
        )
    ).first()
    if found is None:
        return ANONYMOUS, None
    login, user = found
    if user is not None and user.disabled_at is not None:
        return ANONYMOUS, None
    triples, link = await _passes_of(db, login.id, read_epochs)
    if user is not None:
        triples += await _grants_of(db, user.id)
    rights = collect_rights(triples)
    actor = Actor(
        user_id=user.id if user else None,
        login_id=login.id,
        link_id=link.id if link else None,
        name=user.name if user else (link.name if link else ""),
        email=user.email if user else (link.email if link else ""),
        is_admin=bool(user and user.is_admin),
        organiser_of=rights.organiser_of,
        viewer_of=rights.viewer_of,
        speaker_of=rights.speaker_of,
        speaks_at=rights.speaks_at,
    )
    return actor, login


async def actor_by_token(db: Db, secret: str, *, moment: datetime) -> tuple[Actor, ApiToken] | None:
    """Whoever sent this API token, or None when it is not valid. Two statements."""
    found = (
        await db.execute(
            select(ApiToken, User)
            .join(User, User.id == ApiToken.user_id)
            .where(ApiToken.token_hash == hash_secret(secret))
        )
    ).first()
    if found is None:
        return None
    token, user = found
    is_over = token.expires_at is not None and token.expires_at <= moment
    if token.revoked_at is not None or is_over or user.disabled_at is not None:
        return None
    rights = collect_rights(await _grants_of(db, user.id))
    actor = Actor(
        user_id=user.id,
        token_id=token.id,
        name=user.name,
        email=user.email,
        is_admin=user.is_admin,
        organiser_of=rights.organiser_of,
        viewer_of=rights.viewer_of,
        speaker_of=rights.speaker_of,
        speaks_at=rights.speaks_at,
        scopes=frozenset(token.scopes),
    )
    return actor, token


async def _grants_of(db: Db, user_id: str) -> list[tuple[str, str, str | None]]:
    rows = await db.execute(select(Grant.role, Grant.event_id, Grant.scope_id).where(Grant.user_id == user_id))
    return [(role, event_id, scope_id) for role, event_id, scope_id in rows]


async def _passes_of(
    db: Db, login_id: str, read_epochs: EpochReader
) -> tuple[list[tuple[str, str, str | None]], PersonalLink | None]:
    """What the login's passes open, and the personal link it followed last."""
    rows = await db.execute(
        select(LoginPass, PersonalLink)
        .outerjoin(PersonalLink, PersonalLink.id == LoginPass.link_id)
        .where(LoginPass.login_id == login_id)
        .order_by(LoginPass.updated_at, LoginPass.id)
    )
    triples: list[tuple[str, str, str | None]] = []
    by_code: dict[str, int] = {}
    last: PersonalLink | None = None
    for entry, link in rows:
        if link is not None and link.revoked_at is None:
            triples.append((link.role, link.event_id, link.session_id))
            last = link
        elif entry.event_id is not None:
            by_code[entry.event_id] = entry.access_epoch
    if by_code:
        present = await read_epochs(db, by_code)
        triples += [(VIEWER, event_id, None) for event_id, epoch in by_code.items() if present.get(event_id) == epoch]
    return triples, last
