"""Follows one talk that is on air: its pages on the disk, and a confined child that looks for them in what is shown.

A child that dies or hangs is followed by another, which is told where slides were seen before; until then nothing is
found. The storage may be away meanwhile: pages that are on the disk are not asked for again.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core.errors import SemmaError
from server.core.runtime import Runtime
from server.media.refusals import MediaError, Refused
from server.media.slidematch.live_follow import follow_live
from server.media.slidematch.live_parts import Answer, LiveOrder, Told, Waiting
from server.media.slidematch.results import Region
from server.slides.live_cues import CueFound, OnNow
from server.slides.live_pages import PagesToFind, fetch_pages, read_pages

log = structlog.get_logger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Before a child that died is followed by another; after one that lived for long it is as the first time.
AGAIN_S = (0.1, 1.0, 3.0, 10.0)
LIVED_S = 60.0
REFUSED_S = 60.0  # a page that cannot be read today may be drawn again


class TalkFollower:
    """One talk of one broadcast, whose parts are in `waiting`; `found` is called with each cue. `run` ends only when it
    is cancelled."""

    def __init__(
        self, runtime: Runtime, name: str, talk: OnNow, waiting: Waiting, found: Callable[[CueFound], None]
    ) -> None:
        self.talk = talk
        self._runtime, self._name, self._waiting, self._found = runtime, name, waiting, found
        self._known: tuple[Region, ...] = ()

    async def run(self) -> None:
        """Child after child."""
        folder = await asyncio.to_thread(_scratch, self._runtime.scratch)
        failures = 0
        try:
            while True:
                began_s = time.monotonic()
                try:
                    await self._follow(folder)
                except (MediaError, SemmaError, SQLAlchemyError, OSError) as error:
                    if time.monotonic() - began_s > LIVED_S:
                        failures = 0
                    wait_s = REFUSED_S if isinstance(error, Refused) else AGAIN_S[min(failures, len(AGAIN_S) - 1)]
                    failures += 1
                    log.warning("live_slides.again", name=self._name, wait_s=wait_s, error=str(error) or repr(error))
                    await asyncio.sleep(wait_s)
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _follow(self, folder: Path) -> None:
        """One child, to its end, which is an error."""
        async with self._runtime.database.read() as db:
            pages = await read_pages(db, self.talk, folder)
        await fetch_pages(self._runtime.store, pages)
        order = LiveOrder(pages=tuple(pages.pages), known=self._known)
        log.info("live_slides.follows", name=self._name, session=self.talk.session, pages=len(pages.pages))

        def hear(answer: Answer) -> None:
            self._known = answer.regions or self._known
            for told in answer.told:
                self._found(self._as_cue(told, pages))

        await follow_live(order, self._waiting, hear, folder=folder)

    def _as_cue(self, told: Told, pages: PagesToFind) -> CueFound:
        return CueFound(
            event=self.talk.event,
            session=self.talk.session,
            at=told.at,
            wall=EPOCH + timedelta(microseconds=told.wall_us),
            page=pages.numbering[told.page] if told.page is not None else None,
            confidence=told.confidence,
        )


def _scratch(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="live-slides-", dir=root))
