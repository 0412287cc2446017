"""Match slides: the recording's picture and the decks' pages to scratch, read in a confined child, cues written down.

`settle_slides` is where every fact about decks and recordings leads. Both may run twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from server.core.db import Db
from server.core.errors import Gone
from server.core.runtime import Runtime
from server.core.storage import ObjectMissing
from server.media.join_mp4 import HEAD_BYTES, Mp4Joiner
from server.media.probe import probe
from server.media.slidematch.match import match_recording
from server.media.slidematch.results import DeckPage as PageToFind
from server.media.slidematch.results import Matched, Region
from server.media.timeline import Timeline
from server.slides.carry import PageLook
from server.slides.correct import PageRef
from server.slides.jobs import MatchSlides
from server.slides.keys import deck_prefix, page_path
from server.slides.models import Deck, DeckPage
from server.slides.queries import pages_of
from server.slides.sync import Outcome, fail_order, keep_outcome, note_progress, settle, take_turn
from server.slides.sync_found import Carry, Found, found_in, kept_in
from server.slides.sync_inputs import Inputs, edits_of, get_sync, read_inputs
from server.slides.sync_moved import carry_deck, named_decks
from server.slides.sync_place import missing
from server.slides.sync_reel import PictureGone, Reel, make_reel, read_segments
from server.slides.sync_result import found_by_source
from workers.runtime import Work, handles, on_failure
from workers.scratch import scratch_directory

AHEAD = 6  # objects fetched before they are needed
_FETCHED = 0.1  # of the whole work
_TRACK = "video"


class PagesGone(Gone):
    """A picture of a page is not in the storage."""

    code = "cues.pages_gone"
    says = "The pictures of the slides' pages are missing, so they were not matched. Render the slides again."


@dataclass(frozen=True, kw_only=True)
class _Task:
    """All that is needed, read at once."""

    inputs: Inputs
    timeline: Timeline
    holes: list[tuple[int, int]]
    reel: Reel
    pages: dict[str, list[DeckPage]]
    known: tuple[Region, ...]


async def settle_slides(work: Work, session_id: str) -> None:
    """Bring a session's cues in line with its decks and its recording; the last thing a fact's handler does."""
    async with work.read() as db:
        lost = await _lost_decks(db, session_id)
    carries = await asyncio.to_thread(_carry, lost)
    async with work.transaction(last=True) as db:
        await settle(db, work.runtime, session_id, carries=carries)


@dataclass(frozen=True, kw_only=True)
class _Lost:
    """A deck that cues or people speak of and that is not shown, with those that are."""

    deck: str
    pages: list[PageLook]
    heirs: list[tuple[str, list[PageLook]]]
    version: str | None


async def _lost_decks(db: Db, session_id: str) -> list[_Lost]:
    inputs = await read_inputs(db, session_id)
    sync = await get_sync(db, session_id)
    if inputs is None or sync is None or not inputs.decks:
        return []
    edits = await edits_of(db, session_id, undone=True)
    named = named_decks(found_in(sync.found), [one for edit in edits for one in kept_in(edit.corrections)])
    shown = {deck.id: deck for deck in inputs.decks}
    lost = {deck for deck in named - set(shown) if deck not in sync.carries or sync.carries[deck]["deck"] not in shown}
    if not lost:
        return []
    slots = {row.id: row.slot for row in await db.scalars(select(Deck).where(Deck.id.in_(lost)))}
    looks = {deck: [PageLook(number=page.number, text=page.text) for page in pages]
             for deck, pages in (await pages_of(db, [*lost, *shown])).items()}  # fmt: skip
    heirs = [(deck, looks.get(deck, [])) for deck in shown]
    by_slot = {deck.slot: deck.id for deck in inputs.decks}
    return [
        _Lost(deck=deck, pages=looks[deck], heirs=heirs, version=by_slot.get(slots.get(deck, "")))
        for deck in sorted(lost)
        if deck in looks
    ]


def _carry(lost: Sequence[_Lost]) -> dict[str, Carry]:
    found = {one.deck: carry_deck(one.pages, one.heirs, version=one.version) for one in lost}
    return {deck: carry for deck, carry in found.items() if carry is not None}


@handles(MatchSlides)
async def match(job: MatchSlides, work: Work) -> None:
    """Look at what is not known yet; what was found and the end of the job are one commit."""
    task = await _begin(job, work)
    if task is None:
        return

    async def carry(db: Db, share: float) -> None:
        await note_progress(db, work.runtime, job, share)

    work.on_beat = carry
    room_bytes = 2 * task.reel.size_bytes
    with scratch_directory(work.runtime.scratch, f"{job.session}-match", room_bytes=room_bytes) as folder:
        numbering, pages = await _fetch_pages(work, task, folder)
        matched = await _look(work, task, pages, folder)
    found = found_by_source(
        matched,
        task.reel,
        task.holes,
        timeline=task.timeline,
        numbering=numbering,
        looked_for=task.inputs.looked_for,
    )
    outcome = Outcome(looked_for=task.inputs.looked_for, found=found, anew=job.anew)
    async with work.transaction(last=True) as db:
        await keep_outcome(db, work.runtime, job, outcome)


async def _begin(job: MatchSlides, work: Work) -> _Task | None:
    """Take the order; None when it is not wanted any more."""
    async with work.transaction() as db:
        sync = await take_turn(db, work.runtime, job)
        inputs = await read_inputs(db, job.session) if sync is not None else None
        if sync is None or inputs is None:
            return None
        timeline = inputs.timeline
        if timeline is None or inputs.recording is None or not inputs.decks:
            await settle(db, work.runtime, job.session)
            return None
        found = found_in(sync.found)
        whole = [(0, inputs.recording.duration_ms or 0)]
        return _Task(
            inputs=inputs,
            timeline=timeline,
            holes=(holes := whole if job.anew else missing(timeline, found, inputs.looked_for)),
            reel=make_reel(await read_segments(db, inputs.recording), holes),
            pages=await pages_of(db, [deck.id for deck in inputs.decks]),
            known=_known(found, timeline),
        )


def _known(found: dict[str, Found], timeline: Timeline) -> tuple[Region, ...]:
    """Where slides were seen before in the sources of this recording."""
    sources = dict.fromkeys(part.source for part in timeline.ranges)
    regions = [one for source in sources if source in found for one in found[source].regions]
    return tuple(Region(layout=one.layout, quad=one.quad) for one in regions)


async def _fetch_pages(work: Work, task: _Task, folder: Path) -> tuple[dict[int, PageRef], list[PageToFind]]:
    """Every page's large picture to the disk; numbered and grouped into slides over all decks."""
    numbering: dict[int, PageRef] = {}
    pages: list[PageToFind] = []
    keys: list[tuple[str, Path]] = []
    slides = 0
    for deck in task.inputs.decks:
        for page in task.pages.get(deck.id, ()):
            number = len(pages) + 1
            path = folder / f"page-{number:05d}.webp"
            numbering[number] = deck.id, page.number
            pages.append(PageToFind(number=number, slide=slides + page.slide, picture=str(path), text=page.text))
            keys.append((deck_prefix(deck.id) + page_path(deck.rendering, page.number, "large"), path))
        slides = max((page.slide for page in pages), default=0)
    await _fetch(work, keys)
    return numbering, pages


