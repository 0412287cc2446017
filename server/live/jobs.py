"""Facts of live rooms."""

from server.core.jobs import Job


class TalkEnded(Job, frozen=True, kw_only=True):
    """Fact: a talk's stretch of a broadcast ended, or its borders were moved after that: the cut follows.

    Never for a stretch that is not to be recorded. May come more than once, and for a stretch that is gone meanwhile.
    """

    name = "live.talk_ended"
    queue = "light"
    stretch: str
    broadcast: str
    session: str


class RoomLive(Job, frozen=True, kw_only=True):
    """Fact: a room went on air."""

    name = "live.room_live"
    queue = "light"
    broadcast: str


class RoomEnded(Job, frozen=True, kw_only=True):
    """Fact: a room's broadcast ended."""

    name = "live.room_ended"
    queue = "light"
    broadcast: str
