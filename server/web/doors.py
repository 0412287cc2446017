"""Pages to come in by: password, one-time link, personal link, access code; and the way out.

Forms that work without JavaScript; what they do is accounts' (enter.py). A one-time link waits for a click, so that a
mail scanner that follows it does not use it up.
"""

from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.enter import Door, ask_for_link, enter_by_code, enter_by_one_time, follow_link, sign_in
from server.accounts.errors import MailOff
from server.accounts.guards import browser_of, login_cookies, no_login_cookies
from server.accounts.login import sign_out
from server.accounts.users import is_own_path
from server.core.errors import NotFound, SemmaError
from server.core.http import status_of
from server.core.runtime import Runtime
from server.events.models import Event
from server.events.queries import find_event
from server.sessions.models import Session
from server.web.pages import show_door
from server.web.respond import READ, language_of, page, redirect
from server.web.view import View

AnyRequest = Request[Any, Any, Any]


def _(message: str) -> str:
    """Marks a message for extraction; it is translated where it is shown."""
    return message


# What the doors may answer in the words of accounts/errors.py and core/errors.py, here so that it is translated.
DOOR_WORDS = (
    _("This e-mail address and password do not belong together. Try again, or ask for a sign-in link."),
    _("This sign-in link was used already or has run out; ask for a new one."),
    _("This link is not valid (any more); ask the organiser for a new one."),
    _("This is not the access code of this event."),
    _("This event has no access code; ask the organiser for a personal link."),
    _("This is not an e-mail address."),
    _("Too many attempts; wait a little and try again."),
    _("This page is out of date or the request came from another site; reload the page and try again."),
)
_OPEN: dict[str, Any] = {"opt": {"public": True}, "include_in_schema": False}
_CHECKED: dict[str, Any] = {
    "opt": {"public": True, "csrf": "always"},
    "include_in_schema": False,
    "status_code": 200,
}


async def read_form(request: AnyRequest) -> dict[str, str]:
    """The fields of a small urlencoded form."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _after(wish: str, actor_default: str = "/") -> str:
    """Where to go next: a path of this site, or the default."""
    return wish if is_own_path(wish) else actor_default


@route("/sign-in", http_method=READ, **_OPEN)
async def sign_in_page(
    request: AnyRequest, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor], view: NamedDependency[View]
) -> Response[bytes]:
    """The sign-in form."""
    wish = request.query_params.get("next", "")
    return page(
        request,
        runtime,
        view,
        "sign_in.html",
        actor=actor,
        has_form=True,
        next=wish,
        problem="",
        sent=False,
        email="",
    )


@post("/sign-in", **_CHECKED)
async def sign_in_by_form(
    request: AnyRequest, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor], view: NamedDependency[View]
) -> Response[bytes]:
    """Sign in by password, or ask for a letter with a one-time link."""
    form = await read_form(request)
    email, wish, language = form.get("email", ""), form.get("next", ""), language_of(request)
    browser, problem, status, sent = browser_of(request, runtime), "", 200, False
    try:
        if form.get("way") == "link":
            await ask_for_link(runtime, browser, email=email, language=language, next_path=wish)
            sent = True
        else:
            fresh, _user = await sign_in(runtime, browser, email=email, password=form.get("password", ""))
            return redirect(_after(wish, "/studio"), cookies=login_cookies(fresh.secret, runtime))
    except SemmaError as error:
        problem, status = view.text(language, error.detail), status_of(error)
        if isinstance(error, MailOff):
            problem = view.text(language, "This site sends no mail. Ask the people who run it for a sign-in link.")
    return page(
        request,
        runtime,
        view,
        "sign_in.html",
        actor=actor,
        status=status,
        has_form=True,
        next=wish,
        problem=problem,
        sent=sent,
        email=email,
    )


@route("/sign-in/{secret:str}", http_method=READ, **_OPEN)
async def one_time_page(
    request: AnyRequest,
    secret: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Where a one-time link lands: it asks for a click."""
    answer = page(
        request,
        runtime,
        view,
        "sign_in_link.html",
        actor=actor,
        has_form=True,
        problem="",
        next=request.query_params.get("next", ""),
    )
    # Tells no other site the address; "no-referrer" would also send the form's Origin as null, which is not ours.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


@post("/sign-in/{secret:str}", **_CHECKED)
async def use_one_time_link(
    request: AnyRequest,
    secret: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Use the link up and sign in."""
    form = await read_form(request)
    try:
        fresh, _user = await enter_by_one_time(runtime, browser_of(request, runtime), secret=secret)
    except SemmaError as error:
        return page(
            request,
            runtime,
            view,
            "sign_in_link.html",
            actor=actor,
            status=status_of(error),
            has_form=True,
            problem=view.text(language_of(request), error.detail),
            next="",
        )
    return redirect(_after(form.get("next", ""), "/studio"), cookies=login_cookies(fresh.secret, runtime))


@get("/join/{secret:str}", **_OPEN)
async def join_by_link(
    request: AnyRequest, secret: FromPath[str], runtime: NamedDependency[Runtime]
) -> Response[bytes]:
    """A personal link: lets its holder in and leads to the event or session it is for."""
    fresh, link = await follow_link(runtime, browser_of(request, runtime), secret=secret)
    async with runtime.database.read() as db:
        event = await db.get(Event, link.event_id)
        session = await db.get(Session, link.session_id) if link.session_id else None
    if event is None or event.deleted_at is not None:
        raise NotFound
    target = f"/{event.slug}/sessions/{session.slug}" if session else f"/{event.slug}"
    answer = redirect(target, cookies=login_cookies(fresh.secret, runtime) if fresh else None)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@post("/{event:str}/access", **_CHECKED)
async def enter_with_code(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """The access code of a closed event."""
    form = await read_form(request)
    async with runtime.database.read() as db:
        row = await find_event(db, event)
    if row is None or row.deleted_at is not None:
        raise NotFound
    door = Door(event_id=row.id, access_code_hash=row.access_code_hash, access_epoch=row.access_epoch)
    target = _after(form.get("next", ""), f"/{row.slug}")
    try:
        fresh = await enter_by_code(runtime, browser_of(request, runtime), door=door, code=form.get("code", ""))
    except SemmaError as error:
        problem = view.text(language_of(request), error.detail)
        return show_door(request, runtime, view, actor, row.slug, problem=problem, next_path=target)
    return redirect(target, cookies=login_cookies(fresh.secret, runtime))


@post("/sign-out", opt={"public": True}, include_in_schema=False, status_code=200)
async def sign_out_by_form(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> Response[bytes]:
    """End this browser's login."""
    if actor.login_id is not None:
        async with runtime.database.write() as db:
            await sign_out(db, actor.login_id)
    return redirect("/", cookies=no_login_cookies(runtime))


door_handlers = [
    sign_in_page,
    sign_in_by_form,
    one_time_page,
    use_one_time_link,
    join_by_link,
    enter_with_code,
    sign_out_by_form,
]
