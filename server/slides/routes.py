"""Deck endpoints: look, read a page, download, change, withdraw, bring back, render again."""

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, JSONBody

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.clock import now
from server.core.db import Db
from server.core.http import PROBLEM_RESPONSES, check_if_match, json_with_etag
from server.core.http_objects import answer_object
from server.core.runtime import Runtime
from server.sessions.queries import Item
from server.slides.add import render_again
from server.slides.changes import tell
from server.slides.errors import DeckLost, DeckNotForDownload
from server.slides.kinds import KINDS, safe_name
from server.slides.models import Deck
from server.slides.queries import get_deck, get_page, pages_of, versions_of
from server.slides.retire import restore_deck, retire_deck
from server.slides.schemas import DeckChanges, DeckView, PageDetail, deck_view, page_detail
from server.slides.show import move_deck
from server.slides.sight import sight_of

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}


async def _shown(db: Db, runtime: Runtime, actor: Actor, deck: Deck, item: Item) -> DeckView:
    """The deck as this asker sees it, with its pages and versions."""
    await db.flush()
    pages = await pages_of(db, [deck.id])
    sight = sight_of(actor, item, keyring=runtime.keyring, moment=now())
    versions = await versions_of(db, deck) if sight.may_upload else []
    return deck_view(deck, pages.get(deck.id, ()), sight, versions=versions)


@get("/{deck_id:str}", summary="A deck of slides with its pages", **_ERRORS)
async def show_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """What the file is, how far its rendering is, and its pages: two pictures and the text of each."""
    async with runtime.database.read() as db:
        deck, item = await get_deck(db, actor, deck_id)
        view = await _shown(db, runtime, actor, deck, item)
    return json_with_etag(request, view, deck.version)


@get("/{deck_id:str}/pages/{number:int}", summary="A page of slides with its words and links", **_ERRORS)
async def show_page(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    number: FromPath[int],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[PageDetail]:
    """Where on the page each word and each link is: what makes its text selectable."""
    async with runtime.database.read() as db:
        deck, item = await get_deck(db, actor, deck_id)
        page = await get_page(db, deck, number)
    sight = sight_of(actor, item, keyring=runtime.keyring, moment=now())
    return json_with_etag(request, page_detail(page, deck, sight), deck.version)


@route(
    "/{deck_id:str}/file",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download a session's slides",
    include_in_schema=False,
)
async def download_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[Any]:
    """The file as it was uploaded, always to be saved, never shown in our own pages' name."""
    async with runtime.database.read() as db:
        deck, item = await get_deck(db, actor, deck_id)
    if not sight_of(actor, item, keyring=runtime.keyring, moment=now()).may_download(deck):
        raise DeckNotForDownload
    kind = KINDS[deck.kind]
    headers = {
        # RFC 6266 and RFC 8187; whoever cannot read the second takes the first.
        "Content-Disposition": f'attachment; filename="slides{kind.suffix}"; '
        f"filename*=UTF-8''{quote(safe_name(deck.filename, deck.kind), safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
    }
    return await answer_object(
        request, runtime, deck.key, media_type=kind.content_type, headers=headers, missing=DeckLost
    )


@patch("/{deck_id:str}", summary="Move a deck, or say whether it may be downloaded", **_ERRORS)
async def change_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    data: JSONBody[DeckChanges],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """Only what is named changes."""
    async with runtime.database.write() as db:
        deck, item = await get_deck(db, actor, deck_id, Action.UPLOAD_SLIDES)
        check_if_match(request, deck.version)
        if data.position is not msgspec.UNSET:
            await move_deck(db, deck, position=data.position)
        if data.downloadable is not msgspec.UNSET:
            deck.downloadable = data.downloadable
            deck.version += 1
        tell(db, runtime, deck)
        view = await _shown(db, runtime, actor, deck, item)
    return json_with_etag(request, view, deck.version)


@delete("/{deck_id:str}", status_code=200, summary="Withdraw a deck, with undo", **_ERRORS)
async def remove_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """Viewers no longer get it; it can be brought back until the undo time is over."""
    async with runtime.database.write() as db:
        deck, item = await get_deck(db, actor, deck_id, Action.UPLOAD_SLIDES)
        check_if_match(request, deck.version)
        await retire_deck(db, deck, undo_s=runtime.limits.undo_s)
        tell(db, runtime, deck)
        view = await _shown(db, runtime, actor, deck, item)
    return json_with_etag(request, view, deck.version)


@post("/{deck_id:str}/restore", status_code=200, summary="Bring a deck or an older version of it back", **_ERRORS)
async def bring_back_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """Undo a withdrawal, or go back to what a newer version replaced: it becomes the newest."""
    async with runtime.database.write() as db:
        deck, item = await get_deck(db, actor, deck_id, Action.UPLOAD_SLIDES, deleted=True)
        await restore_deck(db, deck, undo_s=runtime.limits.undo_s)
        tell(db, runtime, deck)
        view = await _shown(db, runtime, actor, deck, item)
    return json_with_etag(request, view, deck.version)


@post("/{deck_id:str}/render", status_code=202, summary="Render a deck again", **_ERRORS)
async def render_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """Make its pages anew from the stored file: after a failure, or once what was missing is installed."""
    async with runtime.database.write() as db:
        deck, item = await get_deck(db, actor, deck_id, Action.UPLOAD_SLIDES)
        await render_again(db, deck)
        tell(db, runtime, deck)
        view = await _shown(db, runtime, actor, deck, item)
    return json_with_etag(request, view, deck.version, status=202)


decks_router = Router(
    path="/api/v1/decks",
    route_handlers=[show_deck, show_page, download_deck, change_deck, remove_deck, bring_back_deck, render_deck],
    tags=["slides"],
)