async def _fetch(work: Work, keys: Sequence[tuple[str, Path]]) -> None:
    """Objects to files, a few at a time. Raises PagesGone."""
    slots = asyncio.Semaphore(AHEAD)

    async def fetch(key: str, path: Path) -> None:
        async with slots:
            data = await work.store.get(key)
        await asyncio.to_thread(path.write_bytes, data)

    running = [asyncio.ensure_future(fetch(key, path)) for key, path in keys]
    try:
        await asyncio.gather(*running)
    except ObjectMissing:
        raise PagesGone from None
    finally:
        for task in running:
            task.cancel()


async def _look(work: Work, task: _Task, pages: Sequence[PageToFind], folder: Path) -> Matched:
    """Join the reel and have it looked at; nothing is found where nothing of it is stored."""
    if not task.reel.segments:
        return Matched(cues=(), regions=(), unsure=(), frames=0, cpu_s=0.0)
    path = folder / "reel.mp4"
    await _join(work, task.reel, path)
    info = await probe(str(path))
    return await match_recording(
        str(path),
        pages,
        info=info,
        folder=folder,
        known=task.known,
        progress=lambda share: work.progress(_FETCHED + (1 - _FETCHED) * share),
    )


async def _join(work: Work, reel: Reel, path: Path) -> None:
    """The reel as one file. Raises PictureGone."""
    joiner = Mp4Joiner()
    with path.open("wb") as file:
        file.write(bytes(HEAD_BYTES))
        await _copy(work, reel, joiner, file)
        file.write(joiner.finish())
        file.seek(0)
        file.write(joiner.head())


async def _copy(work: Work, reel: Reel, joiner: Mp4Joiner, file: BinaryIO) -> None:
    inits: dict[str, bytes] = {}
    running: list[asyncio.Task[bytes]] = []
    try:
        for number, (one, shift) in enumerate(zip(reel.segments, reel.shifts, strict=True)):
            running += [
                asyncio.ensure_future(work.store.get(later.key))
                for later in reel.segments[number + len(running) : number + AHEAD]
            ]
            if one.init not in inits:
                inits[one.init] = await work.store.get(one.init)
            body = joiner.add(_TRACK, inits[one.init], await running.pop(0), shift=shift)
            await asyncio.to_thread(file.write, body)
            work.progress(_FETCHED * (number + 1) / len(reel.segments))
    except ObjectMissing:
        raise PictureGone from None
    finally:
        for task in running:
            task.cancel()


@on_failure(MatchSlides)
async def match_failed(db: Db, runtime: Runtime, job: MatchSlides, code: str, detail: str) -> None:
    """Say why no cues were found."""
    await fail_order(db, runtime, job, code=code, detail=detail)
