"""One broadcast while it is on air: who of the room's encoders is seen, the slate while none is, and its end.

A director that looks many times a second. What is on air is a stint or the slate; the next stint is made ready beside
it (`coming`) and takes its place with the first whole part it can give.
"""

import asyncio
import contextlib
from datetime import timedelta

import structlog

from server.live.broadcasts import AWAY
from server.live.edge import Edge
from server.live.equipment import Equipment
from server.live.health import Signs
from server.live.lineup import Lineup
from server.live.models import BACKUP, MAIN, Broadcast
from server.live.oversee import Oversight
from server.live.signs import observe
from server.live.slate import Slate, make_slate
from server.live.slate_show import SlateShow
from server.live.stint import Stint, begin_stint
from server.media.refusals import MediaError
from server.media.segmenter import BadRun

log = structlog.get_logger(__name__)

_TICK_S = 0.03
SLATE_AFTER_S = 1.4  # while the next stint is being made ready, viewers wait so long for it before they see the slate
_CATCH_UP = timedelta(seconds=2)  # of an absence, so much is filled with slate at once
_RETRY_S = (0.5, 1.0, 2.0, 5.0)  # before a run is tried again that gave nothing
_SLATE_AGAIN_S = 10.0
_END_S = 1.0


class OnAir:
    """A broadcast on air; `stint` is what it begins with (None after a restart: the slate)."""

    def __init__(
        self, equipment: Equipment, lineup: Lineup, broadcast: Broadcast, edge: Edge, *, stint: Stint | None = None
    ) -> None:
        self.broadcast_id, self._event_id, self._room_id = broadcast.id, broadcast.event_id, broadcast.room_id
        encoder = stint.intake.role if stint is not None else AWAY
        self.oversight = Oversight(equipment, broadcast.id, self._signs, encoder=encoder)
        self._equipment, self._lineup, self._edge = equipment, lineup, edge
        self._layout = edge.layout
        self._on: Stint | None = None
        self._coming = stint
        self._failures, self._not_before_s = 0, 0.0
        self._show: SlateShow | None = None
        self._slate: Slate | None = None
        self._stopping: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the broadcast has ended, or WriterReplaced. What is open then is closed, but for the archive."""
        beside = [asyncio.create_task(work) for work in (self.oversight.run(), self._prepare_slate())]
        try:
            while not self.oversight.ended.is_set():
                await self._step()
                self._oversee()
                for task in beside:
                    if task.done():
                        task.result()  # raises what it failed with: the room goes on anew
                await asyncio.sleep(_TICK_S)
            await self._finish()
        finally:
            for task in beside:
                task.cancel()
            self._leave(self._coming)
            self._leave(self._on)
            await asyncio.gather(*beside, *self._stopping, return_exceptions=True)

    # ---- the director

    async def _step(self) -> None:
        await self._drain()
        await self._call()
        await self._switch()
        await self._show_slate()

    async def _drain(self) -> None:
        """What the stint on air gave, to the viewers; when it is spent it is off air."""
        stint = self._on
        if stint is None:
            return
        try:
            for track, init, samples in stint.take():
                await self._edge.push(track, init, samples)
        except BadRun as error:
            log.warning("live.bad_run", broadcast=self.broadcast_id, error=str(error))
            stint.reason = stint.reason or "bad run"
            stint.distrust()
        else:
            if not stint.is_spent:
                return
        log.info("live.off_air", broadcast=self.broadcast_id, role=stint.intake.role, reason=stint.reason)
        await self._edge.end()
        self._on = None
        self._leave(stint)

    async def _call(self) -> None:
        """Make the encoder ready that should be on air, if it is not."""
        on = self._on.intake if self._on is not None and self._on.is_reading else None
        best = self._lineup.best(on)
        if self._coming is not None:
            if best is on and on is not None:
                self._leave(self._coming)  # it was made ready in case, and is not needed
                self._coming = None
            return
        if best is None or best is on or best.start is None or self._equipment.clock.mono() < self._not_before_s:
            return
        # Not waited for here, as at the beginning: viewers would see the slate for longer.
        self._coming = begin_stint(
            self._equipment.ffmpeg,
            best,
            self._layout,
            passthrough=self._equipment.passthrough,
            clock=self._equipment.clock.mono,
        )

    async def _switch(self) -> None:
        """Let the coming stint on air once it is ready."""
        coming = self._coming
        if coming is None:
            return
        if not coming.is_ready:
            if coming.is_spent:
                self._leave(coming)
                self._coming = None
                self._not_before_s = self._equipment.clock.mono() + _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
                self._failures += 1
            return
        await self._edge.end()
        if self._on is not None:
            self._leave(self._on)
        wall = self._equipment.clock.wall_at(coming.first.at_s)
        if self._show is None and self._edge.wall_end is not None:
            # Viewers saw those moments from the other encoder.
            wall += timedelta(seconds=coming.skip((self._edge.wall_end - wall).total_seconds()))
        self._on, self._coming, self._show, self._failures = coming, None, None, 0
        self._edge.begin(wall, slate=False, silent=coming.is_silent)
        log.info("live.on_air", broadcast=self.broadcast_id, role=coming.intake.role)
        await self._drain()

    async def _show_slate(self) -> None:
        """While nobody is on air, the slate: its parts on time."""
        if self._on is not None or self._slate is None:
            return
        moment = self._equipment.clock.now()
        if self._show is None:
            since_s = self._equipment.clock.mono() - self._edge.published_s
            if self._coming is not None and since_s < SLATE_AFTER_S:
                return
            began = min(max(self._edge.wall_end or moment, moment - _CATCH_UP), moment)
            self._edge.begin(began, slate=True, silent=False)
            self._show = SlateShow(self._layout, self._slate, began)
            log.info("live.slate", broadcast=self.broadcast_id)
        for part in self._show.due(moment):
            for track, init, samples in part:
                await self._edge.push(track, init, samples)

    async def _finish(self) -> None:
        """The end: what the stint on air still holds, the last rows, and that nothing more comes."""
        self._leave(self._coming)
        self._coming, self._show = None, None
        if self._on is not None:
            self._on.end_input("ended")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    while self._on is not None:
                        await self._drain()
                        await asyncio.sleep(_TICK_S)
        await self._edge.close()
        await self._edge.window.close()

    # ---- beside

    def _oversee(self) -> None:
        if self._on is not None:
            self.oversight.encoder_is(self._on.intake.role)
        elif self._coming is None or self._show is not None:
            self.oversight.encoder_is(AWAY)

    def _signs(self) -> Signs:
        return observe(
            self._on,
            self._layout,
            away_since=self.oversight.away_since,
            moment=self._equipment.clock.now(),
            is_starting=self._coming is not None,
            is_connected=self._lineup.best(None) is not None,
            main_is_away=self._on is not None and self._on.intake.role == BACKUP and not self._lineup.is_present(MAIN),
            unarchived=len(self._equipment.archive.waiting(self.broadcast_id)),
            tells_passthrough=self._equipment.passthrough,
        )

    async def _prepare_slate(self) -> None:
        """Have the slate made; it is needed when the first encoder leaves, or at once after a restart."""
        while True:
            try:
                texts = await self._equipment.slate_texts(self._event_id)
                folder = self._equipment.slate_folder
                folder.mkdir(parents=True, exist_ok=True)
                self._slate = await make_slate(self._equipment.ffmpeg, self._layout, texts, folder)
                return
            except (MediaError, OSError) as error:
                log.error("live.slate_failed", broadcast=self.broadcast_id, error=str(error))
            await asyncio.sleep(_SLATE_AGAIN_S)

    def _leave(self, stint: Stint | None) -> None:
        """Have a stint stopped, beside what goes on."""
        if stint is not None:
            task = asyncio.create_task(stint.stop())
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)
