"""Who is asking, and whether an unsafe request by cookie is our own page's: the edge of accounts.

`actor_provider` makes the app-wide `actor` dependency; `CsrfProtection` is the app-wide middleware; `set_login` and
`clear_login` are for handlers that sign in and out; `csrf_token` is for pages with forms.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError

from server.accounts import csrf
from server.accounts.actor import ANONYMOUS, Actor
from server.accounts.enter import Browser
from server.accounts.errors import CsrfFailed, TokenInvalid
from server.accounts.login import LOGIN_SEEN_EVERY, touch_login
from server.accounts.queries import EpochReader, actor_by_login, actor_by_token
from server.accounts.tokens import TOKEN_SEEN_EVERY, touch_token
from server.core.clock import now
from server.core.errors import SemmaError
from server.core.limits import counted_address
from server.core.runtime import Runtime

log = structlog.get_logger(__name__)

LOGIN_COOKIE, CSRF_COOKIE = "semma_login", "semma_csrf"
CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "_csrf"
# The row in the database says when a login ends; the cookie only must not go before it (400 days: RFC 6265bis §5.5).
_COOKIE_MAX_AGE_S = 400 * 86400

Connection = ASGIConnection[Any, Any, Any, Any]
ActorProvider = Callable[[Request[Any, Any, Any], Runtime], Awaitable[Actor]]


def cookie_name(name: str, *, is_https: bool) -> str:
    """The cookie's full name: on https only this very host may have set it (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{name}" if is_https else name


def login_secret_of(connection: Connection, runtime: Runtime) -> str:
    """The login cookie's secret, "" without one."""
    return connection.cookies.get(cookie_name(LOGIN_COOKIE, is_https=runtime.is_https), "")


def bearer_of(connection: Connection) -> str | None:
    """The bearer token sent, None without one (RFC 6750 §2.1). Whoever sends one is never taken by cookie."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def address_of(connection: Connection) -> str:
    """The asker's address as counted by rate limits: an IPv6 network counts as one, its holder has 2⁶⁴ addresses."""
    return counted_address(connection.client.host if connection.client else "")


def browser_of(connection: Connection, runtime: Runtime) -> Browser:
    """The browser at the door, for the ways in (enter.py)."""
    return Browser(
        address=address_of(connection),
        user_agent=connection.headers.get("user-agent", ""),
        secret=login_secret_of(connection, runtime),
    )


def actor_provider(read_epochs: EpochReader) -> ActorProvider:
    """Make the app-wide dependency `actor`; the root hands in how the events' access epochs are read."""

    async def provide_actor(request: Request[Any, Any, Any], runtime: NamedDependency[Runtime]) -> Actor:
        """Who is asking: by bearer token, by login cookie, or ANONYMOUS. Raises TokenInvalid (401)."""
        return await read_actor(request, runtime, read_epochs)

    return provide_actor


async def read_actor(connection: Connection, runtime: Runtime, read_epochs: EpochReader) -> Actor:
    """Who is asking, also for sockets; read once a request."""
    state = connection.scope["state"]
    if "actor" not in state:
        bearer = bearer_of(connection)
        secret = login_secret_of(connection, runtime)
        if bearer is not None:
            state["actor"] = await _by_bearer(runtime, bearer)
        elif secret:
            state["actor"] = await _by_cookie(runtime, secret, read_epochs)
        else:
            state["actor"] = ANONYMOUS
    actor: Actor = state["actor"]
    return actor


async def _by_bearer(runtime: Runtime, bearer: str) -> Actor:
    moment = now()
    async with runtime.database.read() as db:
        found = await actor_by_token(db, bearer, moment=moment)
    if found is None:
        raise TokenInvalid
    actor, token = found
    if token.last_used_at is None or moment - token.last_used_at > TOKEN_SEEN_EVERY:
        await _note(runtime, lambda db: touch_token(db, token.id, moment=moment))
    return actor


async def _by_cookie(runtime: Runtime, secret: str, read_epochs: EpochReader) -> Actor:
    moment = now()
    async with runtime.database.read() as db:
        actor, login = await actor_by_login(db, secret, moment=moment, read_epochs=read_epochs)
    if login is not None and moment - login.last_seen_at > LOGIN_SEEN_EVERY:
        until = moment + timedelta(seconds=runtime.limits.login_s)
        await _note(runtime, lambda db: touch_login(db, login.id, moment=moment, until=until))
    return actor


async def _note(runtime: Runtime, act: Callable[[Any], Awaitable[None]]) -> None:
    """Write down that somebody was seen; a database that is busy costs the note, not the request."""
    try:
        async with runtime.database.write() as db:
            await act(db)
    except (SQLAlchemyError, OSError) as error:
        log.warning("accounts.not_noted", error=str(error))


def login_cookies(secret: str, runtime: Runtime) -> list[Cookie]:
    """The cookies of a fresh login, with the CSRF token that belongs to it."""
    return [
        Cookie(
            key=cookie_name(LOGIN_COOKIE, is_https=runtime.is_https),
            value=secret,
            max_age=_COOKIE_MAX_AGE_S,
            path="/",
            httponly=True,
            secure=runtime.is_https,
            samesite="lax",
        ),
        _csrf_cookie(csrf.make_token(runtime.keyring, secret), runtime),
    ]


