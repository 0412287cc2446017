"""Which session has which part of a broadcast: open and end stretches, move their borders, add and remove them.

No two stretches of a broadcast overlap. Every act announces what it changed; one that ends a recorded stretch, or moves
it afterwards, enqueues `TalkEnded` in the same transaction, so that the recording's cut follows.
"""

from datetime import datetime, timedelta

from server.core.changes import announce
from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.live.errors import BordersInvalid, BordersOverlap
from server.live.keep import drop_unkept, tell_ended
from server.live.models import Broadcast, Stretch
from server.live.programme import PlannedSession
from server.live.queries import stretches_of
from server.live.schedule import Move, OpenTalk, Standing

SHORTEST = timedelta(seconds=1)
WHOLE_SECOND = timedelta(seconds=1)


def standing_of(broadcast: Broadcast, stretches: list[Stretch], *, not_before: datetime | None = None) -> Standing:
    """How the broadcast stands, for the decisions in schedule. `not_before` is a later floor for new borders."""
    open_one = next((one for one in stretches if one.ends_at is None), None)
    ends = [one.ends_at for one in stretches if one.ends_at is not None] + ([not_before] if not_before else [])
    return Standing(
        started_at=broadcast.started_at,
        open=OpenTalk(session_id=open_one.session_id, starts_at=open_one.starts_at) if open_one else None,
        done=frozenset(one.session_id for one in stretches if one.ends_at is not None),
        by_hand=broadcast.by_hand,
        not_before=max(ends, default=None),
    )


async def read_stretches(db: Db, broadcast_id: str) -> list[Stretch]:
    """The broadcast's stretches in order of time."""
    return list((await stretches_of(db, [broadcast_id]))[broadcast_id])


async def make_move(db: Db, runtime: Runtime, broadcast: Broadcast, move: Move) -> Stretch | None:
    """Do what the schedule (or the organiser) decided; returns the stretch that was opened."""
    broadcast.version += 1  # whoever steers by what they saw before is told so
    if move.ends_at is not None:
        await end_open(db, runtime, broadcast, ends_at=move.ends_at)
    if move.opens is None or move.starts_at is None:
        return None
    return await open_stretch(db, runtime, broadcast, move.opens, starts_at=move.starts_at)


async def open_stretch(
    db: Db, runtime: Runtime, broadcast: Broadcast, session: PlannedSession, *, starts_at: datetime
) -> Stretch:
    """A talk begins."""
    stretch = Stretch(
        event_id=broadcast.event_id,
        broadcast_id=broadcast.id,
        session_id=session.id,
        starts_at=starts_at,
        do_not_record=session.do_not_record,
    )
    db.add(stretch)
    await db.flush()
    if stretch.do_not_record:
        await drop_unkept(db, runtime, broadcast)
    tell_stretch(db, runtime, broadcast, stretch, act="opened")
    return stretch


async def end_open(db: Db, runtime: Runtime, broadcast: Broadcast, *, ends_at: datetime) -> Stretch | None:
    """The open talk ends; returns its stretch, None when none was open. One that never began is removed."""
    stretch = next((one for one in await read_stretches(db, broadcast.id) if one.ends_at is None), None)
    if stretch is None:
        return None
    stretch.ends_at = max(ends_at, stretch.starts_at)
    stretch.version += 1
    if stretch.ends_at - stretch.starts_at < SHORTEST:
        tell_stretch(db, runtime, broadcast, stretch, act="removed")
        await db.delete(stretch)
        await db.flush()
        return stretch
    await db.flush()
    await tell_ended(db, stretch)
    tell_stretch(db, runtime, broadcast, stretch, act="ended")
    return stretch


async def move_borders(
    db: Db,
    runtime: Runtime,
    broadcast: Broadcast,
    stretch: Stretch,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    push: bool = False,
) -> list[Stretch]:
    """Move one border or both (None: stays); returns every stretch that changed, this one first.

    With `push` a neighbour that touched the border, or would be reached into, moves its own with it.
    """
    others = [one for one in await read_stretches(db, broadcast.id) if one.id != stretch.id]
    old_start, old_end = stretch.starts_at, stretch.ends_at
    new_start, new_end = _fitting_borders(broadcast, starts_at or old_start, ends_at or old_end)
    changed = [stretch]
    if push:
        for one in others:
            if _push(one, old=(old_start, old_end), new=(new_start, new_end)):
                changed.append(one)
    stretch.starts_at, stretch.ends_at = new_start, new_end
    for one in changed:
        _check_length(one)
    _check_apart(stretch, others)
    await _settle(db, runtime, broadcast, changed, act="moved")
    return changed


