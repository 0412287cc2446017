"""From a file to pages: every deck is read by a confined child, page by page.

    contents = await read_deck(path, "pdf", folder, progress=note)

The folder then holds two pictures a page. A child that dies or stands still on a page is started again behind that
page, which gets a picture that says so; one that was killed tries the page once more, since that may have been for
somebody else's memory. PPTX and ODP become a PDF first (deck_office.py).
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from server.media.deck_builds import group_pages
from server.media.deck_environment import without_ours
from server.media.deck_office import convert
from server.media.deck_pages import (
    REASONS,
    DeckContents,
    DeckDamaged,
    DeckLimits,
    DeckNeedsOffice,
    DeckNoPages,
    DeckPage,
    DeckTooBig,
    DeckTooSlow,
    DeckUnreadable,
    DeckWarning,
    OutlineEntry,
    PictureStep,
)
from server.media.process import Limits, start
from server.media.refusals import ProcessFailed

READER = Path(__file__).with_name("deck_child.py")
OFFICE_KINDS = ("pptx", "odp")
PICTURE_BYTES = 64 << 20
OPEN_S = 60.0
PAGE_CUT = "deck.page_cut"
_NEEDS_OFFICE = (
    "PowerPoint and OpenDocument slides cannot be read here, because LibreOffice is not installed. "
    "Export a PDF from your presentation program and bring that."
)
_CRASHED = "This page makes the reader crash or run out of memory, so only a notice is shown in its place."
_KILLED = "This page makes the reader need so much memory that it was killed; only a notice is shown in its place."
_STUCK = "This page takes too long to draw, so only a notice is shown in its place."


async def read_deck(
    path: Path,
    kind: str,
    folder: Path,
    *,
    progress: Callable[[float], None] | None = None,
    office: str | None = None,
    limits: DeckLimits = DeckLimits(),
) -> DeckContents:
    """Read a deck of a kind that server/slides/kinds.py knows; its pictures are written into `folder`.

    `progress` is given shares from 0 to 1. `office` is the path of soffice, from deck_office.find_office. Raises a
    subclass of DeckUnreadable, with a sentence for who brought the file, when it can never become pages;
    ProcessFailed when the reader could not run (try again).
    """
    size = (await asyncio.to_thread(path.stat)).st_size
    if size > limits.file_bytes:
        raise DeckTooBig(
            f"The file has {size >> 20:,} MiB; {limits.file_bytes >> 20:,} MiB are taken at most. "
            "Export it with smaller pictures."
        )
    if size == 0:
        raise DeckDamaged("The file is empty. Perhaps its upload was cut short; bring it again.")
    if kind in OFFICE_KINDS:
        if office is None:
            raise DeckNeedsOffice(_NEEDS_OFFICE)
        await _Reading(path, kind, folder, limits, None).run()
        path, kind = await convert(path, kind, folder, office, limits), "pdf"
    return await _Reading(path, kind, folder, limits, progress).run()


@dataclass
class _Reading:
    """One deck being read, over as many children as it takes."""

    path: Path
    kind: str
    folder: Path
    limits: DeckLimits
    progress: Callable[[float], None] | None
    pages: list[DeckPage] = field(default_factory=list)
    steps: list[PictureStep | None] = field(default_factory=list)
    outline: list[OutlineEntry] = field(default_factory=list)
    warnings: list[DeckWarning] = field(default_factory=list)
    page_count: int = 0
    wanted: int = 0
    begun: int | None = None
    spared: set[int | None] = field(default_factory=set)  # pages on which it was killed once
    done: bool = False
    refused: DeckUnreadable | None = None

    async def run(self) -> DeckContents:
        """Until all pages are there, or it is clear that they will not be."""
        deadline = time.monotonic() + self.limits.all_s
        failed: tuple[int, str] | None = None
        crashes = 0
        while not self.done:
            why = await self._one_child(failed, deadline)
            if self.refused is not None:
                raise self.refused
            if why is None:
                continue
            crashes += 1
            out_of_time = time.monotonic() >= deadline
            if why == _KILLED and self.begun not in self.spared and not out_of_time:
                self.spared.add(self.begun)
                # What an earlier child failed on is told again, unless the one that was killed has dealt with it.
                failed = failed if failed is not None and failed[0] > len(self.pages) else None
                continue
            if self.begun is None or out_of_time or crashes > self.limits.crashes:
                self._give_up(why, out_of_time)
                break
            failed = (self.begun, why)
        return self._contents()

    def _give_up(self, why: str, out_of_time: bool) -> None:
        """Keep what was read; raises when that is nothing."""
        if not self.pages and (out_of_time or why == _STUCK):
            raise DeckTooSlow("Reading this file takes too long. Export a simpler PDF, or pictures of the pages.")
        if not self.pages:
            raise DeckDamaged("This file makes the reader crash or run out of memory. Export it once more as PDF.")
        detail = f"Only the first {len(self.pages)} of {self.page_count} pages could be read. Export a simpler PDF."
        self.warnings.append(DeckWarning(code="deck.cut_short", detail=detail))

    async def _one_child(self, failed: tuple[int, str] | None, deadline: float) -> str | None:
        """Let one child read on from the first page that is missing. Returns why it ended, None when it was done."""
        self.begun = None
        argv = without_ours([sys.executable, "-I", "-X", "utf8", str(READER), json.dumps(self._order(failed))])
        loop = asyncio.get_running_loop()
        patience_s = max(OPEN_S, self.limits.page_s)
        async with start(argv, limits=self._limits()) as child:
            try:
                async with asyncio.timeout(min(patience_s, deadline - time.monotonic())) as timer:

                    def take(line: str) -> None:
                        self._take(json.loads(line))
                        timer.reschedule(loop.time() + min(self.limits.page_s, deadline - time.monotonic()))

                    await child.communicate(take)
            except TimeoutError:
                return _STUCK
            if child.returncode == -signal.SIGKILL:
                return _KILLED
            if child.returncode == 0:
                return None if self.done or self.refused else _CRASHED
            if self.begun is None and child.returncode is not None and child.returncode > 0:
                # It ended by itself with a traceback before it had seen a page: a fault here, not of the file.
                last = child.last_lines()
                raise ProcessFailed(f"the reader of decks failed: {'; '.join(last[-3:])}", child.returncode, last)
            return _CRASHED

    def _order(self, failed: tuple[int, str] | None) -> dict[str, Any]:
        order: dict[str, Any] = {
            "path": str(self.path),
            "kind": self.kind,
            "folder": str(self.folder),
            "pages": self.limits.pages,
            "members": self.limits.members,
            "unpacked_bytes": self.limits.unpacked_bytes,
            "first": len(self.pages) + 1,
        }
        if failed is not None:
            order |= {"failed": failed[0], "failed_why": failed[1]}
        if self.pages:
            order["size"] = [self.pages[-1].width_px, self.pages[-1].height_px]
        return order

    def _limits(self) -> Limits:
        return Limits(
            memory_bytes=self.limits.memory_bytes,
            cpu_s=max(1, round(self.limits.all_s)),
            file_bytes=PICTURE_BYTES,
            open_files=64,
            wall_s=self.limits.all_s,
            grace_s=0.5,
            nice=5,
        )

    def _take(self, answer: dict[str, Any]) -> None:
        if "begin" in answer:
            self.begun = answer["begin"]
        elif "page" in answer:
            self.pages.append(msgspec.convert(answer["page"], DeckPage))
            self.steps.append(msgspec.convert(answer["step"], PictureStep | None))
            self._note_progress()
        elif "warning" in answer:
            self.warnings.append(msgspec.convert(answer["warning"], DeckWarning))
        elif "outline" in answer:
            self.outline.append(msgspec.convert(answer["outline"], OutlineEntry))
        elif "document" in answer:
            self.page_count, self.wanted = answer["document"]["page_count"], answer["document"]["pages"]
        elif "refused" in answer:
            self.refused = REASONS.get(answer["refused"]["code"], DeckUnreadable)(answer["refused"]["detail"])
        self.done = self.done or "done" in answer

    def _note_progress(self) -> None:
        if self.progress is not None and self.wanted:
            self.progress(min(1.0, len(self.pages) / self.wanted))

    def _refuse_if_nothing_was_read(self) -> None:
        """A deck of nothing but notices is none. Raises what the first page has to say."""
        lost = {note.page: note for note in self.warnings if note.page is not None and note.code != PAGE_CUT}
        if self.kind not in OFFICE_KINDS and len(lost) == len(self.pages):
            if not lost:
                raise DeckNoPages("There are no pages in this file. Export the slides once more.")
            first = lost[min(lost, key=lambda page: page or 0)]
            raise REASONS.get(first.code, DeckDamaged)(f"No page of this file can be read. {first.detail}")

    def _contents(self) -> DeckContents:
        if self.page_count > self.wanted:
            detail = f"The file has {self.page_count:,} pages; the first {self.wanted:,} of them are shown."
            self.warnings.insert(0, DeckWarning(code="deck.too_many_pages", detail=detail))
        self._refuse_if_nothing_was_read()
        slides = group_pages(self.pages, self.steps)
        pages = [msgspec.structs.replace(page, slide=slide) for page, slide in zip(self.pages, slides, strict=True)]
        return DeckContents(pages=pages, outline=self.outline, warnings=self.warnings, page_count=self.page_count)
