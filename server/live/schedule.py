"""What the schedule wants of a room on air: which talk is on, and whether the broadcast is over. Pure decisions.

The schedule moves forward only: a talk that had its stretch is not opened again, and a talk opened early is not left
for the one before it. A border is put where the programme has it, also when the decision comes late (ingest was away),
but never before `not_before`: what was already shown belongs to whoever had it then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.live.programme import UNSAID, PlannedSession

# A broadcast that begins so shortly before a talk belongs to it from its start.
EARLY = timedelta(minutes=15)
# An overrun into a break still belongs to the talk.
GRACE = timedelta(minutes=10)
# No session begins within this time: the last one was the last of the day.
SAME_DAY = timedelta(hours=6)
# When the day is over: the encoder away so long, or still sending so long after, ends the broadcast.
AWAY = timedelta(minutes=10)
FORGOTTEN = timedelta(minutes=60)
# Without any session in it, a broadcast ends when nothing came for so long.
IDLE = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class OpenTalk:
    """The stretch that is open."""

    session_id: str
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a broadcast stands: what is open, which sessions had their stretch, and who moves on."""

    started_at: datetime
    open: OpenTalk | None = None
    done: frozenset[str] = field(default_factory=frozenset)
    by_hand: bool = False
    not_before: datetime | None = None  # the end of the last stretch, or when the schedule took over again

    @property
    def floor(self) -> datetime:
        """No border may be put before this."""
        moments = [self.started_at, self.not_before, self.open.starts_at if self.open else None]
        return max(moment for moment in moments if moment is not None)


@dataclass(frozen=True, kw_only=True)
class Move:
    """End the open stretch at `ends_at` (None: nothing is open), then open `opens` at `starts_at` (None: a break)."""

    ends_at: datetime | None = None
    opens: PlannedSession | None = None
    starts_at: datetime | None = None


def what_is_on(programme: Sequence[PlannedSession], moment: datetime, standing: Standing) -> Move | None:
    """The move the schedule makes now; None when all is as it should be, or the organiser moves on by hand."""
    if standing.by_hand:
        return None
    if standing.open is None:
        return _open_first(programme, moment, standing)
    here = _here(programme, standing.open)
    passed = [one for one in _begun(programme, moment, standing) if _stands_after(one, here, standing.open)]
    ends = [_start(one) for one in passed] + ([_end(here) + GRACE] if here is not None and here.starts_at else [])
    due = [end for end in ends if end <= moment]
    if not due:
        return None
    running = [one for one in passed if moment < _end(one)]
    opens = max(running, key=_order) if running else None
    end = max(min(due), standing.floor)
    return Move(ends_at=end, opens=opens, starts_at=max(_start(opens), standing.floor) if opens else None)


def _open_first(programme: Sequence[PlannedSession], moment: datetime, standing: Standing) -> Move | None:
    running = [one for one in _begun(programme, moment, standing) if moment < _end(one)]
    if running:
        opens = max(running, key=_order)
        return Move(opens=opens, starts_at=max(_start(opens), standing.floor))
    if standing.done:
        return None
    soon = [one for one in _timed(programme) if moment < _start(one) <= standing.started_at + EARLY]
    return Move(opens=min(soon, key=_order), starts_at=standing.floor) if soon else None


def next_up(programme: Sequence[PlannedSession], moment: datetime, standing: Standing) -> PlannedSession | None:
    """What "next talk" opens: the first session not yet done, after the open one, else after this moment."""
    left = [one for one in _timed(programme) if one.id not in standing.done]
    if standing.open is None:
        left = [one for one in left if moment < _end(one)]
    else:
        here = _here(programme, standing.open)
        left = [one for one in left if _stands_after(one, here, standing.open)]
    return min(left, key=_order, default=None)


def is_over(
    programme: Sequence[PlannedSession], moment: datetime, standing: Standing, *, away_since: datetime | None
) -> bool:
    """Whether the schedule ends the broadcast: the day's last session is over, its grace too, and the encoder is away
    or forgotten. `away_since` is None while an encoder sends."""
    timed = list(_timed(programme))
    if any(moment < _start(one) <= moment + SAME_DAY for one in timed):
        return False
    ends = [_end(one) for one in timed if _start(one) <= moment and _end(one) >= standing.started_at]
    if standing.open is not None:
        # Begun late by hand, it may last as long as it was planned to.
        here = _here(programme, standing.open)
        ends.append(standing.open.starts_at + (here.length if here is not None else UNSAID))
    away = timedelta(0) if away_since is None else moment - away_since
    if not ends:
        return away >= IDLE
    over = max(ends) + GRACE
    return (moment >= over and away >= AWAY) or moment >= over + FORGOTTEN


def _timed(programme: Iterable[PlannedSession]) -> Iterable[PlannedSession]:
    return (one for one in programme if one.starts_at is not None and not one.cancelled and not one.deleted)


def _begun(programme: Sequence[PlannedSession], moment: datetime, standing: Standing) -> list[PlannedSession]:
    """Sessions whose start has come and that had no stretch yet."""
    taken = standing.done | ({standing.open.session_id} if standing.open else set())
    return [one for one in _timed(programme) if _start(one) <= moment and one.id not in taken]


def _here(programme: Iterable[PlannedSession], open_talk: OpenTalk) -> PlannedSession | None:
    """The open talk's session; None when it is in this room's programme no more."""
    return next((one for one in programme if one.id == open_talk.session_id), None)


def _stands_after(one: PlannedSession, here: PlannedSession | None, open_talk: OpenTalk) -> bool:
    """Whether it comes after the open talk: in the programme, else (that one has no time there) on the clock."""
    if here is None or here.starts_at is None:
        return one.id != open_talk.session_id and _start(one) > open_talk.starts_at
    return _order(one) > _order(here)


def _order(one: PlannedSession) -> tuple[datetime, str]:
    return _start(one), one.id


def _start(one: PlannedSession) -> datetime:
    assert one.starts_at is not None
    return one.starts_at


def _end(one: PlannedSession) -> datetime:
    return _start(one) + one.length
