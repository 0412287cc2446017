"""Downloads over HTTP: what there is, have one made, the file itself, what organisers say about it."""

from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote

from litestar import Request, Response, Router, get, patch, post, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from server.accounts.actor import Actor
from server.accounts.guards import address_of
from server.accounts.policy import Action
from server.core.clock import now
from server.core.db import Db
from server.core.errors import Invalid
from server.core.http import PROBLEM_RESPONSES, check_if_match, json_with_etag
from server.core.http_objects import answer_object
from server.core.limits import check_rate
from server.core.runtime import Runtime
from server.events.audience import PUBLIC_TOKEN, Watched, audience_token, left_s, opens
from server.events.queries import get_event
from server.playback.chapters import ChapterReader
from server.playback.download_schemas import (
    ChoiceChanges,
    ChoiceView,
    DownloadOrderIn,
    DownloadsView,
    DownloadView,
    captions_download,
    choice_view,
    offer_view,
)
from server.playback.downloads import (
    Ingredients,
    choices_of,
    download_key,
    filename_of,
    ingredients_of,
    is_allowed,
    media_type_of,
    offers_of,
    owns,
    suffix_of,
)
from server.playback.downloads_keep import order_download, order_for_podcasts, podcast_recordings
from server.playback.errors import BadToken, DownloadNotAllowed, MediaNotFound, NothingToDownload
from server.playback.models import Download, DownloadChoice
from server.recordings.queries import find_watched, recordings_of_sessions
from server.sessions.queries import Item, get_session

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}
_KEEP_S = 600  # a licence may change
_MOST_AN_HOUR = 60


@runtime_checkable  # the framework looks at what it hands in
class SlideFiles(Protocol):
    """Lists the files of slides that this asker may download: what slides are, the root knows."""

    async def __call__(self, db: Db, actor: Actor, session_id: str, /) -> list[DownloadView]: ...


async def _made_of(db: Db, actor: Actor, item: Item, read_chapters: ChapterReader) -> Ingredients | None:
    recording = (await recordings_of_sessions(db, actor, [item.session.id])).get(item.session.id)
    return None if recording is None else await ingredients_of(db, item, recording, read_chapters)


def _token(runtime: Runtime, made_of: Ingredients, *, only_own: bool) -> str:
    """Of the audience; for who may have the files although the audience may not, that of people who preview."""
    recording, event = made_of.recording, made_of.item.event
    watched = Watched(
        event_id=event.id,
        visibility=event.visibility,
        access_epoch=event.access_epoch,
        published=recording.published_at is not None,
    )
    preview = only_own or not watched.published
    return audience_token(runtime.keyring, watched, moment=now(), preview=preview)


@get("/api/v1/sessions/{session_id:str}/downloads", summary="What of a session can be downloaded", **_ERRORS)
async def list_downloads(
    session_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    read_chapters: NamedDependency[ChapterReader],
    slide_files: NamedDependency[SlideFiles],
) -> Response[DownloadsView]:
    """Video in every size, sound, slides and captions, as far as licence and organisers allow. Files of state `none`
    are made when they are asked for; addresses are valid for a day at least."""
    async with runtime.database.read() as db:
        item = await get_session(db, session_id, actor=actor, details=True)
        allowed = is_allowed(item, await choices_of(db, [item.session.id, item.event.id]))
        items: list[DownloadView] = []
        made_of = await _made_of(db, actor, item, read_chapters)
        if made_of is not None and (allowed or owns(actor, item)):
            token = _token(runtime, made_of, only_own=not allowed)
            items = [offer_view(one, item, token=token) for one in await offers_of(db, made_of)]
            items += [view for track in made_of.captions for view in captions_download(track)]
        items += await slide_files(db, actor, item.session.id)
    return Response(DownloadsView(allowed=allowed, items=items), headers={"Cache-Control": "private, no-cache"})


@post("/api/v1/sessions/{session_id:str}/downloads", status_code=202, summary="Have a file made", **_ERRORS)
async def ask_for_download(
    request: Request[Any, Any, Any],
    session_id: FromPath[str],
    data: JSONBody[DownloadOrderIn],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    read_chapters: NamedDependency[ChapterReader],
) -> DownloadView:
    """Nothing is encoded again, so this takes a minute at most for an hour of talk. What is there, or being made, is
    answered as it is."""
    async with runtime.database.write() as db:
        item = await get_session(db, session_id, actor=actor, details=True)
        allowed = is_allowed(item, await choices_of(db, [item.session.id, item.event.id]))
        made_of = await _made_of(db, actor, item, read_chapters)
        if made_of is None:
            raise NothingToDownload
        if not allowed and not owns(actor, item):
            raise DownloadNotAllowed
        offer = next((one for one in await offers_of(db, made_of) if one.rung == data.rung), None)
        if offer is None:
            raise NothingToDownload
        if offer.made is None or offer.made.state == "failed":
            rate = f"downloads:{actor.user_id or address_of(request)}"
            await check_rate(runtime.redis, rate, most=_MOST_AN_HOUR, window_s=3600)
            made = await order_download(db, made_of.recording, offer.rung, offer.fingerprint)
            offer = next(one for one in await offers_of(db, made_of) if one.rung == made.rung)
    return offer_view(offer, item, token=_token(runtime, made_of, only_own=not allowed))


