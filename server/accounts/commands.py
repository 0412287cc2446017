"""`semma user …` as plain functions: server/cli.py reads the command line, calls these, prints what they return.

    user create [--admin] [--name NAME] EMAIL     make_account → Account with its one-time link
    user link EMAIL                               make_link    → the one-time link
    user list                                     list_accounts
    user password EMAIL                           set_password (the CLI asks for it twice, unseen)
    user admin EMAIL [--no]                       make_admin
    user disable EMAIL [--undo]                   disable
    user token EMAIL NAME --scope read …          make_api_token → the token's secret

All raise errors of accounts/errors.py, whose `detail` is the sentence to print.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from server.accounts.errors import UserUnknown
from server.accounts.login import make_sign_in_link
from server.accounts.models import User
from server.accounts.passwords import hash_password
from server.accounts.queries import user_by_email
from server.accounts.tokens import make_token
from server.accounts.users import create_user, set_admin, set_disabled, set_password_hash, sign_in_url
from server.core.db import Db
from server.core.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account as the command line shows it; `link` only where a one-time link was made."""

    email: str
    name: str
    is_admin: bool
    is_disabled: bool
    has_password: bool
    created_at: datetime
    link: str = ""


async def make_account(runtime: Runtime, *, email: str, name: str = "", is_admin: bool = False) -> Account:
    """A new account with a one-time sign-in link, good for 24 hours. Raises EmailInvalid or EmailTaken."""
    async with runtime.database.write() as db:
        user = await create_user(db, email=email, name=name, is_admin=is_admin)
        link = sign_in_url(runtime.base_url, await make_sign_in_link(db, user))
    return _account(user, link=link)


async def ensure_admin(runtime: Runtime, *, email: str, name: str = "") -> Account:
    """The admin with this address, made when there is none, with a new one-time link: for `semma demo`."""
    async with runtime.database.write() as db:
        user = await user_by_email(db, email) or await create_user(db, email=email, name=name)
        user.is_admin = True
        link = sign_in_url(runtime.base_url, await make_sign_in_link(db, user))
    return _account(user, link=link)


async def make_link(runtime: Runtime, *, email: str) -> str:
    """A one-time sign-in link for an account. Raises UserUnknown."""
    async with runtime.database.write() as db:
        user = await _known(db, email)
        return sign_in_url(runtime.base_url, await make_sign_in_link(db, user))


async def list_accounts(runtime: Runtime) -> Sequence[Account]:
    """Every account, by address."""
    async with runtime.database.read() as db:
        return [_account(user) for user in await db.scalars(select(User).order_by(User.email))]


async def set_password(runtime: Runtime, *, email: str, password: str | None) -> None:
    """Set a password, or take it away (None); ends the account's logins. Raises UserUnknown or PasswordWeak."""
    hashed = None if password is None else await hash_password(password)
    async with runtime.database.write() as db:
        await set_password_hash(db, (await _known(db, email)).id, hashed)


async def make_admin(runtime: Runtime, *, email: str, is_admin: bool = True) -> Account:
    """Make an account admin, or no longer. Raises UserUnknown or LastAdmin."""
    async with runtime.database.write() as db:
        user = await _known(db, email)
        await set_admin(db, user, is_admin)
    return _account(user)


async def disable(runtime: Runtime, *, email: str, is_disabled: bool = True) -> Account:
    """Disable an account, or let it in again. Raises UserUnknown or LastAdmin."""
    async with runtime.database.write() as db:
        user = await _known(db, email)
        await set_disabled(db, user, is_disabled)
    return _account(user)


async def make_api_token(
    runtime: Runtime, *, email: str, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> str:
    """An API token of the account; told this once. Raises UserUnknown or Invalid."""
    async with runtime.database.write() as db:
        user = await _known(db, email)
        _token, secret = await make_token(db, user_id=user.id, name=name, scopes=scopes, expires_at=expires_at)
    return secret


async def _known(db: Db, email: str) -> User:
    user = await user_by_email(db, email)
    if user is None:
        raise UserUnknown(f"There is no account with the address {email}; `semma user list` shows all.")
    return user


def _account(user: User, *, link: str = "") -> Account:
    return Account(
        email=user.email,
        name=user.name,
        is_admin=user.is_admin,
        is_disabled=user.disabled_at is not None,
        has_password=user.password_hash is not None,
        created_at=user.created_at,
        link=link,
    )
