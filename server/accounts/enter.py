"""The ways in, whole: limits, checks and the fresh login. API routes and pages (server/web) call these alike.

    sign_in             address and password            → FreshLogin
    ask_for_link        a letter with a one-time link   → nothing, whether or not the address is known
    enter_by_one_time   the link in that letter, by POST after its landing page `/sign-in/{secret}` → FreshLogin
    follow_link         a personal link, `/join/{secret}` → the link, and a FreshLogin unless the browser has it already
    enter_by_code       the access code of a closed event → FreshLogin

The cookies for a FreshLogin are `guards.login_cookies(fresh.secret, runtime)`.
"""

from dataclasses import dataclass

from server.accounts.errors import AccessCodeWrong, MailOff, NoAccessCode
from server.accounts.jobs import SendSignInLink
from server.accounts.links import add_code_pass, add_link_pass, get_link, touch_link
from server.accounts.login import FreshLogin, check_password, open_login, use_sign_in_link
from server.accounts.models import PersonalLink, User
from server.accounts.passwords import is_password
from server.accounts.queries import fold_email, pass_of, valid_login
from server.accounts.users import check_email
from server.core.clock import now
from server.core.db import Db
from server.core.ids import hash_secret
from server.core.jobs import enqueue
from server.core.limits import check_rate
from server.core.runtime import Runtime

_QUARTER_S = 15 * 60


@dataclass(frozen=True, kw_only=True)
class Browser:
    """The browser at the door: its address as limits count it, what it calls itself, and its login cookie."""

    address: str
    user_agent: str = ""
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Door:
    """What entering a closed event by code needs to know of it."""

    event_id: str
    access_code_hash: str | None
    access_epoch: int


async def sign_in(runtime: Runtime, browser: Browser, *, email: str, password: str) -> tuple[FreshLogin, User]:
    """Sign in by password. Raises SignInFailed or TooMany: 10 attempts an account, 60 an address, a quarter hour."""
    await check_rate(runtime.redis, f"sign-in:from:{browser.address}", most=60, window_s=_QUARTER_S)
    await check_rate(runtime.redis, f"sign-in:as:{_key(email)}", most=10, window_s=_QUARTER_S)
    user = await check_password(runtime.database, email=email, password=password)
    async with runtime.database.write() as db:
        return await _open(db, runtime, browser, user_id=user.id), user


async def ask_for_link(
    runtime: Runtime, browser: Browser, *, email: str, language: str = "en", next_path: str = ""
) -> None:
    """Order a letter with a one-time link. Raises EmailInvalid, MailOff or TooMany: 5 letters an address an hour."""
    email = check_email(email)
    if not runtime.smtp_url:
        raise MailOff
    await check_rate(runtime.redis, f"link:from:{browser.address}", most=20, window_s=3600)
    await check_rate(runtime.redis, f"link:to:{_key(email)}", most=5, window_s=3600)
    async with runtime.database.write() as db:
        await enqueue(db, SendSignInLink(email=email, language=language, next_path=next_path))


async def enter_by_one_time(runtime: Runtime, browser: Browser, *, secret: str) -> tuple[FreshLogin, User]:
    """Sign in by a one-time link, which is used up. Raises SignInLinkInvalid or TooMany."""
    await check_rate(runtime.redis, f"one-time:from:{browser.address}", most=60, window_s=_QUARTER_S)
    async with runtime.database.write() as db:
        user = await use_sign_in_link(db, secret)
        return await _open(db, runtime, browser, user_id=user.id), user


async def follow_link(runtime: Runtime, browser: Browser, *, secret: str) -> tuple[FreshLogin | None, PersonalLink]:
    """Enter by a personal link. Raises PersonalLinkInvalid or TooMany.

    None instead of a login when the browser holds the link's pass already: a bookmarked link changes nothing.
    """
    await check_rate(runtime.redis, f"join:from:{browser.address}", most=120, window_s=_QUARTER_S)
    moment = now()
    async with runtime.database.write() as db:
        link = await get_link(db, secret)
        await touch_link(db, link, moment=moment)
        login = await valid_login(db, browser.secret, moment=moment)
        if login is not None and await pass_of(db, login.id, link_id=link.id) is not None:
            await add_link_pass(db, login.id, link)
            return None, link
        fresh = await _open(db, runtime, browser, user_id=None)
        await add_link_pass(db, fresh.login_id, link)
        return fresh, link


async def enter_by_code(runtime: Runtime, browser: Browser, *, door: Door, code: str) -> FreshLogin:
    """Enter a closed event by its access code. Raises AccessCodeWrong, NoAccessCode or TooMany.

    People choose the codes and print them on badges, so they are hashed like passwords and guesses are limited: 60 an
    address, and 3,000 an event, a quarter hour.
    """
    if door.access_code_hash is None:
        raise NoAccessCode
    key = f"code:{door.event_id}"
    await check_rate(runtime.redis, f"{key}:from:{browser.address}", most=60, window_s=_QUARTER_S)
    await check_rate(runtime.redis, key, most=3000, window_s=_QUARTER_S)
    if not await is_password(door.access_code_hash, fold_code(code)):
        raise AccessCodeWrong
    async with runtime.database.write() as db:
        fresh = await _open(db, runtime, browser, user_id=None)
        # The epoch is the one the code was checked in: had the doors been closed since, the pass opens nothing.
        await add_code_pass(db, fresh.login_id, event_id=door.event_id, access_epoch=door.access_epoch)
        return fresh


def fold_code(code: str) -> str:
    """An access code as it is compared: what people type from a slide, without case and spaces."""
    return "".join(code.casefold().split())


async def _open(db: Db, runtime: Runtime, browser: Browser, *, user_id: str | None) -> FreshLogin:
    return await open_login(
        db,
        user_id=user_id,
        lasts_s=runtime.limits.login_s,
        user_agent=browser.user_agent,
        old_secret=browser.secret,
    )


def _key(email: str) -> str:
    """A limit's key for an address; hashed, for no address belongs in Redis."""
    return hash_secret(fold_email(email))[:32]
