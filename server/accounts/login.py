"""Signing in and out: passwords, one-time links, passes; logins are rows, so an emptied Redis signs nobody out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from server.accounts.errors import SignInFailed, SignInLinkInvalid
from server.accounts.models import Login, LoginPass, SignInLink, User
from server.accounts.passwords import hash_password, is_password, needs_rehash, waste_time
from server.accounts.queries import user_by_email, valid_login
from server.core.clock import now
from server.core.db import Database, Db
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

    A cookie that somebody planted before therefore never becomes a signed-in one (session fixation). Without a
    `user_id` the old login's user stays signed in.
    """
    secret = new_secret("semma_login")
    moment = now()
    old = await valid_login(db, old_secret, moment=moment)
    login = Login(
        user_id=user_id or (old.user_id if old else None),
        token_hash=hash_secret(secret),
        user_agent=user_agent[:300],
        last_seen_at=moment,
        expires_at=moment + timedelta(seconds=lasts_s),
    )
    db.add(login)
    await db.flush()
    if old is not None:
        if old.user_id in (None, login.user_id):  # another user's passes are not theirs to keep
            await db.execute(update(LoginPass).where(LoginPass.login_id == old.id).values(login_id=login.id))
        await db.execute(delete(Login).where(Login.id == old.id))
    return FreshLogin(login_id=login.id, secret=secret)


async def check_password(database: Database, *, email: str, password: str) -> User:
    """The user whose address and password these are; raises SignInFailed after the same work whoever it is.

    No transaction is open while argon2 works: on SQLite it would keep every other writer waiting. The hash is renewed
    when its parameters are no longer today's.
    """
    async with database.read() as db:
        user = await user_by_email(db, email)
    if user is None or user.password_hash is None:
        await waste_time(password)
        raise SignInFailed
    if not await is_password(user.password_hash, password) or user.disabled_at is not None:
        raise SignInFailed
    if needs_rehash(user.password_hash):
        renewed = await hash_password(password)
        async with database.write() as db:
            await db.execute(
                update(User)
                .where(User.id == user.id, User.password_hash == user.password_hash)
                .values(password_hash=renewed)
            )
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
