"""Render a deck: its file to scratch, read in a confined child, pictures to the storage, pages written down at once.

May run twice: the pictures of a rendering that was not finished are stored again under the same names.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from server.core.db import Db
from server.core.runtime import Runtime
from server.core.storage import ObjectMissing, ObjectStore
from server.media import deck_pages as read
from server.media.deck_office import find_office
from server.media.deck_read import read_deck
from server.slides.changes import tell
from server.slides.errors import DeckLost
from server.slides.jobs import RenderDeck
from server.slides.keys import deck_prefix, page_path
from server.slides.models import RENDERING, Deck, DeckPage
from server.slides.show import Rendered, fail_rendering, keep_rendering
from workers.put import put_all
from workers.runtime import Work, handles, on_failure
from workers.scratch import scratch_directory

# Shares of the whole: fetched, read, stored.
_FETCHED, _READ = 0.05, 0.85
_LABEL_CHARS, _TITLE_CHARS = 100, 300  # as the columns have


@handles(RenderDeck)
async def render(job: RenderDeck, work: Work) -> None:
    """Make pages of the deck; they and the end of the job are one commit."""
    deck = await _begin(job.deck, work)
    if deck is None:
        return

    async def carry(db: Db, share: float) -> None:
        fresh = await db.get(Deck, job.deck)
        if fresh is not None:
            fresh.progress = share
            tell(db, work.runtime, fresh)

    work.on_beat = carry
    number = deck.rendering + 1
    with scratch_directory(work.runtime.scratch, f"{deck.id}-slides", room_bytes=deck.size_bytes) as folder:
        contents = await _read(work, deck, folder)
        await _store(work, deck, number, contents, folder / "pages")
    made = Rendered(
        number=number,
        pages=[_row(deck.id, page) for page in contents.pages],
        outline=msgspec.to_builtins(contents.outline),
        warnings=msgspec.to_builtins(contents.warnings),
    )
    async with work.transaction(last=True) as db:
        shown = await keep_rendering(db, deck.id, made, overlap_s=work.runtime.limits.token_overlap_s)
        if shown is not None:
            tell(db, work.runtime, shown)


async def _begin(deck_id: str, work: Work) -> Deck | None:
    """The deck, marked as being rendered; None when it was withdrawn."""
    async with work.transaction() as db:
        deck = await db.get(Deck, deck_id, with_for_update=True)
        if deck is None or deck.deleted_at is not None:
            return None
        if deck.state != RENDERING:
            deck.state, deck.version = RENDERING, deck.version + 1
            tell(db, work.runtime, deck)
        return deck


async def _read(work: Work, deck: Deck, folder: Path) -> read.DeckContents:
    path, pages = folder / "deck", folder / "pages"
    pages.mkdir()
    await _fetch(work.store, deck.key, path)
    work.progress(_FETCHED)
    return await read_deck(
        path,
        deck.kind,
        pages,
        progress=lambda share: work.progress(_FETCHED + (_READ - _FETCHED) * share),
        office=find_office(),
    )


async def _fetch(store: ObjectStore, key: str, path: Path) -> None:
    """The file to the disk, a chunk at a time. Raises DeckLost."""
    try:
        _stored, chunks = await store.open(key)
        with path.open("wb") as file:
            await _write(chunks, file)
    except ObjectMissing:
        raise DeckLost from None


async def _write(chunks: AsyncIterator[bytes], file: BinaryIO) -> None:
    async for chunk in chunks:
        await asyncio.to_thread(file.write, chunk)


async def _store(work: Work, deck: Deck, number: int, contents: read.DeckContents, folder: Path) -> None:
    """Store both pictures of every page, a few pages at a time, so that progress can be told."""
    prefix = deck_prefix(deck.id)
    at_once, total = 20, max(len(contents.pages), 1)
    for start in range(0, len(contents.pages), at_once):
        batch = contents.pages[start : start + at_once]
        await put_all(work.store, prefix, _files(batch, number, folder))
        work.progress(_READ + (1 - _READ) * (start + len(batch)) / total)


def _files(pages: Sequence[read.DeckPage], number: int, folder: Path) -> list[tuple[str, bytes | Path, str]]:
    return [
        (page_path(number, page.number, size), folder / name, "image/webp")
        for page in pages
        for size, name in (("large", page.large), ("small", page.small))
    ]


def _row(deck_id: str, page: read.DeckPage) -> DeckPage:
    return DeckPage(
        deck_id=deck_id,
        number=page.number,
        slide=page.slide,
        label=page.label[:_LABEL_CHARS],
        title=page.title[:_TITLE_CHARS],
        width_px=page.width_px,
        height_px=page.height_px,
        text=page.text,
        words=msgspec.to_builtins(page.words),
        links=msgspec.to_builtins(page.links),
    )


@on_failure(RenderDeck)
async def render_failed(db: Db, runtime: Runtime, job: RenderDeck, code: str, detail: str) -> None:
    """Say on the deck why it has no pages."""
    deck = await fail_rendering(db, job.deck, code=code, detail=detail)
    if deck is not None:
        tell(db, runtime, deck)
