"""People over HTTP: signing in and out, accounts, API tokens."""

from typing import Any

from litestar import Request, Response, Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from server.accounts.actor import Actor
from server.accounts.enter import ask_for_link, enter_by_one_time, sign_in
from server.accounts.guards import browser_of, csrf_token, login_cookies, no_login_cookies
from server.accounts.login import FreshLogin, make_sign_in_link, sign_out, sign_out_everywhere
from server.accounts.models import Login, User
from server.accounts.policy import ANYTHING, Action, require
from server.accounts.queries import get_user, logins_of, users_matching
from server.accounts.schemas import (
    AskForLink,
    LoginView,
    Me,
    NewPassword,
    NewToken,
    NewUser,
    OwnChanges,
    SignIn,
    TokenMade,
    TokenView,
    UseLink,
    UserChanges,
    UserMade,
    UserView,
    login_view,
    me_view,
    token_view,
    user_view,
)
from server.accounts.tokens import check_scopes, make_token, revoke_token, tokens_of
from server.accounts.users import change_password, create_user, set_admin, set_disabled, sign_in_url
from server.core.clock import now
from server.core.errors import Forbidden, NotFound
from server.core.http import PROBLEM_RESPONSES, Page, decode_cursor, encode_cursor
from server.core.keyset import Key, cut_page, one_page
from server.core.runtime import Runtime

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}
_SIGNING_IN: dict[str, Any] = {"opt": {"csrf": "always"}, "status_code": 200, **_ERRORS}
_PRIVATE = {"Cache-Control": "no-store"}
_USER_KEYS = (Key(User.email, lambda user: user.email), Key(User.id, lambda user: user.id))

AnyRequest = Request[Any, Any, Any]


def _signed_in(fresh: FreshLogin, user: User, runtime: Runtime) -> Response[UserView]:
    return Response(user_view(user), headers=_PRIVATE, cookies=login_cookies(fresh.secret, runtime))


@post("/sign-in", summary="Sign in with a password", **_SIGNING_IN)
async def sign_in_with_password(
    request: AnyRequest, data: JSONBody[SignIn], runtime: NamedDependency[Runtime]
) -> Response[UserView]:
    """Sets the login cookie. Needs the CSRF token of `GET /api/v1/users/me`; programs use API tokens instead."""
    fresh, user = await sign_in(runtime, browser_of(request, runtime), email=data.email, password=data.password)
    return _signed_in(fresh, user, runtime)


@post("/sign-in-links", summary="Ask for a one-time sign-in link by mail", **{**_SIGNING_IN, "status_code": 204})
async def ask_for_sign_in_link(
    request: AnyRequest, data: JSONBody[AskForLink], runtime: NamedDependency[Runtime]
) -> None:
    """A letter goes out if the address has an account; the answer is the same if not."""
    await ask_for_link(
        runtime, browser_of(request, runtime), email=data.email, language=data.language, next_path=data.next
    )


@post("/sign-in-links/use", summary="Sign in by a one-time link", **_SIGNING_IN)
async def use_one_time_link(
    request: AnyRequest, data: JSONBody[UseLink], runtime: NamedDependency[Runtime]
) -> Response[UserView]:
    """Uses the link up and sets the login cookie."""
    fresh, user = await enter_by_one_time(runtime, browser_of(request, runtime), secret=data.token)
    return _signed_in(fresh, user, runtime)