def no_login_cookies(runtime: Runtime) -> list[Cookie]:
    """Cookies that take the login and its CSRF token away."""
    return [
        Cookie(
            key=cookie_name(name, is_https=runtime.is_https),
            value="",
            max_age=0,
            path="/",
            httponly=name == LOGIN_COOKIE,
            secure=runtime.is_https,
            samesite="lax",
        )
        for name in (LOGIN_COOKIE, CSRF_COOKIE)
    ]


def csrf_token(connection: Connection, runtime: Runtime) -> str:
    """The CSRF token for the form fields `_csrf` and scripts of the page being answered.

    The middleware sets its cookie with the answer when the browser does not have it yet; such an answer is private.
    """
    state = connection.scope["state"]
    if "csrf_token" not in state:
        secret = login_secret_of(connection, runtime)
        present = connection.cookies.get(cookie_name(CSRF_COOKIE, is_https=runtime.is_https), "")
        if present and csrf.is_ours(runtime.keyring, present, secret):
            state["csrf_token"] = present
        else:
            state["csrf_token"] = state["csrf_new"] = csrf.make_token(runtime.keyring, secret)
    token: str = state["csrf_token"]
    return token


def _csrf_cookie(token: str, runtime: Runtime) -> Cookie:
    return Cookie(
        key=cookie_name(CSRF_COOKIE, is_https=runtime.is_https),
        value=token,
        max_age=_COOKIE_MAX_AGE_S,
        path="/",
        httponly=False,  # scripts send it back as a header
        secure=runtime.is_https,
        samesite="lax",
    )


class CsrfProtection(ASGIMiddleware):
    """Refuses unsafe requests by cookie that our own page did not send.

    Bearer requests are exempt: no browser adds a bearer token by itself. A request without a login cookie needs the
    right origin only, unless its handler has `opt={"csrf": "always"}`: signing in, so that nobody can be signed in
    as somebody else. Tus uploads send the header. A form field is looked for in small urlencoded bodies only.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._base_host = urlsplit(runtime.base_url).netloc

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Check an unsafe request, then set a new token's cookie with the answer when a page asked for one."""
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        if request.method not in csrf.SAFE_METHODS and bearer_of(request) is None:
            try:
                await self._check(request)
            except CsrfFailed as error:
                await _refuse(request, error, scope, receive, send)
                return

        async def send_with_cookie(message: Message) -> None:
            token = scope["state"].get("csrf_new")
            if token and message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers.add("Set-Cookie", _csrf_cookie(token, self._runtime).to_header(header=""))
            await send(message)

        await next_app(scope, receive, send_with_cookie)

    async def _check(self, request: Request[Any, Any, Any]) -> None:
        """Raise CsrfFailed unless the request is proven to be our own page's."""
        headers = request.headers
        own = csrf.is_own_origin(
            hosts=frozenset({self._base_host, headers.get("host", "")}),
            origin=headers.get("origin"),
            referer=headers.get("referer"),
            fetch_site=headers.get("sec-fetch-site"),
        )
        if not own:
            raise CsrfFailed
        secret = login_secret_of(request, self._runtime)
        handler = request.scope.get("route_handler")
        always = handler is not None and handler.opt.get("csrf") == "always"
        if not secret and not always:
            return
        cookie = request.cookies.get(cookie_name(CSRF_COOKIE, is_https=self._runtime.is_https), "")
        sent = headers.get(CSRF_HEADER) or _token_in_query(request) or await _token_in_form(request)
        if not csrf.is_proven(self._runtime.keyring, cookie=cookie, sent=sent, login_secret=secret):
            raise CsrfFailed


async def _refuse(
    request: Request[Any, Any, Any], error: CsrfFailed, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer as the application answers errors: raised from here, it would leave without its request id and count."""
    answer = request.app.exception_handlers.get(SemmaError)
    if answer is None:
        raise error
    response = answer(request, error)
    await response.to_asgi_response(app=None, request=request)(scope, receive, send)


def _token_in_query(request: Request[Any, Any, Any]) -> str:
    """The token in the address of a form with a file (`opt={"csrf_in_query": True}`), "" elsewhere: its body is not
    read before whoever sends it is known."""
    handler = request.scope.get("route_handler")
    allowed = handler is not None and handler.opt.get("csrf_in_query")
    return request.query_params.get(CSRF_FIELD, "") if allowed else ""


async def _token_in_form(request: Request[Any, Any, Any]) -> str:
    """The token in a small urlencoded body, "" without one; the handler reads the same body afterwards."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    length = request.headers.get("content-length", "")
    if content_type != "application/x-www-form-urlencoded" or not length.isdecimal():
        return ""
    if int(length) > csrf.FORM_MAX_BYTES:
        return ""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    return fields.get(CSRF_FIELD, [""])[0]
