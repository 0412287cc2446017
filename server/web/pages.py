"""Pages for viewers: the front page, series, programmes, talks, speakers, and the player for other sites' frames."""

from typing import Any

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.core.clock import now
from server.core.db import Db
from server.core.errors import NotFound, Unauthenticated
from server.core.runtime import Runtime
from server.events.errors import EventNotFound
from server.events.models import CLOSED, Event
from server.events.queries import find_event, get_event, get_series
from server.feeds.calendar import calendar_path
from server.recordings.queries import recordings_of_sessions
from server.sessions.queries import SESSION_KEYS, SessionFilter, get_speaker, narrowed, read_items, visible_sessions
from server.web.editions import read_surroundings, series_of
from server.web.languages import catalogue
from server.web.looks import look_url
from server.web.programme import by_day, event_head, event_links, read_programme, talk_card
from server.web.related import read_related
from server.web.respond import LARGE_COOKIE, READ, fault_page, language_of, page, redirect
from server.web.shelves import read_shelf, read_shelves
from server.web.shown import SpeakerView
from server.web.talk import read_embed, read_talk
from server.web.texts import download_texts, player_texts, programme_texts, studio_texts, transcript_texts
from server.web.view import View

AnyRequest = Request[Any, Any, Any]


class DoorClosed(NotFound):
    """A closed event the asker is not let into: they are shown where to type the access code."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event_slug = event.slug


async def open_event(db: Db, ref: str, actor: Actor) -> Event:
    """The event of a page; DoorClosed when it is there but not for this asker."""
    try:
        return await get_event(db, ref, actor=actor)
    except (EventNotFound, Unauthenticated):
        event = await find_event(db, ref)
        if event is None or event.deleted_at is not None or event.visibility != CLOSED:
            raise EventNotFound from None
        raise DoorClosed(event) from None


def show_door(
    request: AnyRequest,
    runtime: Runtime,
    view: View,
    actor: Actor,
    slug: str,
    *,
    problem: str = "",
    next_path: str = "",
) -> Response[bytes]:
    """The page that asks for the access code of a closed event."""
    return page(
        request,
        runtime,
        view,
        "access.html",
        actor=actor,
        status=401,
        has_form=True,
        event_slug=slug,
        problem=problem,
        next=next_path or request.url.path,
    )


@route("/", http_method=READ, opt={"public": True}, include_in_schema=False)
async def home(
    request: AnyRequest, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor], view: NamedDependency[View]
) -> Response[bytes]:
    """Series and events."""
    async with runtime.database.read() as db:
        shelves = await read_shelves(db, actor)
    return page(request, runtime, view, "home.html", actor=actor, shelves=shelves)


@route("/series/{series:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def series_page(
    request: AnyRequest,
    series: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """A series and its editions, the latest first."""
    async with runtime.database.read() as db:
        shelf = await read_shelf(db, actor, await get_series(db, series))
    return page(request, runtime, view, "series.html", actor=actor, shelf=shelf)


@route("/series/{series:str}/latest", http_method=READ, opt={"public": True}, include_in_schema=False)
async def latest_edition(
    series: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Response[bytes]:
    """One address for the present edition, year after year."""
    async with runtime.database.read() as db:
        shelf = await read_shelf(db, actor, await get_series(db, series))
    return redirect(f"/{shelf.events[0].slug}" if shelf.events else f"/series/{shelf.slug}")


@route("/{event:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def programme_page(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """The programme of an event by day and start; `?room=` narrows it."""
    room = request.query_params.get("room", "")
    async with runtime.database.read() as db:
        row = await open_event(db, event, actor)
        programme = await read_programme(db, actor, row, runtime.keyring)
        series = await series_of(db, row)
        links = await event_links(db, row)
        around = await read_surroundings(db, actor, row, series)
    shown = [card for card in programme.cards if not room or card.room_slug == room]
    return page(
        request,
        runtime,
        view,
        "programme.html",
        actor=actor,
        event=event_head(row, series, links, actor=actor, recordings=programme.recordings),
        live=programme.live,
        days=by_day(shown, row.time_zone),
        unscheduled=[card for card in shown if card.starts_at is None],
        rooms=programme.rooms,
        room=room,
        around=around,
        look=around.look,
        suggested="suggested" in request.query_params,
        calendar=calendar_path(runtime.keyring, row, room=room),
        texts=programme_texts(catalogue(language_of(request)).gettext),
    )


@route("/{event:str}/sessions/{session:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def talk_page(
    request: AnyRequest,
    event: FromPath[str],
    session: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """A talk: its recording, its words, its links."""
    async with runtime.database.read() as db:
        row = await open_event(db, event, actor)
        found = await read_talk(
            db,
            actor,
            row,
            session,
            keyring=runtime.keyring,
            moment=now(),
            large=request.cookies.get(LARGE_COOKIE, ""),
            words=(request.query_params.get("transcript", ""), language_of(request)),
        )
        alike = await read_related(db, actor, found.talk.id, keyring=runtime.keyring)
    gettext = catalogue(language_of(request)).gettext
    return page(
        request,
        runtime,
        view,
        "talk.html",
        actor=actor,
        has_form=actor.login_id is not None and not actor.is_known,  # let in by a code, they order downloads too
        look=look_url(row.color),
        alike=alike,
        talk=found.talk,
        playback=found.playback,
        live_url=found.live_url,
        before=found.before,
        after=found.after,
        slides=found.slides,
        beside=found.beside,
        transcript=found.transcript,
        may_upload_slides=found.may_upload_slides,
        texts=player_texts(gettext)
        | download_texts(gettext)
        | transcript_texts(gettext)
        | (studio_texts(gettext) if found.may_upload_slides else {}),
    )


@route("/embed/{event:str}/sessions/{session:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def embedded_talk(
    request: AnyRequest,
    event: FromPath[str],
    session: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """The player alone, for another site's frame; `?slides=1` shows the slides beside it."""
    with_slides = request.query_params.get("slides", "") in ("1", "true")
    try:
        async with runtime.database.read() as db:
            row = await open_event(db, event, actor)
            found = await read_embed(
                db, actor, row, session, keyring=runtime.keyring, moment=now(), with_slides=with_slides
            )
    except NotFound as error:
        return fault_page(view, runtime, request, NotFound(error.detail))
    return page(
        request,
        runtime,
        view,
        "embed.html",
        actor=actor,
        framed=True,
        talk=found.talk,
        playback=found.playback,
        beside=found.beside,
        texts=player_texts(catalogue(language_of(request)).gettext),
    )


@route("/speakers/{speaker:str}", http_method=READ, opt={"public": True}, include_in_schema=False)
async def speaker_page(
    request: AnyRequest,
    speaker: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Somebody's talks across editions, the latest first."""
    async with runtime.database.read() as db:
        row = await get_speaker(db, speaker, actor=actor)
        statement = narrowed(visible_sessions(actor), SessionFilter(speaker=row.id))
        items = await read_items(db, statement.order_by(*(key.column.desc() for key in SESSION_KEYS)))
        recordings = await recordings_of_sessions(db, actor, [item.session.id for item in items])
    talks = [talk_card(item, recordings.get(item.session.id), actor=actor, keyring=runtime.keyring) for item in items]
    return page(
        request,
        runtime,
        view,
        "speaker.html",
        actor=actor,
        speaker=SpeakerView(row.name, row.biography),
        talks=talks,
    )


@route("/favicon.ico", http_method=READ, opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def favicon(view: NamedDependency[View]) -> Response[bytes]:
    """Browsers that look here first find the drawn mark."""
    return redirect(view.static_url("img/mark.svg"))


viewer_handlers = [
    home,
    series_page,
    latest_edition,
    programme_page,
    talk_page,
    embedded_talk,
    speaker_page,
    favicon,
]
