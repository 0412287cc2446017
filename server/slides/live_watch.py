"""Looks at rooms that are on air, in the ingest process: which page of the talk's slides is shown now?

    live/onlooker → parts of one rung → live_talk, a confined child a room → rows and announcements (live_cues)

A `RoomWatch` a broadcast, beside the stream and behind it: it is handed what is published and never waited for. Once a
second it looks which talk is on and which pages that has, so it follows when decks come or the talk changes.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from server.core.errors import SemmaError
from server.core.runtime import Runtime
from server.live.collect import InitOf
from server.live.models import Broadcast
from server.media.live import Layout, Row, Track
from server.media.slidematch.live_parts import LivePart, Waiting
from server.slides.live_cues import CueFound, OnNow, forget_old_cues, last_cue, read_on_now, tell_cues
from server.slides.live_talk import EPOCH, TalkFollower

log = structlog.get_logger(__name__)

LOOK_S = 1.0
MOST_LINES = 720
MOST_UNTOLD = 1_000  # with the database away for long, the oldest go
_AWAY = (SemmaError, SQLAlchemyError, OSError)


class LiveSlides:
    """All rooms of an ingest process; `look_on` is handed to live (live/onlooker.LookOn)."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._watches: list[RoomWatch] = []

    def look_on(self, broadcast: Broadcast, layout: Layout) -> "RoomWatch":
        """Begin to look at a broadcast."""
        watch = RoomWatch(self._runtime, broadcast.id, track_to_look_at(layout))
        self._watches = [one for one in self._watches if not one.is_done] + [watch]
        return watch

    async def close(self) -> None:
        """Stop everything."""
        for watch in self._watches:
            watch.close()
        await asyncio.gather(*(watch.stopped() for watch in self._watches))


def track_to_look_at(layout: Layout) -> Track | None:
    """The highest rung of at most 720 lines, the lowest where all have more; None without a picture. Pure."""
    rungs = [track for track in layout.tracks if track.kind == "video"]
    rungs.sort(key=lambda one: min(one.width, one.height))
    small = [track for track in rungs if min(track.width, track.height) <= MOST_LINES]
    return small[-1] if small else next(iter(rungs), None)


def part_of(row: Row, track: str, init: bytes, number: int) -> LivePart:
    """What the child is given of a row. Pure."""
    piece = row.pieces[track]
    return LivePart(
        number=number,
        is_key=piece.independent,
        start=row.start,
        wall_us=(row.wall - EPOCH) // timedelta(microseconds=1),
        init=init,
        data=piece.data,
    )


class RoomWatch:
    """One broadcast; see the module. Satisfies live/onlooker.Onlooker."""

    def __init__(self, runtime: Runtime, broadcast_id: str, track: Track | None) -> None:
        self._runtime, self._broadcast_id, self._track = runtime, broadcast_id, track
        self._waiting = Waiting()
        self._number = 0
        self._last: tuple[str, tuple[str, int] | None] | None = None  # (session, page) that viewers were told
        self._untold: list[CueFound] = []
        self._is_untold = asyncio.Event()
        self._tasks = [] if track is None else [self._task(self._run()), self._task(self._tell())]

    @property
    def is_done(self) -> bool:
        """Whether nothing of it runs any more."""
        return all(task.done() for task in self._tasks)

    def see(self, row: Row, init_of: InitOf) -> None:
        """A row was published. The slate is no picture of the talk."""
        self._number += 1
        if self._track is None or row.slate:
            return
        name = self._track.name
        self._waiting.add(part_of(row, name, init_of(name, row.inits[name]), self._number))

    def close(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()

    async def stopped(self) -> None:
        """Wait until it does nothing any more."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return asyncio.create_task(work, name=f"slides:{self._broadcast_id}")

    # ---- which talk is followed

    async def _run(self) -> None:
        """Follow the talk that is on, with the pages it has."""
        await self._remember()
        talk: OnNow | None = None
        running: asyncio.Task[None] | None = None
        try:
            while True:
                on_now = await self._on_now(talk)
                if running is not None and (on_now != talk or running.done()):
                    await _stop(running)
                    running = None
                talk = on_now
                if talk is not None and running is None:
                    follower = TalkFollower(self._runtime, self._broadcast_id, talk, self._waiting, self._found)
                    running = self._task(follower.run())
                await asyncio.sleep(LOOK_S)
        finally:
            if running is not None:
                await _stop(running)

    async def _remember(self) -> None:
        """What an earlier process told; what nobody asks for any more goes."""
        try:
            async with self._runtime.database.write() as db:
                await forget_old_cues(db)
                last = await last_cue(db, self._broadcast_id)
        except _AWAY as error:
            log.warning("live_slides.not_remembered", broadcast=self._broadcast_id, error=str(error))
            return
        if last is not None:
            page = (last.deck_id, last.page) if last.deck_id is not None and last.page is not None else None
            self._last = last.session_id, page

    async def _on_now(self, before: OnNow | None) -> OnNow | None:
        """The talk that is on; with the database away the one that was."""
        try:
            async with self._runtime.database.read() as db:
                return await read_on_now(db, self._broadcast_id)
        except _AWAY as error:
            log.warning("live_slides.database_away", broadcast=self._broadcast_id, error=str(error))
            return before

    # ---- what is told

    def _found(self, cue: CueFound) -> None:
        """Another page is shown; the same one again, seen by another child, is no news."""
        if self._last == (cue.session, cue.page):
            return
        self._last = cue.session, cue.page
        self._untold = [*self._untold[-MOST_UNTOLD:], cue]
        self._is_untold.set()

    async def _tell(self) -> None:
        """Write down what was found, as soon as it is; again while the database is away."""
        while True:
            await self._is_untold.wait()
            cues = tuple(self._untold)
            try:
                async with self._runtime.database.write() as db:
                    await tell_cues(db, self._runtime, self._broadcast_id, cues)
            except IntegrityError as error:  # the talk is gone, or the room
                log.warning("live_slides.not_told", broadcast=self._broadcast_id, error=str(error.orig))
            except _AWAY as error:
                log.warning("live_slides.tells_again", broadcast=self._broadcast_id, error=str(error))
                await asyncio.sleep(LOOK_S)
                continue
            self._untold = [cue for cue in self._untold if cue not in cues]
            if not self._untold:
                self._is_untold.clear()


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
