"""The pages of a talk that is on air, on the disk of who looks for them."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from server.core.db import Db
from server.core.storage import ObjectStore
from server.media.slidematch.results import DeckPage as PageToFind
from server.slides.keys import deck_prefix, page_path
from server.slides.live_cues import OnNow
from server.slides.queries import pages_of

AT_ONCE = 6


@dataclass(frozen=True, kw_only=True)
class PagesToFind:
    """Numbered over all decks; `pages` names the files they are to be in, `numbering` (deck, number) of each."""

    pages: list[PageToFind] = field(default_factory=list)
    numbering: dict[int, tuple[str, int]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


async def read_pages(db: Db, talk: OnNow, folder: Path) -> PagesToFind:
    """What is to be found; one statement."""
    found = PagesToFind()
    rows = await pages_of(db, [deck for deck, _rendering in talk.looked_for])
    slides = 0
    for deck, rendering in talk.looked_for:
        for page in rows.get(deck, ()):
            number = len(found.pages) + 1
            path = folder / f"page-{number:05d}.webp"
            found.pages.append(PageToFind(number=number, slide=slides + page.slide, picture=str(path), text=page.text))
            found.numbering[number] = deck, page.number
            found.keys.append(deck_prefix(deck) + page_path(rendering, page.number, "large"))
        slides = max((page.slide for page in found.pages), default=0)
    return found


async def fetch_pages(store: ObjectStore, found: PagesToFind) -> None:
    """Bring what is not on the disk yet. Raises what the storage raises."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def fetch(key: str, path: Path) -> None:
        async with slots:
            if not await asyncio.to_thread(path.exists):
                await asyncio.to_thread(_write, path, await store.get(key))

    running = [
        asyncio.ensure_future(fetch(key, Path(page.picture))) for key, page in zip(found.keys, found.pages, strict=True)
    ]
    try:
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.rename(path)
