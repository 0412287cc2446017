"""Deck endpoints: look, download, delete, bring back."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.http import PROBLEM_RESPONSES, check_if_match, json_with_etag
from server.core.runtime import Runtime
from server.core.storage import ObjectMissing
from server.slides.errors import DeckLost
from server.slides.kinds import KINDS, safe_name
from server.slides.queries import get_deck
from server.slides.retire import restore_deck, retire_deck
from server.slides.schemas import DeckView, deck_view

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}


@get("/{deck_id:str}", summary="A session's slides", **_ERRORS)
async def show_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """What the file is, and where it is downloaded."""
    async with runtime.database.read() as db:
        deck = await get_deck(db, actor, deck_id)
    return json_with_etag(request, deck_view(deck), deck.version)


@get("/{deck_id:str}/file", summary="Download a session's slides", include_in_schema=False)
async def download_deck(
    deck_id: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Stream:
    """The file as it was uploaded, always to be saved, never shown in our own pages' name."""
    async with runtime.database.read() as db:
        deck = await get_deck(db, actor, deck_id)
    try:
        stored, chunks = await runtime.store.open(deck.key)
    except ObjectMissing:
        raise DeckLost from None
    headers = {
        # RFC 6266 and RFC 8187; whoever cannot read the second takes the first.
        "Content-Disposition": f'attachment; filename="slides{KINDS[deck.kind].suffix}"; '
        f"filename*=UTF-8''{quote(safe_name(deck.filename, deck.kind), safe='')}",
        "Content-Length": str(stored.size_bytes),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
        "ETag": f'"{stored.etag}"',
    }
    return Stream(chunks, media_type=KINDS[deck.kind].content_type, headers=headers)


@delete("/{deck_id:str}", status_code=200, summary="Delete a session's slides, with undo", **_ERRORS)
async def remove_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """Viewers no longer get them; they can be brought back until the undo time is over."""
    async with runtime.database.write() as db:
        deck = await get_deck(db, actor, deck_id, Action.UPLOAD_SLIDES)
        check_if_match(request, deck.version)
        await retire_deck(db, deck, undo_s=runtime.limits.undo_s)
    return json_with_etag(request, deck_view(deck), deck.version)


@post("/{deck_id:str}/restore", status_code=200, summary="Bring a session's slides back", **_ERRORS)
async def bring_back_deck(
    request: Request[Any, Any, Any],
    deck_id: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[DeckView]:
    """Undo a deletion, or go back to what a newer upload replaced."""
    async with runtime.database.write() as db:
        deck = await get_deck(db, actor, deck_id, Action.UPLOAD_SLIDES, deleted=True)
        await restore_deck(db, deck, undo_s=runtime.limits.undo_s)
    return json_with_etag(request, deck_view(deck), deck.version)


decks_router = Router(
    path="/api/v1/decks", route_handlers=[show_deck, download_deck, remove_deck, bring_back_deck], tags=["slides"]
)