@route(
    "/downloads/{token:str}/{download_id:str}/{name:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt={"public": True},
    include_in_schema=False,
)
async def download_file(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    download_id: FromPath[str],
    name: FromPath[str],
    runtime: NamedDependency[Runtime],
) -> Response[Any]:
    """The file, for who holds the audience's token. `name` is for people; what it is saved as is said here."""
    del name
    async with runtime.database.read() as db:
        row = await db.get(Download, download_id)
        found = await find_watched(db, row.recording_id) if row is not None else None
        if row is None or found is None or row.state != "ready":
            raise MediaNotFound
        item = Item(session=found.session, event=found.event)
        allowed = is_allowed(item, await choices_of(db, [item.session.id, item.event.id]))
    if found.recording.deleted_at or found.session.deleted_at or found.event.deleted_at:
        raise MediaNotFound
    watched = Watched(
        event_id=found.event.id,
        visibility=found.event.visibility,
        access_epoch=found.event.access_epoch,
        published=found.recording.published_at is not None,
    )
    if not opens(runtime.keyring, token, watched, moment=now()):
        raise BadToken
    if not allowed and (token == PUBLIC_TOKEN or token[0] != "p"):
        raise DownloadNotAllowed
    headers = {
        # RFC 6266 and RFC 8187; whoever cannot read the second takes the first.
        "Content-Disposition": f'attachment; filename="talk{suffix_of(row.rung)}"; '
        f"filename*=UTF-8''{quote(filename_of(item, row.rung), safe='')}",
        "Cache-Control": f"public, max-age={min(left_s(token, moment=now()), _KEEP_S)}",
        "Access-Control-Allow-Origin": "*",  # the token is in the path; no cookie is ever looked at here
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    key = download_key(row.recording_id, row.fingerprint, row.rung)
    media_type = media_type_of(row.rung)
    return await answer_object(request, runtime, key, media_type=media_type, headers=headers, missing=MediaNotFound)


async def _change(request: Request[Any, Any, Any], db: Db, owner_id: str, data: ChoiceChanges) -> DownloadChoice:
    choice = await db.get(DownloadChoice, owner_id, with_for_update=True)
    check_if_match(request, choice.version if choice else 0)
    if choice is None:
        choice = DownloadChoice(id=owner_id, allowed=None, podcast=False, version=0)
        db.add(choice)
    if data.allowed is not UNSET:
        choice.allowed = data.allowed
    if data.podcast is not UNSET:
        choice.podcast = data.podcast
    choice.version += 1
    await db.flush()
    return choice


@get("/api/v1/events/{event:str}/downloads", summary="What is said about downloads of an event", **_ERRORS)
async def show_event_choice(
    request: Request[Any, Any, Any],
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[ChoiceView]:
    """Whether its talks may be downloaded, and whether it has podcasts."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor)
        choice = (await choices_of(db, [owner.id])).get(owner.id)
    return json_with_etag(request, choice_view(choice), choice.version if choice else 0)


@patch("/api/v1/events/{event:str}/downloads", summary="Say what of an event may be downloaded", **_ERRORS)
async def change_event_choice(
    request: Request[Any, Any, Any],
    event: FromPath[str],
    data: JSONBody[ChoiceChanges],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    read_chapters: NamedDependency[ChapterReader],
) -> Response[ChoiceView]:
    """A session's own word goes before it. With podcasts the files of all its recordings are made ahead."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        choice = await _change(request, db, owner.id, data)
        if data.podcast is True:
            await order_for_podcasts(db, await podcast_recordings(db, event_id=owner.id), read_chapters)
    return json_with_etag(request, choice_view(choice), choice.version)


@patch("/api/v1/sessions/{session_id:str}/downloads", summary="Say whether a session may be downloaded", **_ERRORS)
async def change_session_choice(
    request: Request[Any, Any, Any],
    session_id: FromPath[str],
    data: JSONBody[ChoiceChanges],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[ChoiceView]:
    """True or false whatever the licence says; null goes back to the event's word, else the licence's."""
    if data.podcast is not UNSET:
        raise Invalid("Only events have podcasts; set `podcast` there.")
    async with runtime.database.write() as db:
        item = await get_session(db, session_id, actor=actor, action=Action.EDIT_SESSION)
        choice = await _change(request, db, item.session.id, data)
    return json_with_etag(request, choice_view(choice), choice.version)


downloads_router = Router(
    path="/",
    route_handlers=[
        list_downloads,
        ask_for_download,
        download_file,
        show_event_choice,
        change_event_choice,
        change_session_choice,
    ],
    tags=["playback"],
)
