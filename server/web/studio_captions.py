"""The studio's page of one caption track: its cues beside the video."""

from typing import Any

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.runtime import Runtime
from server.events.queries import get_event
from server.playback.captions import get_track
from server.playback.errors import CaptionsNotFound
from server.playback.queries import present_recording
from server.sessions.queries import get_session
from server.web.board import event_form
from server.web.caption_texts import caption_texts
from server.web.captions_board import track_shown
from server.web.languages import catalogue
from server.web.respond import READ, language_of
from server.web.studio import studio_page, turned_away
from server.web.studio_slides import Named
from server.web.view import View

AnyRequest = Request[Any, Any, Any]


@route(
    "/studio/{event:str}/sessions/{session:str}/captions/{track_id:str}",
    http_method=READ,
    opt={"public": True},
    include_in_schema=False,
)
async def studio_captions(
    request: AnyRequest,
    event: FromPath[str],
    session: FromPath[str],
    track_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Captions in one language, to be corrected and written."""
    if away := turned_away(request, actor):
        return away
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        item = await get_session(db, session, actor=actor, event=row, action=Action.UPLOAD_CAPTIONS)
        track = await get_track(db, actor, track_id, Action.UPLOAD_CAPTIONS)
        if track.session_id != item.session.id:
            raise CaptionsNotFound
        recording = await present_recording(db, item.session.id)
    return studio_page(
        request,
        runtime,
        view,
        "captions.html",
        actor,
        event=event_form(row),
        session=Named(
            id=item.session.id,
            slug=item.session.slug,
            title=item.session.title,
            url=f"/{row.slug}/sessions/{item.session.slug}",
        ),
        track=track_shown(track),
        is_watchable=recording is not None and recording.playable,
        texts=caption_texts(catalogue(language_of(request)).gettext),
    )


caption_handlers = [studio_captions]
