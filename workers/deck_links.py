"""Fetch what a session's link to slides leads to: to scratch, looked at by its content, stored as a deck's file.

May run twice: a file that was stored by an attempt that did not end belongs to no deck and is swept.
"""

import asyncio
import hashlib
from pathlib import Path

from sqlalchemy import select

from server.core.changes import announce
from server.core.db import Db
from server.core.fetch import Fetched, FetchFailed, FetchLimits, fetch
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.slides.add import DeckFile, add_deck
from server.slides.changes import tell
from server.slides.errors import DeckUnusable
from server.slides.intake import MAX_BYTES
from server.slides.jobs import LookAtLink
from server.slides.keys import fetched_key
from server.slides.kinds import HEAD_BYTES, KINDS, TAIL_BYTES, kind_of, safe_name
from server.slides.linked import FETCHED, SAME, ToLookAt, failed, looked, open_row, standing, what_to_look_at
from server.slides.models import Deck, DeckLink
from server.slides.slots import NEW, is_live
from workers.runtime import Work, handles, on_failure
from workers.scratch import scratch_directory

LIMITS = FetchLimits(size_bytes=MAX_BYTES)
_PAGE = "This link leads to a web page, not to a file of slides. Link to the PDF itself, or upload the file here."


class LinkedPage(DeckUnusable):
    """HTML."""

    code = "deck.link_is_a_page"
    says = _PAGE


@handles(LookAtLink)
async def look_at_link(job: LookAtLink, work: Work) -> None:
    """Follow the link; what came of it and the end of the job are one commit."""
    async with work.transaction() as db:
        task = await what_to_look_at(db, job.deck_link)
    if task is None:
        return
    with scratch_directory(work.runtime.scratch, f"{job.deck_link}-link", room_bytes=MAX_BYTES) as folder:
        path = folder / "file"
        try:
            got = await fetch(task.url, path, limits=LIMITS, validator=task.validator)
            is_new = got.is_new and got.sha256 != task.sha256
            kind = await asyncio.to_thread(_kind_of, path, got) if is_new else ""
        except (FetchFailed, DeckUnusable) as error:
            async with work.transaction(last=True) as db:
                await _say_failed(db, work.runtime, job.deck_link, error)
            return
        if not is_new:
            async with work.transaction(last=True) as db:
                await _note_unchanged(db, job.deck_link, got)
            return
        await _keep(job.deck_link, task, work, path, got, kind)


def _kind_of(path: Path, got: Fetched) -> str:
    """What the file is, by its content. Raises DeckUnusable."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, got.size_bytes - TAIL_BYTES))
        tail = file.read()
    try:
        return kind_of(head, tail)
    except DeckUnusable:
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if start.startswith((b"<!doctype html", b"<html")) or got.content_type in (
            "text/html",
            "application/xhtml+xml",
        ):
            raise LinkedPage from None
        raise


async def _keep(row_id: str, task: ToLookAt, work: Work, path: Path, got: Fetched, kind: str) -> None:
    """Store the file and make it a deck, or the next version of one, unless somebody brought the very same file."""
    same = await _same_file(work, task, got)
    if same is not None:
        async with work.transaction(last=True) as db:
            row = await open_row(db, row_id)
            if row is not None:
                row.slot, row.sha256 = same, got.sha256
                looked(row, state=SAME, validator="")
        return
    deck_id = new_id()
    file = DeckFile(
        filename=safe_name(got.filename, kind),
        kind=kind,
        size_bytes=got.size_bytes,
        key=fetched_key(deck_id),
        source_url=task.url,
        source_etag=got.validator or None,
    )
    with path.open("rb") as body:
        await work.store.put(file.key, body, content_type=KINDS[kind].content_type)
    async with work.transaction(last=True) as db:
        row = await open_row(db, row_id)
        if row is not None and row.url == task.url:
            await _take(db, work.runtime, row, file, deck_id, got)


async def _take(db: Db, runtime: Runtime, row: DeckLink, file: DeckFile, deck_id: str, got: Fetched) -> None:
    decks = (await db.scalars(select(Deck).where(Deck.session_id == row.session_id))).all()
    slot = row.slot if row.slot and standing(row, decks) == FETCHED else NEW
    deck = await add_deck(db, event_id=row.event_id, session_id=row.session_id, file=file, slot=slot, deck_id=deck_id)
    row.slot, row.sha256 = deck.slot, got.sha256
    looked(row, state=FETCHED, validator=got.validator)
    tell(db, runtime, deck)


async def _same_file(work: Work, task: ToLookAt, got: Fetched) -> str | None:
    """The slot of a deck that somebody brought and that is this file, byte for byte."""
    async with work.read() as db:
        decks = await db.scalars(
            select(Deck).where(
                Deck.session_id == task.session_id, Deck.size_bytes == got.size_bytes, Deck.upload_id.is_not(None)
            )
        )
        candidates = [deck for deck in decks if is_live(deck)]
    for deck in candidates:
        digest = hashlib.sha256()
        _stored, chunks = await work.store.open(deck.key)
        async for chunk in chunks:
            digest.update(chunk)
        if digest.hexdigest() == got.sha256:
            return deck.slot
    return None


async def _note_unchanged(db: Db, row_id: str, got: Fetched) -> None:
    row = await open_row(db, row_id)
    if row is None:
        return
    looked(row, state=FETCHED, validator=got.validator)
    newest = await db.scalar(
        select(Deck).where(Deck.slot == row.slot, Deck.source_url.is_not(None)).order_by(Deck.revision.desc()).limit(1)
    )
    if newest is not None:
        newest.source_seen_at = row.looked_at


async def _say_failed(db: Db, runtime: Runtime, row_id: str, error: FetchFailed | DeckUnusable) -> None:
    await _record(db, runtime, row_id, error.code, error.detail, retryable=error.retryable)


async def _record(db: Db, runtime: Runtime, row_id: str, code: str, detail: str, *, retryable: bool) -> None:
    row = await open_row(db, row_id)
    if row is None:
        return
    failed(row, code=code, detail=detail, retryable=retryable)
    change = {
        "kind": "slides",
        "id": row.link_id,
        "session": row.session_id,
        "state": "failed",
        "progress": 0.0,
        "error": code,
        "public": False,
    }
    announce(db, runtime.redis, event_id=row.event_id, change=change)


@on_failure(LookAtLink)
async def look_failed(db: Db, runtime: Runtime, job: LookAtLink, code: str, detail: str) -> None:
    """Say on the link why nothing came of it; it is looked at again."""
    await _record(db, runtime, job.deck_link, code, detail, retryable=True)
