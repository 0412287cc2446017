"""Who sends to a room: the main encoder and the backup, and which of them should be on air.

A second publisher of the same role takes over only from one that is silent. The backup takes over from a main encoder
that is silent; the main one takes over again once it has been steady for a while.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

from server.live.feed import Feed, RoomTaken
from server.live.intake import Intake
from server.live.models import BACKUP, MAIN

QUIET_S = 1.0  # a publisher that sent nothing for so long may be replaced
PATIENCE_S = 1.5  # so long a newcomer waits for that: the line of the one before may have just broken
HESITATES_S = 0.8  # the backup is made ready when nothing came from the main encoder for so long
STEADY_S = 10.0
_LOOK_S = 0.1


class Lineup:
    """The encoders of one room."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._present: dict[str, Intake] = {}
        self._known: set[bytes] = set()  # an encoder that comes back is known by its decoder configuration

    def __iter__(self) -> Iterator[Intake]:
        return iter(list(self._present.values()))

    async def join(self, feed: Feed) -> Intake:
        """Let an encoder in; raises RoomTaken while another one of its role goes on sending."""
        role = feed.admission.role
        deadline = self._clock() + PATIENCE_S
        while (before := self._present.get(role)) is not None and not self._is_gone(before):
            if self._clock() > deadline:
                raise RoomTaken
            await asyncio.sleep(_LOOK_S)
        intake = Intake(feed, known=self._known, clock=self._clock)
        self._present[role] = intake
        if before is not None:
            before.feed.drop("Another encoder has taken over with the same key.")
        return intake

    def leave(self, intake: Intake) -> None:
        """The encoder has left."""
        if self._present.get(intake.role) is intake:
            del self._present[intake.role]

    def best(self, on: Intake | None) -> Intake | None:
        """Which encoder should be on air, when `on` is now; None while nobody sends."""
        main, backup = (self._sending(role) for role in (MAIN, BACKUP))
        if main is None or backup is None:
            return main or backup
        if on is backup and not self._is_steady(main):
            return backup
        return backup if main.is_silent(HESITATES_S) and main.start is None else main

    def is_present(self, role: str) -> bool:
        """Whether an encoder of this role sends."""
        return self._sending(role) is not None

    def drop(self, reason: str, *, key_id: str | None = None) -> None:
        """Send encoders away: all, or whoever came by this key."""
        for intake in list(self._present.values()):
            if key_id is None or intake.feed.admission.key_id == key_id:
                intake.feed.drop(reason)

    def key_ids(self) -> set[str]:
        """The keys (and SRT doors) the present encoders came by."""
        return {intake.feed.admission.key_id for intake in self._present.values()}

    def _sending(self, role: str) -> Intake | None:
        intake = self._present.get(role)
        return intake if intake is not None and intake.is_sending() else None

    def _is_gone(self, intake: Intake) -> bool:
        return intake.has_ended or intake.is_silent(QUIET_S)

    def _is_steady(self, intake: Intake) -> bool:
        return intake.steady_since_s is not None and self._clock() - intake.steady_since_s >= STEADY_S
