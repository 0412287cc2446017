"""One room of an ingest process: its encoders come and go, its broadcasts begin, go on and end.

A broadcast begins with the first whole part of an encoder's picture, not with its connection. After a restart, or after
anything here has failed, the broadcast that is on air goes on where its rows say it stopped.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.core.errors import SemmaError
from server.live.broadcasts import begin_broadcast, close_broadcast
from server.live.edge import Edge
from server.live.encoder import decide_layout
from server.live.equipment import Equipment, RoomClock
from server.live.feed import Feed, RoomTaken
from server.live.lineup import Lineup
from server.live.models import Broadcast
from server.live.on_air import OnAir
from server.live.onlooker import begin_looking
from server.live.queries import present_broadcast
from server.live.resume import layout_from, open_edge
from server.live.stint import Stint, begin_stint
from server.live.window import WriterReplaced
from server.media.live import Layout
from server.media.passthrough import layout_for

log = structlog.get_logger(__name__)

_LOOK_S = 0.05
_AGAIN_S = 1.0
_STOP_S = 3.0
OVER_S = 30.0  # encoders that connect again by themselves do so within seconds; they must not begin a new broadcast
_MOST_OVER_S = 600.0
_AWAY = (SemmaError, SQLAlchemyError, OSError)


class BroadcastOver(RoomTaken):
    """The encoder came back by itself after the broadcast had ended."""

    code = "live.broadcast_over"
    says = "The broadcast has ended. Stop the encoder; half a minute later it can begin a new one."


class Room:
    """See the module. `live` runs for as long as the process."""

    def __init__(self, equipment: Equipment, *, event_id: str, room_id: str) -> None:
        self.room_id, self._event_id = room_id, event_id
        self.lineup = Lineup(clock=equipment.clock.mono)
        self._equipment = equipment
        self._on_air: OnAir | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._over: dict[str, tuple[float, float]] = {}  # key → since when, until when it is not let in

    async def serve(self, feed: Feed) -> None:
        """Take an encoder in, until it has left; raises RoomTaken."""
        self._check_not_over(feed.admission.key_id)
        intake = await self.lineup.join(feed)
        log.info("live.encoder_came", room=self.room_id, role=intake.role, peer=feed.peer)
        try:
            await intake.read()
        finally:
            self.lineup.leave(intake)
            log.info("live.encoder_left", room=self.room_id, role=intake.role)

    def look_now(self) -> None:
        """Something of the room was changed."""
        if self._on_air is not None:
            self._on_air.oversight.look_now()

    async def live(self) -> None:
        """Broadcast after broadcast."""
        try:
            while True:
                try:
                    await self._broadcast()
                except WriterReplaced as error:
                    log.error("live.replaced", room=self.room_id, error=error.detail)
                    await self._yield()
                except Exception:
                    log.exception("live.room_failed", room=self.room_id)
                await asyncio.sleep(_AGAIN_S)
        finally:
            for task in self._closing:
                task.cancel()
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def _yield(self) -> None:
        """Another process has taken the room over: leave it to that one, until an encoder comes to this one."""
        self.lineup.drop("Another server has taken this room over; connect again.")
        while self.lineup.key_ids():  # those of the dropped  # noqa: ASYNC110 -- they leave one by one
            await asyncio.sleep(_LOOK_S)
        while not self.lineup.key_ids():  # noqa: ASYNC110 -- one look is as good as an event
            await asyncio.sleep(_LOOK_S)

    # ---- one broadcast

    async def _broadcast(self) -> None:
        # A clock for each broadcast: should the machine's have been put right meanwhile, the next one has it right.
        self._equipment = replace(self._equipment, clock=RoomClock(mono=self._equipment.clock.mono))
        present = await self._present()
        if present is not None:
            await self._go_on(present, None, is_new=False)
            return
        stint, layout = await self._first_stint()
        try:
            broadcast = await self._begin(stint, layout)
        except BaseException:
            await stint.stop()
            raise
        is_new = layout_from(broadcast) == layout
        if not is_new:
            await stint.stop()
        await self._go_on(broadcast, stint if is_new else None, is_new=is_new)

    async def _go_on(self, broadcast: Broadcast, stint: Stint | None, *, is_new: bool) -> None:
        """Be on air until it has ended, then have it closed."""
        edge = await open_edge(self._equipment, broadcast, is_new=is_new)
        edge.onlooker = begin_looking(self._equipment.look_on, broadcast, edge.layout)
        on_air = self._on_air = OnAir(self._equipment, self.lineup, broadcast, edge, stint=stint)
        self._equipment.archive.watch(
            broadcast.id, settled=lambda msn, _kept: edge.window.release(msn), decided=on_air.oversight.decided
        )
        log.info("live.broadcast", room=self.room_id, broadcast=broadcast.id, is_new=is_new)
        try:
            await on_air.run()
        except BaseException:
            await asyncio.shield(_put_down(edge))
            raise
        finally:
            self._on_air = None
            edge.onlooker.close()
        self._refuse_returning()
        self.lineup.drop("The broadcast has ended.")
        self._close_later(broadcast.id, edge)

    async def _present(self) -> Broadcast | None:
        """The broadcast the room is on air with, by the rows. Waits for the database."""
        while True:
            try:
                async with self._equipment.runtime.database.read() as db:
                    return await present_broadcast(db, self.room_id)
            except _AWAY as error:
                log.warning("live.database_away", room=self.room_id, error=str(error))
                await asyncio.sleep(_AGAIN_S)

    async def _first_stint(self) -> tuple[Stint, Layout]:
        """Wait for an encoder of which a picture comes out, and what layout its broadcast has. Pictures that may be
        passed through are waited for until that is known, a keyframe's distance, and none of them is lost."""
        passthrough = self._equipment.passthrough
        while True:
            best = self.lineup.best(None)
            if best is None or (start := best.start) is None or start.info is None:
                await asyncio.sleep(_LOOK_S)
                continue
            if passthrough and best.is_deciding:
                await asyncio.sleep(_LOOK_S)
                continue
            layout = decide_layout(start.info, self._equipment.heights)
            if passthrough and best.judge is not None and best.judge.is_clean:
                layout = layout_for(best.judge, layout)
            stint = begin_stint(
                self._equipment.ffmpeg, best, layout, passthrough=passthrough, clock=self._equipment.clock.mono
            )
            if stint is None:
                continue
            try:
                while not stint.is_ready and not stint.is_spent:  # noqa: ASYNC110 -- the clock decides too
                    await asyncio.sleep(_LOOK_S)
            except BaseException:
                await stint.stop()
                raise
            if stint.is_ready:
                return stint, layout
            log.warning("live.no_picture", room=self.room_id, reason=stint.reason)
            await stint.stop()
            await asyncio.sleep(_AGAIN_S)

    async def _begin(self, stint: Stint, layout: Layout) -> Broadcast:
        """The broadcast's row. Waits for the database; what the encoder sends meanwhile is held."""
        started_at: datetime = self._equipment.clock.wall_at(stint.first.at_s)
        while True:
            try:
                async with self._equipment.runtime.database.write() as db:
                    return await begin_broadcast(
                        db,
                        self._equipment.runtime,
                        event_id=self._event_id,
                        room_id=self.room_id,
                        started_at=started_at,
                        layout=msgspec.to_builtins(layout),
                        encoder=stint.intake.role,
                    )
            except _AWAY as error:
                log.warning("live.begin_waits", room=self.room_id, error=str(error))
                await asyncio.sleep(_AGAIN_S)

    # ---- its end

    def finish(self, broadcast: Broadcast) -> None:
        """Close a broadcast that was ended while no process wrote it."""

        async def work() -> None:
            edge = await self._open_ended(broadcast)
            self._equipment.archive.watch(
                broadcast.id, settled=lambda msn, _kept: edge.window.release(msn), decided=_at_once
            )
            await edge.close()
            await edge.window.close()
            await self._close(broadcast.id, edge)

        self._spawn(work())

    async def _open_ended(self, broadcast: Broadcast) -> Edge:
        """Its edge, to be closed; waits for the engines."""
        while True:
            try:
                return await open_edge(self._equipment, broadcast, is_new=False)
            except _AWAY as error:
                log.warning("live.finish_waits", broadcast=broadcast.id, error=str(error))
                await asyncio.sleep(_AGAIN_S)

    def _close_later(self, broadcast_id: str, edge: Edge) -> None:
        self._spawn(self._close(broadcast_id, edge))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"closing:{self.room_id}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, broadcast_id: str, edge: Edge) -> None:
        """Wait until the archive has all of it, then say that nothing is added any more. Tries for ever."""
        await self._equipment.archive.settle(broadcast_id)
        self._equipment.archive.unwatch(broadcast_id)
        while True:
            try:
                async with self._equipment.runtime.database.write() as db:
                    broadcast = await db.get(Broadcast, broadcast_id, with_for_update=True)
                    if broadcast is not None:
                        moment = self._equipment.clock.now()
                        await close_broadcast(db, self._equipment.runtime, broadcast, moment=moment)
                break
            except _AWAY as error:
                log.warning("live.close_waits", broadcast=broadcast_id, error=str(error))
                await asyncio.sleep(_AGAIN_S)
        await edge.window.settle()
        await edge.window.stop()
        log.info("live.closed", room=self.room_id, broadcast=broadcast_id)

    def _refuse_returning(self) -> None:
        now_s = self._equipment.clock.mono()
        self._over = {key: (now_s, now_s + OVER_S) for key in self.lineup.key_ids()}

    def _check_not_over(self, key_id: str) -> None:
        """Raise BroadcastOver for an encoder that goes on trying after the end; each try puts the next one off."""
        now_s = self._equipment.clock.mono()
        since_s, until_s = self._over.get(key_id, (0.0, 0.0))
        if now_s >= until_s:
            self._over.pop(key_id, None)
            return
        self._over[key_id] = (since_s, min(now_s + OVER_S, since_s + _MOST_OVER_S))
        raise BroadcastOver


async def _put_down(edge: Edge) -> None:
    """This process stops, or the room failed: close the open segment if that can be done, keep the rest as it is."""
    try:
        async with asyncio.timeout(_STOP_S):
            await edge.close()
    except (Exception, asyncio.CancelledError) as error:
        log.warning("live.not_closed", broadcast=edge.broadcast_id, error=str(error) or type(error).__name__)
        await edge.stop()
    await edge.window.stop()


async def _at_once(_moment: datetime) -> None:
    """What has ended is decided."""
