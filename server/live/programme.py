"""What live knows of the programme. Sessions are a sibling: the root hands in who reads them (room_programme.py)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from server.core.db import Db

# How long a session is taken to last when nobody said.
UNSAID = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class PlannedSession:
    """A session as live needs it. Cancelled and deleted ones are never opened by the schedule."""

    id: str
    event_id: str
    room_id: str | None
    slug: str
    title: str
    starts_at: datetime | None
    duration_ms: int | None = None
    do_not_record: bool = False
    cancelled: bool = False
    deleted: bool = False

    @property
    def length(self) -> timedelta:
        """How long it is planned to last."""
        return UNSAID if self.duration_ms is None else timedelta(milliseconds=self.duration_ms)

    @property
    def ends_at(self) -> datetime | None:
        """When it is planned to end; None without a start."""
        return None if self.starts_at is None else self.starts_at + self.length


@runtime_checkable  # the framework looks at what it hands in
class Programme(Protocol):
    """Reads sessions for live; one statement a call."""

    async def of_room(self, db: Db, room_id: str) -> Sequence[PlannedSession]:
        """The room's sessions in order of time, without the deleted; those without a time stand last."""

    async def by_ids(self, db: Db, session_ids: Collection[str]) -> Mapping[str, PlannedSession]:
        """These sessions, deleted ones too."""
