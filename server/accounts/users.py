"""Accounts: made by an admin or the command line, changed by their owner."""

import re
from urllib.parse import quote

from sqlalchemy import delete, select

from server.accounts.errors import EmailInvalid, EmailTaken, LastAdmin, SignInFailed
from server.accounts.models import Login, User
from server.accounts.passwords import hash_password, is_password
from server.accounts.queries import fold_email, user_by_email
from server.core.clock import now
from server.core.db import Db
from server.core.limits import check_rate
from server.core.runtime import Runtime

# Enough to catch a slip of the pen; whether an address exists only a letter can tell (RFC 5321 §4.5.3.1 for lengths).
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.-][^\s@<>,;:\"()\[\]\\]{0,252}")


def check_email(text: str) -> str:
    """The address folded; raises EmailInvalid."""
    email = fold_email(text)
    if len(email) > 254 or not _EMAIL.fullmatch(email) or not email.isprintable():
        raise EmailInvalid
    return email


async def create_user(db: Db, *, email: str, name: str = "", is_admin: bool = False) -> User:
    """A new account without a password; raises EmailInvalid or EmailTaken."""
    email = check_email(email)
    if await user_by_email(db, email) is not None:
        raise EmailTaken
    user = User(email=email, name=name.strip()[:200], is_admin=is_admin)
    db.add(user)
    await db.flush()
    return user


async def find_or_create_user(db: Db, *, email: str, name: str = "") -> User:
    """The account with this address, made when there is none."""
    found = await user_by_email(db, check_email(email))
    return found or await create_user(db, email=email, name=name)


async def set_admin(db: Db, user: User, is_admin: bool) -> None:
    """Make somebody admin or not; raises LastAdmin when nobody would be left."""
    if user.is_admin and not is_admin:
        await _check_other_admin(db, user)
    user.is_admin = is_admin
    await db.flush()


async def set_disabled(db: Db, user: User, is_disabled: bool) -> None:
    """Disable an account, which ends its logins, or let it in again; raises LastAdmin."""
    if is_disabled and user.disabled_at is None:
        if user.is_admin:
            await _check_other_admin(db, user)
        user.disabled_at = now()
        await db.execute(delete(Login).where(Login.user_id == user.id))
    elif not is_disabled:
        user.disabled_at = None
    await db.flush()


def sign_in_url(base_url: str, secret: str, *, next_path: str = "") -> str:
    """The address of a one-time link's landing page (server/web), which signs in by POST."""
    back = f"?next={quote(next_path, safe='/')}" if is_own_path(next_path) else ""
    return f"{base_url}/sign-in/{secret}{back}"


def is_own_path(path: str) -> bool:
    """Whether this is a path on this very site: `//host` and `/\\host` would lead elsewhere."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


async def change_password(
    runtime: Runtime, *, user: User, new: str, present: str | None, keep_login_id: str | None
) -> None:
    """Set a password and end every other login. The present one, if there is any, must be given.

    Raises SignInFailed, PasswordWeak, TooMany. No transaction is open while argon2 works.
    """
    await check_rate(runtime.redis, f"password:of:{user.id}", most=10, window_s=900)
    if user.password_hash is not None and not await is_password(user.password_hash, present or ""):
        raise SignInFailed("The present password is not right; nothing was changed.")
    hashed = await hash_password(new)
    async with runtime.database.write() as db:
        await set_password_hash(db, user.id, hashed, keep_login_id=keep_login_id)


async def set_password_hash(db: Db, user_id: str, hashed: str | None, *, keep_login_id: str | None = None) -> None:
    """Store the hash (None: no password any more) and end the logins but the one to keep."""
    user = await db.get_one(User, user_id)
    user.password_hash = hashed
    await db.execute(delete(Login).where(Login.user_id == user_id, Login.id != (keep_login_id or "")))


async def _check_other_admin(db: Db, user: User) -> None:
    # Locked, so that two admins cannot take each other's rights at once and leave nobody.
    admins = select(User.id).where(User.is_admin, User.disabled_at.is_(None)).with_for_update()
    if not set(await db.scalars(admins)) - {user.id}:
        raise LastAdmin