@post("/sign-out", status_code=204, summary="Sign this browser out", **_ERRORS)
async def sign_out_here(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> Response[None]:
    """Ends the login, its passes too; without one it does nothing."""
    if actor.login_id is not None:
        async with runtime.database.write() as db:
            await sign_out(db, actor.login_id)
    return Response(None, status_code=204, cookies=no_login_cookies(runtime))


@get("/users/me", summary="Who am I", **_ERRORS)
async def who_am_i(
    request: AnyRequest, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[Me]:
    """The asker, also an anonymous one (`id` null), with the CSRF token for requests by cookie."""
    by_token = actor.scopes is not None
    if by_token:
        require(actor, Action.SEE_SELF, ANYTHING)
    token = "" if by_token else csrf_token(request, runtime)
    return Response(me_view(actor, csrf_token=token), headers=_PRIVATE)


async def _own_account(runtime: Runtime, actor: Actor, action: Action) -> User:
    """The asker's account, once they may do this to it."""
    require(actor, action, ANYTHING)
    async with runtime.database.read() as db:
        return await get_user(db, actor.user_id or "")


@patch("/users/me", summary="Change my name", **_ERRORS)
async def change_me(
    data: JSONBody[OwnChanges], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> UserView:
    """Change what belongs to oneself."""
    require(actor, Action.MANAGE_SELF, ANYTHING)
    async with runtime.database.write() as db:
        user = await get_user(db, actor.user_id or "")
        user.name = data.name.strip()
        return user_view(user)


@put("/users/me/password", status_code=204, summary="Set my password", **_ERRORS)
async def set_my_password(
    data: JSONBody[NewPassword], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """Ends every other login of the account."""
    user = await _own_account(runtime, actor, Action.MANAGE_SELF)
    await change_password(runtime, user=user, new=data.password, present=data.present, keep_login_id=actor.login_id)


@get("/users/me/logins", summary="Where I am signed in", **_ERRORS)
async def my_logins(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> Page[LoginView]:
    """Every signed-in browser, the one seen last first."""
    require(actor, Action.SEE_SELF, ANYTHING)
    async with runtime.database.read() as db:
        found = await logins_of(db, actor.user_id or "", moment=now())
    return Page([login_view(login, present_id=actor.login_id) for login in found], None)


@delete("/users/me/logins", status_code=204, summary="Sign out everywhere", **_ERRORS)
async def sign_out_of_all(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> Response[None]:
    """Ends every login of the account, this one too."""
    require(actor, Action.MANAGE_SELF, ANYTHING)
    async with runtime.database.write() as db:
        await sign_out_everywhere(db, actor.user_id or "")
    return Response(None, status_code=204, cookies=no_login_cookies(runtime))


@delete("/users/me/logins/{login_id:str}", status_code=204, summary="Sign one browser out", **_ERRORS)
async def sign_one_out(
    login_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """Ends one login of the account."""
    require(actor, Action.MANAGE_SELF, ANYTHING)
    async with runtime.database.write() as db:
        login = await db.get(Login, login_id)
        if login is None or login.user_id != actor.user_id:
            raise NotFound
        await sign_out(db, login_id)


@get("/users", summary="List accounts (admins)", **_ERRORS)
async def list_users(
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    q: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
    after: FromQuery[str | None] = None,
) -> Page[UserView]:
    """Accounts by address; `q` looks in addresses and names."""
    require(actor, Action.ADMINISTER, ANYTHING)
    size = min(max(limit, 1), 200)
    cursor = decode_cursor(after, length=len(_USER_KEYS)) if after else None
    async with runtime.database.read() as db:
        rows = (await db.scalars(one_page(users_matching(q), _USER_KEYS, limit=size, after=cursor))).all()
    users, beyond = cut_page(rows, _USER_KEYS, limit=size)
    return Page([user_view(user) for user in users], encode_cursor(beyond) if beyond else None)


@post("/users", summary="Make an account (admins)", **_ERRORS)
async def make_user(
    data: JSONBody[NewUser], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[UserMade]:
    """Answers with a one-time sign-in link to hand over."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.write() as db:
        user = await create_user(db, email=data.email, name=data.name, is_admin=data.is_admin)
        url = sign_in_url(runtime.base_url, await make_sign_in_link(db, user))
    return Response(UserMade(user_view(user), url), status_code=201, headers=_PRIVATE)


@get("/users/{user_id:str}", summary="One account (admins)", **_ERRORS)
async def show_user(
    user_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> UserView:
    """An account by id."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.read() as db:
        return user_view(await get_user(db, user_id))


@patch("/users/{user_id:str}", summary="Rename, disable or make admin (admins)", **_ERRORS)
async def change_user(
    user_id: FromPath[str],
    data: JSONBody[UserChanges],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> UserView:
    """Disabling ends the account's logins and silences its tokens; the last admin stays."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.write() as db:
        user = await get_user(db, user_id)
        if isinstance(data.name, str):
            user.name = data.name.strip()
        if isinstance(data.is_admin, bool):
            await set_admin(db, user, data.is_admin)
        if isinstance(data.is_disabled, bool):
            await set_disabled(db, user, data.is_disabled)
        return user_view(user)


@post("/users/{user_id:str}/sign-in-links", summary="Make a one-time sign-in link (admins)", **_ERRORS)
async def make_link_for_user(
    user_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[UserMade]:
    """For somebody whose letter did not arrive; told this once, good for 24 hours and one use."""
    require(actor, Action.ADMINISTER, ANYTHING)
    async with runtime.database.write() as db:
        user = await get_user(db, user_id)
        url = sign_in_url(runtime.base_url, await make_sign_in_link(db, user))
    return Response(UserMade(user_view(user), url), status_code=201, headers=_PRIVATE)


@get("/tokens", summary="My API tokens", **_ERRORS)
async def my_tokens(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> Page[TokenView]:
    """Tokens that are not revoked, the newest first; secrets are never shown again."""
    require(actor, Action.MANAGE_SELF, ANYTHING)
    async with runtime.database.read() as db:
        found = await tokens_of(db, actor.user_id or "")
    return Page([token_view(token) for token in found], None)


@post("/tokens", summary="Make an API token", **_ERRORS)
async def make_my_token(
    data: JSONBody[NewToken], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[TokenMade]:
    """The secret is told this once. A token never makes one that may do more than itself."""
    require(actor, Action.MANAGE_SELF, ANYTHING)
    if actor.scopes is not None and not set(check_scopes(data.scopes)) <= actor.scopes:
        raise Forbidden("A token can only make tokens with scopes it has itself.")
    async with runtime.database.write() as db:
        token, secret = await make_token(
            db, user_id=actor.user_id or "", name=data.name, scopes=data.scopes, expires_at=data.expires_at
        )
    made = TokenMade(id=token.id, token=secret, name=token.name, scopes=token.scopes, expires_at=token.expires_at)
    return Response(made, status_code=201, headers=_PRIVATE)


@delete("/tokens/{token_id:str}", status_code=204, summary="Revoke an API token", **_ERRORS)
async def revoke_my_token(
    token_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """It stops working at once."""
    require(actor, Action.MANAGE_SELF, ANYTHING)
    async with runtime.database.write() as db:
        await revoke_token(db, token_id=token_id, user_id=actor.user_id)


accounts_router = Router(
    path="/api/v1",
    route_handlers=[
        sign_in_with_password,
        ask_for_sign_in_link,
        use_one_time_link,
        sign_out_here,
        who_am_i,
        change_me,
        set_my_password,
        my_logins,
        sign_out_of_all,
        sign_one_out,
        list_users,
        make_user,
        show_user,
        change_user,
        make_link_for_user,
        my_tokens,
        make_my_token,
        revoke_my_token,
    ],
    tags=["people"],
)
