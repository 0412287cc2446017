"""Reads of people and their access: each a fixed number of statements."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from server.accounts.actor import ANONYMOUS, Actor
from server.accounts.errors import UserUnknown
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
        link_id=link.id if link and not user else None,  # who has an account acts as themselves
        name=user.name if user else (link.name if link else ""),
        email=user.email if user else (link.email if link else ""),
        is_admin=bool(user and user.is_admin),
        organiser_of=rights.organiser_of,
        viewer_of=rights.viewer_of,
        speaker_of=rights.speaker_of,
        speaks_at=rights.speaks_at,
    )
    return actor, login


def reach_of(scopes: Iterable[str]) -> frozenset[str]:
    """What a token with these scopes may do: who may write may read."""
    found = set(scopes)
    return frozenset(found | {"read"} if "write" in found else found)


async def valid_login(db: Db, secret: str, *, moment: datetime) -> Login | None:
    """The login with this cookie's secret, None when it has ended or there is no cookie."""
    if not secret:
        return None
    found = await db.scalars(select(Login).where(Login.token_hash == hash_secret(secret), Login.expires_at > moment))
    return found.one_or_none()


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
        scopes=reach_of(token.scopes),
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


def fold_email(text: str) -> str:
    """The address as it is stored: trimmed, lower case."""
    return text.strip().casefold()


async def user_by_email(db: Db, email: str) -> User | None:
    """The account with this address, however it is written."""
    return (await db.scalars(select(User).where(User.email == fold_email(email)))).one_or_none()


async def get_user(db: Db, user_id: str) -> User:
    """The account with this id; raises UserUnknown."""
    user = await db.get(User, user_id)
    if user is None:
        raise UserUnknown
    return user


def users_matching(text: str) -> Select[User]:
    """Accounts whose address or name contains the text."""
    if not text.strip():
        return select(User)
    wanted = f"%{escape_like(text.strip())}%"
    return select(User).where(or_(User.email.ilike(wanted, escape="\\"), User.name.ilike(wanted, escape="\\")))


def escape_like(text: str) -> str:
    """The text as LIKE finds it literally, with a backslash as the escape."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def grants_on(db: Db, *, event_id: str, session_id: str | None = None) -> Sequence[tuple[Grant, User]]:
    """Who has a role on the event, or as a speaker on the one session; in order of giving."""
    statement = select(Grant, User).join(User, User.id == Grant.user_id).where(Grant.event_id == event_id)
    if session_id is None:
        statement = statement.where(Grant.role != SPEAKER)
    else:
        statement = statement.where(Grant.role == SPEAKER, Grant.scope_id == session_id)
    return [(grant, user) for grant, user in await db.execute(statement.order_by(Grant.id))]


async def count_organisers(db: Db, event_id: str) -> int:
    """How many accounts that are not disabled organise the event."""
    statement = (
        select(func.count())
        .select_from(Grant)
        .join(User, User.id == Grant.user_id)
        .where(Grant.role == ORGANISER, Grant.scope_id == event_id, User.disabled_at.is_(None))
    )
    return await db.scalar(statement) or 0


def links_on(event_id: str, *, session_id: str | None = None) -> Select[PersonalLink]:
    """Personal links of an event's attendees, or of the one session's speakers, that are not revoked."""
    return select(PersonalLink).where(
        PersonalLink.event_id == event_id,
        PersonalLink.session_id == session_id if session_id else PersonalLink.session_id.is_(None),
        PersonalLink.revoked_at.is_(None),
    )


async def logins_of(db: Db, user_id: str, *, moment: datetime) -> Sequence[Login]:
    """The user's signed-in browsers, the one seen last first."""
    found = await db.scalars(
        select(Login).where(Login.user_id == user_id, Login.expires_at > moment).order_by(Login.last_seen_at.desc())
    )
    return found.all()


async def link_by_secret(db: Db, secret: str) -> PersonalLink | None:
    """The personal link with this secret, a revoked one too."""
    return (await db.scalars(select(PersonalLink).where(PersonalLink.token_hash == hash_secret(secret)))).one_or_none()


async def pass_of(
    db: Db, login_id: str, *, link_id: str | None = None, event_id: str | None = None
) -> LoginPass | None:
    """The login's pass by this link, or into this event by its code."""
    by = LoginPass.link_id == link_id if link_id else LoginPass.event_id == event_id
    return (await db.scalars(select(LoginPass).where(LoginPass.login_id == login_id, by))).one_or_none()
