"""Taking an event elsewhere: the JSON document, and the archive with its files."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from sqlalchemy import select

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.http import PROBLEM_RESPONSES, json_with_etag
from server.core.runtime import Runtime
from server.events.queries import get_event
from server.feeds.archive import Member, members_of
from server.feeds.archive_stream import stream_zip
from server.feeds.export import EventExport, read_event_export
from server.feeds.schedule import read_export
from server.playback.chapters import ChapterReader
from server.sessions.formats.write_ical import write_icalendar
from server.sessions.formats.write_json import write_schedule_json
from server.sessions.formats.write_xml import write_schedule_xml
from server.sessions.media import SessionMediaReader
from server.sessions.models import Session

_ZIP = ResponseSpec(data_container=bytes, description="The archive.", media_type="application/zip")
Media = Annotated[
    Literal["none", "made", "original"],
    QueryParameter(
        description="none; made: the files there are to download; original: the uploaded recordings.",
        examples=[Example(summary="Without media", value="none")],
    ),
]


@get("/events/{event:str}/export", summary="All of an event as JSON", responses=PROBLEM_RESPONSES)
async def export_event(
    request: Request[Any, Any, Any],
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: NamedDependency[SessionMediaReader],
    read_chapters: NamedDependency[ChapterReader],
) -> Response[EventExport]:
    """The event, its rooms, tracks, speakers and sessions with their media and chapters, as far as the asker may see
    them; one document, in the forms of the API."""
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor)
        found = await read_event_export(
            db, actor, row, base_url=runtime.base_url, read_media=session_media, read_chapters=read_chapters
        )
    return json_with_etag(request, found, row.version)


@get(
    "/events/{event:str}/archive",
    summary="The take-away archive of an event",
    responses=PROBLEM_RESPONSES | {200: _ZIP},
)
async def archive_event(
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    session_media: NamedDependency[SessionMediaReader],
    read_chapters: NamedDependency[ChapterReader],
    media: Media = "none",
) -> Stream:
    """For its organisers: a ZIP, written while it is sent, of the export, the programme in the common forms, captions,
    slides and, when asked for, media."""
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        document = await read_event_export(
            db, actor, row, base_url=runtime.base_url, read_media=session_media, read_chapters=read_chapters
        )
        programme = await read_export(db, actor, row, base_url=runtime.base_url)
        rows = select(Session).where(Session.event_id == row.id, Session.deleted_at.is_(None)).order_by(Session.slug)
        members = await members_of(db, list(await db.scalars(rows)), media)
    generator = {"name": "Semma", "url": runtime.base_url}
    head = [
        Member(path="event.json", body=msgspec.json.format(msgspec.json.encode(document))),
        Member(
            path="schedule.json",
            body=write_schedule_json(programme.programme, url=programme.url, generator=generator),
        ),
        Member(path="schedule.xml", body=write_schedule_xml(programme.programme, generator=generator)),
        Member(path="calendar.ics", body=write_icalendar(programme.programme, stamps=programme.stamps)),
    ]
    headers = {
        "Content-Disposition": f'attachment; filename="{row.slug}.zip"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Accel-Buffering": "no",
    }
    chunks = stream_zip(runtime.store, [*head, *members], comment=f"{row.title} ({programme.url})")
    return Stream(chunks, media_type="application/zip", headers=headers)


archive_router = Router(path="/api/v1", route_handlers=[export_event, archive_event], tags=["Events"])
