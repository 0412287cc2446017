"""Signing in and out: passwords, one-time links, passes; logins are rows, so an emptied Redis signs nobody out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from server.accounts.errors import SignInFailed, SignInLinkInvalid
from server.accounts.models import Login, LoginPass, SignInLink, User
from server.accounts.passwords import hash_password, is_password, needs_rehash, waste_time
from server.core.clock import now
from server.core.db import Db
from server.core.ids import hash_secret, new_secret

LOGIN_SEEN_EVERY = timedelta(minutes=30)  # a request writes nothing unless the last note is older
SIGN_IN_LINK_LASTS = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class FreshLogin:
    """A login just made: its row's id and the secret for the cookie, which is stored nowhere."""

    login_id: str
    secret: str


async def open_login(
    db: Db, *, user_id: str | None, lasts_s: int, user_agent: str = "", old_secret: str = ""
) -> FreshLogin:
    """A login with a fresh id and secret. The one of `old_secret` ends; the passes it held move along.

    A cookie that somebody planted before signing in therefore never becomes a signed-in one (session fixation).
    """
    secret = new_secret("semma_login")
    moment = now()
    login = Login(
        user_id=user_id,
        token_hash=hash_secret(secret),
        user_agent=user_agent[:300],
        last_seen_at=moment,
        expires_at=moment + timedelta(seconds=lasts_s),
    )
    db.add(login)
    await db.flush()
    if old_secret:
        await _replace_login(db, old_secret, login)
    return FreshLogin(login_id=login.id, secret=secret)


async def _replace_login(db: Db, old_secret: str, login: Login) -> None:
    """End the old login; its passes move to the new one, unless it was another user's."""
    old = await db.scalar(select(Login).where(Login.token_hash == hash_secret(old_secret)))
    if old is None:
        return
    if old.user_id is None or old.user_id == login.user_id:
        await db.execute(update(LoginPass).where(LoginPass.login_id == old.id).values(login_id=login.id))
        if login.user_id is None:
            login.user_id = None
    await db.execute(delete(Login).where(Login.id == old.id))


async def sign_in_with_password(db: Db, *, email: str, password: str) -> User:
    """The user whose address and password these are; raises SignInFailed after the same work whoever it is.

    The hash is renewed when its parameters are no longer today's.
    """
    user = await db.scalar(select(User).where(User.email == fold_email(email)))
    if user is None or user.password_hash is None:
        await waste_time(password)
        raise SignInFailed
    if not await is_password(user.password_hash, password) or user.disabled_at is not None:
        raise SignInFailed
    if needs_rehash(user.password_hash):
        user.password_hash = await hash_password(password)
    return user


async def make_sign_in_link(db: Db, user: User) -> str:
    """The secret of a new one-time link, good for 24 hours and one use."""
    secret = new_secret("semma_in")
    db.add(SignInLink(user_id=user.id, token_hash=hash_secret(secret), expires_at=now() + SIGN_IN_LINK_LASTS))
    await db.flush()
    return secret


async def use_sign_in_link(db: Db, secret: str) -> User:
    """The link's user; the link is used up by it, also when two come at once. Raises SignInLinkInvalid."""
    moment = now()
    used = await db.scalar(
        update(SignInLink)
        .where(
            SignInLink.token_hash == hash_secret(secret),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > moment,
        )
        .values(used_at=moment)
        .returning(SignInLink.user_id)
    )
    user = await db.get(User, used) if used is not None else None
    if user is None or user.disabled_at is not None:
        raise SignInLinkInvalid
    return user


async def sign_out(db: Db, login_id: str) -> None:
    """End this login."""
    await db.execute(delete(Login).where(Login.id == login_id))


async def sign_out_everywhere(db: Db, user_id: str) -> None:
    """End every login of the user, this one too."""
    await db.execute(delete(Login).where(Login.user_id == user_id))


async def touch_login(db: Db, login_id: str, *, moment: datetime, until: datetime) -> None:
    """Note that the login was seen and let it last on."""
    await db.execute(
        update(Login)
        .where(Login.id == login_id, Login.last_seen_at < moment - LOGIN_SEEN_EVERY)
        .values(last_seen_at=moment, expires_at=until)
    )


def fold_email(text: str) -> str:
    """The address as it is stored: trimmed, lower case."""
    return text.strip().casefold()
