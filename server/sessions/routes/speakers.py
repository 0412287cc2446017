"""Speaker endpoints."""

from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from server.accounts.actor import Actor
from server.accounts.policy import ANYTHING, Action, require
from server.core.http import (
    PROBLEM_RESPONSES,
    After,
    Limit,
    Page,
    check_if_match,
    decode_cursor,
    encode_cursor,
    json_with_etag,
)
from server.core.keyset import cut_page, one_page
from server.core.runtime import Runtime
from server.events.editions import delete_thing, restorable_since, restore_thing
from server.events.fields import fold_text
from server.events.schemas import changes_in
from server.sessions.models import Speaker
from server.sessions.queries import SPEAKER_KEYS, get_speaker, require_edit_speaker, visible_speakers
from server.sessions.schemas import SpeakerNew, SpeakerOut, SpeakerPatch, speaker_out
from server.sessions.speakers import change_speaker, create_speaker

SpeakerPath = Annotated[
    str,
    PathParameter(description="The speaker's id or slug.", examples=[Example(summary="A slug", value="ada-ohman")]),
]
_OPEN: dict[str, Any] = {"tags": ["Speakers"], "responses": PROBLEM_RESPONSES}


@get("/api/v1/speakers", summary="List speakers", **_OPEN)
async def list_speakers(
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
    q: Annotated[
        str | None,
        QueryParameter(description="A part of the name.", examples=[Example(summary="A name", value="ohman")]),
    ] = None,
) -> Page[SpeakerOut]:
    """Those who speak in sessions the asker may see, by name. Their sessions are at /api/v1/sessions?speaker=…"""
    statement = visible_speakers(actor)
    for word in fold_text(q or "").split()[:8]:
        statement = statement.where(Speaker.folded.contains(word, autoescape=True))
    cursor = decode_cursor(after, length=len(SPEAKER_KEYS)) if after else None
    async with runtime.database.read() as db:
        rows = (await db.scalars(one_page(statement, SPEAKER_KEYS, limit=limit, after=cursor))).all()
    page, beyond = cut_page(rows, SPEAKER_KEYS, limit=limit)
    return Page(items=[speaker_out(row) for row in page], next=encode_cursor(beyond) if beyond else None)


@post("/api/v1/speakers", summary="Add a speaker", **_OPEN)
async def add_speaker(
    request: Request[Any, Any, Any],
    data: JSONBody[SpeakerNew],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SpeakerOut]:
    """For organisers. A session's `speakers` can also name somebody new directly."""
    require(actor, Action.EDIT_SESSION, ANYTHING)
    async with runtime.database.write() as db:
        speaker = await create_speaker(db, **changes_in(data))
    return json_with_etag(request, speaker_out(speaker), speaker.version, status=201)


@get("/api/v1/speakers/{speaker:str}", summary="Show a speaker", **_OPEN)
async def show_speaker(
    request: Request[Any, Any, Any],
    speaker: SpeakerPath,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SpeakerOut]:
    """One speaker, when the asker may see a session of theirs."""
    async with runtime.database.read() as db:
        row = await get_speaker(db, speaker, actor=actor)
    return json_with_etag(request, speaker_out(row), row.version)


async def _editable(
    request: Request[Any, Any, Any], db: Any, speaker: str, actor: Actor, runtime: Runtime, *, deleted: bool = False
) -> Speaker:
    since = restorable_since(runtime.limits.undo_s) if deleted else None
    row = await get_speaker(db, speaker, actor=actor, deleted_since=since, lock=True)
    await require_edit_speaker(db, actor, row)
    check_if_match(request, row.version)
    return row


@patch("/api/v1/speakers/{speaker:str}", summary="Change a speaker", **_OPEN)
async def edit_speaker(
    request: Request[Any, Any, Any],
    speaker: SpeakerPath,
    data: JSONBody[SpeakerPatch],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SpeakerOut]:
    """For organisers of an event this person speaks at. Fields left out stay as they are."""
    async with runtime.database.write() as db:
        row = await _editable(request, db, speaker, actor, runtime)
        await change_speaker(db, row, changes_in(data))
    return json_with_etag(request, speaker_out(row), row.version)


@delete("/api/v1/speakers/{speaker:str}", summary="Delete a speaker", **_OPEN)
async def remove_speaker(
    request: Request[Any, Any, Any],
    speaker: SpeakerPath,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> None:
    """For organisers of an event this person speaks at. Sessions show them no more. Undo with POST …/restore."""
    async with runtime.database.write() as db:
        await delete_thing(db, await _editable(request, db, speaker, actor, runtime))


@post("/api/v1/speakers/{speaker:str}/restore", status_code=200, summary="Undo the deletion of a speaker", **_OPEN)
async def bring_back_speaker(
    request: Request[Any, Any, Any],
    speaker: SpeakerPath,
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[SpeakerOut]:
    """For organisers of an event this person speaks at, within the undo time."""
    async with runtime.database.write() as db:
        row = await _editable(request, db, speaker, actor, runtime, deleted=True)
        await restore_thing(db, row)
    return json_with_etag(request, speaker_out(row), row.version)


ROUTES: list[Any] = [list_speakers, add_speaker, show_speaker, edit_speaker, remove_speaker, bring_back_speaker]
