"""The programme for other programs: schedule.json, schedule.xml, CSV and calendars, and where all of them are."""

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery

from server.accounts.actor import Actor
from server.core.http import PROBLEM_RESPONSES, is_fresh, json_with_etag
from server.core.runtime import Runtime
from server.events.models import CLOSED, Event
from server.events.queries import get_event
from server.feeds.calendar import read_choice
from server.feeds.passes import make_pass, open_feed
from server.feeds.schedule import Export, read_export
from server.sessions.formats.write_csv import csv_template, write_csv
from server.sessions.formats.write_ical import write_icalendar
from server.sessions.formats.write_json import write_schedule_json
from server.sessions.formats.write_xml import write_schedule_xml

AnyRequest = Request[Any, Any, Any]
_READ: dict[str, Any] = {
    "http_method": [HttpMethod.GET, HttpMethod.HEAD],
    "opt": {"public": True},
    "include_in_schema": False,
}
_KEEP_S = 60  # a programme changes until the last minute
_JSON, _XML = "application/json; charset=utf-8", "application/xml; charset=utf-8"
_ICS, _CSV = "text/calendar; charset=utf-8", "text/csv; charset=utf-8"

Address = Annotated[str, msgspec.Meta(examples=["https://seminar.example/seminar-2027/calendar.ics"])]


class ScheduleAddresses(msgspec.Struct, kw_only=True):
    """Where an event's programme is for other programs. Of a closed event the addresses open it for whoever has them,
    until its doors are closed."""

    schedule_json: Address
    schedule_xml: Address
    csv: Address
    calendar: Annotated[
        str,
        msgspec.Meta(
            description="Takes `room`, `track` and `speaker` (ids or slugs), or `sessions`: a list with commas.",
            examples=["https://seminar.example/seminar-2027/calendar.ics"],
        ),
    ]


@get(
    "/api/v1/events/{event:str}/feeds",
    summary="Addresses of an event's programme",
    tags=["Events"],
    responses=PROBLEM_RESPONSES,
)
async def list_addresses(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[ScheduleAddresses]:
    """For calendars, apps and other systems, which cannot sign in."""
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor)
    token = make_pass(runtime.keyring, row)
    tail = f"?token={token}" if token else ""
    at = f"{runtime.base_url}/{row.slug}"
    addresses = ScheduleAddresses(
        schedule_json=f"{at}/schedule.json{tail}",
        schedule_xml=f"{at}/schedule.xml{tail}",
        csv=f"{at}/schedule.csv{tail}",
        calendar=f"{at}/calendar.ics{tail}",
    )
    return json_with_etag(request, addresses, row.version)


@get(
    "/api/v1/programme-template",
    summary="The CSV template of programmes",
    tags=["Events"],
    media_type=_CSV,
    opt={"public": True},
    responses=PROBLEM_RESPONSES,
)
async def show_template() -> Response[bytes]:
    """Every column an import understands, with one example; for spreadsheets."""
    return Response(csv_template(), media_type=_CSV, headers=_named("programme.csv"))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _answer_headers(event: Event, etag: str) -> dict[str, str]:
    """A closed event is nobody else's to keep; what is open may be read by scripts of other pages, without cookies."""
    if event.visibility == CLOSED:
        return {"ETag": etag, "Cache-Control": "private, no-cache"}
    return {"ETag": etag, "Cache-Control": f"public, max-age={_KEEP_S}", "Access-Control-Allow-Origin": "*"}


async def _answer(
    request: AnyRequest, event: Event, export: Export, form: str, write: Callable[[], bytes]
) -> Response[Any]:
    """The file, or 304. The tag is of what the file says, so that a poll writes nothing; writing has its own thread."""
    said = msgspec.msgpack.encode((form, export.programme, export.stamps, export.url))
    etag = f'"{blake2b(said, digest_size=16).hexdigest()}"'
    headers = _answer_headers(event, etag)
    if is_fresh(request, etag):
        return Response(None, status_code=304, headers=headers)
    body = b"" if request.method == "HEAD" else await asyncio.to_thread(write)
    return Response(body, media_type=form, headers=headers)


async def _exported(runtime: Runtime, actor: Actor, ref: str, token: str) -> tuple[Event, Export]:
    async with runtime.database.read() as db:
        event, shown_to = await open_feed(db, runtime.keyring, ref, actor=actor, token=token)
        return event, await read_export(db, shown_to, event, base_url=runtime.base_url)


@route("/{event:str}/schedule.json", **_READ)
async def schedule_json(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    token: FromQuery[str] = "",
) -> Response[Any]:
    """The programme as schedule.json, version 1."""
    row, export = await _exported(runtime, actor, event, token)
    generator = {"name": "Semma", "url": runtime.base_url}
    write = lambda: write_schedule_json(export.programme, url=export.url, generator=generator)
    return await _answer(request, row, export, _JSON, write)


@route("/{event:str}/schedule.xml", **_READ)
async def schedule_xml(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    token: FromQuery[str] = "",
) -> Response[Any]:
    """The programme as schedule.xml."""
    row, export = await _exported(runtime, actor, event, token)
    generator = {"name": "Semma", "system": runtime.base_url}
    write = lambda: write_schedule_xml(export.programme, url=f"{export.url}/schedule.xml", generator=generator)
    return await _answer(request, row, export, _XML, write)


@route("/{event:str}/schedule.csv", **_READ)
async def schedule_csv(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    token: FromQuery[str] = "",
) -> Response[Any]:
    """The programme in the columns of the CSV template."""
    row, export = await _exported(runtime, actor, event, token)
    answer = await _answer(request, row, export, _CSV, lambda: write_csv(export.programme))
    answer.headers.update(_named(f"{row.slug}.csv"))
    return answer


@route("/{event:str}/calendar.ics", **_READ)
async def calendar_ics(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    token: FromQuery[str] = "",
    room: FromQuery[str | None] = None,
    track: FromQuery[str | None] = None,
    speaker: FromQuery[str | None] = None,
    sessions: FromQuery[str | None] = None,
) -> Response[Any]:
    """The programme as a calendar to subscribe to: of the event, a room, a track, a speaker, or chosen sessions."""
    async with runtime.database.read() as db:
        row, shown_to = await open_feed(db, runtime.keyring, event, actor=actor, token=token)
        choice = await read_choice(db, shown_to, row, room=room, track=track, speaker=speaker, sessions=sessions)
        export = await read_export(db, shown_to, row, base_url=runtime.base_url, wanted=choice.wanted, only=choice.only)
    if choice.called:
        title = f"{export.programme.title}: {choice.called}"
        export.programme = msgspec.structs.replace(export.programme, title=title)
    write = lambda: write_icalendar(export.programme, stamps=export.stamps, url=export.url)
    return await _answer(request, row, export, _ICS, write)


schedule_router = Router(
    path="/",
    route_handlers=[list_addresses, show_template, schedule_json, schedule_xml, schedule_csv, calendar_ics],
)