def _push(other: Stretch, *, old: tuple[datetime, datetime | None], new: tuple[datetime, datetime | None]) -> bool:
    """Move the neighbour's adjoining border to the new one; whether it had to move."""
    (old_start, old_end), (new_start, new_end) = old, new
    if other.starts_at < old_start:  # it stands before
        if (
            other.ends_at is not None
            and new_start != old_start
            and (other.ends_at == old_start or other.ends_at > new_start)
        ):
            other.ends_at = new_start
            return True
        return False
    if new_end is not None and new_end != old_end and (other.starts_at == old_end or other.starts_at < new_end):
        other.starts_at = new_end
        return True
    return False


def _check_length(stretch: Stretch) -> None:
    if stretch.ends_at is not None and stretch.ends_at - stretch.starts_at < SHORTEST:
        raise BordersInvalid


def _fitting_borders(
    broadcast: Broadcast, starts_at: datetime, ends_at: datetime | None
) -> tuple[datetime, datetime | None]:
    """Raise BordersInvalid unless this lies within the broadcast and what of it has been shown by now.

    People name whole seconds: less than one beyond the broadcast is meant as its own beginning or end.
    """
    limit = broadcast.closed_at or broadcast.ended_at or now()
    if timedelta() < broadcast.started_at - starts_at < WHOLE_SECOND:
        starts_at = broadcast.started_at
    if ends_at is not None and timedelta() < ends_at - limit < WHOLE_SECOND:
        ends_at = limit
    if starts_at < broadcast.started_at or (ends_at or starts_at) > limit:
        raise BordersInvalid
    if ends_at is not None and ends_at - starts_at < SHORTEST:
        raise BordersInvalid
    return starts_at, ends_at


def _check_apart(stretch: Stretch, others: list[Stretch]) -> None:
    for one in others:
        before = one.ends_at is not None and one.ends_at <= stretch.starts_at
        after = stretch.ends_at is not None and stretch.ends_at <= one.starts_at
        if not before and not after:
            raise BordersOverlap


async def _settle(db: Db, runtime: Runtime, broadcast: Broadcast, changed: list[Stretch], *, act: str) -> None:
    """What follows from stretches that changed: versions, cuts, segments that may not be kept, announcements."""
    for stretch in changed:
        stretch.version += 1
    await db.flush()
    if any(stretch.do_not_record for stretch in changed):
        await drop_unkept(db, runtime, broadcast)
    for stretch in changed:
        await tell_ended(db, stretch)
        tell_stretch(db, runtime, broadcast, stretch, act=act)


async def add_stretch(
    db: Db,
    runtime: Runtime,
    broadcast: Broadcast,
    session: PlannedSession,
    *,
    starts_at: datetime,
    ends_at: datetime,
) -> Stretch:
    """Say after the fact that a session was on; its recording is cut from it."""
    starts_at, fitted_end = _fitting_borders(broadcast, starts_at, ends_at)
    stretch = Stretch(
        event_id=broadcast.event_id,
        broadcast_id=broadcast.id,
        session_id=session.id,
        starts_at=starts_at,
        ends_at=fitted_end,
        do_not_record=session.do_not_record,
    )
    _check_apart(stretch, await read_stretches(db, broadcast.id))
    db.add(stretch)
    await db.flush()
    stretch.version = 0  # made here, changed by nobody yet
    await _settle(db, runtime, broadcast, [stretch], act="added")
    return stretch


async def remove_stretch(db: Db, runtime: Runtime, broadcast: Broadcast, stretch: Stretch) -> None:
    """Say that the session was not on here. A recording already made of it stays; adding the same again undoes this."""
    tell_stretch(db, runtime, broadcast, stretch, act="removed")
    await db.delete(stretch)
    await db.flush()
    await tell_ended(db, stretch)  # the session may have another stretch here


def tell_stretch(db: Db, runtime: Runtime, broadcast: Broadcast, stretch: Stretch, *, act: str) -> None:
    """Announce a stretch that was opened, ended, moved, added or removed, once that is durable."""
    change = {
        "kind": "stretch",
        "id": stretch.id,
        "act": act,
        "version": stretch.version,
        "broadcast": broadcast.id,
        "room": broadcast.room_id,
        "session": stretch.session_id,
    }
    announce(db, runtime.redis, event_id=broadcast.event_id, change=change)
