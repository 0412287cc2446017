"""Stream keys: what an RTMP encoder shows to be let into a room.

Shown once, kept as a hash. A rotation lets the older keys of the role run out: who sends by one goes on, but cannot
come in again after its end. Revoking drops the sender at once.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from server.core.clock import now
from server.core.db import Database, Db
from server.core.errors import TooMany
from server.core.ids import hash_secret, new_secret
from server.core.limits import check_rate, counted_address
from server.core.runtime import Runtime
from server.events.models import Event, Room
from server.live.commands import tell_ingest
from server.live.errors import OverlapInvalid, RoleInvalid
from server.live.feed import Admission, KeyRefused
from server.live.models import BACKUP, MAIN, StreamKey

log = structlog.get_logger(__name__)

ROLES = (MAIN, BACKUP)
OVERLAP_S = 86_400
_LONGEST_OVERLAP_S = 30 * 86_400
_USED_EVERY = timedelta(minutes=1)
# An encoder that lost its line tries every few seconds; who tries more often than this is guessing.
_TRIES, _TRIES_WITHIN_S = 60, 60


def check_role(role: str) -> str:
    """main or backup; raises RoleInvalid."""
    if role not in ROLES:
        raise RoleInvalid
    return role


def is_valid(key: StreamKey, *, moment: datetime) -> bool:
    """Whether an encoder may come in by this key."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > moment)


async def make_key(
    db: Db, runtime: Runtime, room: Room, *, role: str = MAIN, rotate: bool = False, overlap_s: int = OVERLAP_S
) -> tuple[StreamKey, str]:
    """A new key of the room and its secret, which is told this once.

    With `rotate` the older keys of the role run out after `overlap_s` seconds (0: they are revoked).
    """
    check_role(role)
    if not 0 <= overlap_s <= _LONGEST_OVERLAP_S:
        raise OverlapInvalid
    if rotate:
        await _run_out(db, runtime, room, role=role, overlap_s=overlap_s)
    secret = new_secret("live")
    key = StreamKey(
        event_id=room.event_id, room_id=room.id, role=role, secret_hash=hash_secret(secret), hint=secret[-4:]
    )
    db.add(key)
    await db.flush()
    return key, secret


async def _run_out(db: Db, runtime: Runtime, room: Room, *, role: str, overlap_s: int) -> None:
    moment = now()
    older = await db.scalars(
        select(StreamKey).where(StreamKey.room_id == room.id, StreamKey.role == role, StreamKey.revoked_at.is_(None))
    )
    for key in older:
        if not is_valid(key, moment=moment):
            continue
        if overlap_s == 0:
            await revoke_key(db, runtime, key)
        else:
            end = moment + timedelta(seconds=overlap_s)
            key.expires_at = end if key.expires_at is None else min(key.expires_at, end)


async def revoke_key(db: Db, runtime: Runtime, key: StreamKey) -> None:
    """End the key; whoever sends by it is dropped. Doing it twice is doing it once."""
    if key.revoked_at is None:
        key.revoked_at = now()
        await db.flush()
    tell_ingest(db, runtime, {"kind": "revoked", "key_id": key.id})


async def find_key(db: Db, secret: str) -> StreamKey:
    """The valid key with this secret, of a room that is there; raises KeyRefused."""
    found = await db.scalar(
        select(StreamKey)
        .join(Room, Room.id == StreamKey.room_id)
        .join(Event, Event.id == Room.event_id)
        .where(StreamKey.secret_hash == hash_secret(secret), Room.deleted_at.is_(None), Event.deleted_at.is_(None))
    )
    if found is None or not is_valid(found, moment=now()):
        raise KeyRefused
    return found


async def check_stream_key(db: Db, secret: str) -> Admission:
    """What the key lets its bearer do; raises KeyRefused. Notes the use, at most every minute (`db` must write)."""
    key = await find_key(db, secret)
    await _note_use(db, key)
    return _admission(key)


async def admit_key(runtime: Runtime, secret: str, *, peer: str) -> Admission:
    """Check a key an encoder at this address shows; raises KeyRefused, also when the address tries too often.

    `peer` is an address, with or without its port. The key is never logged.
    """
    try:
        await check_rate(runtime.redis, f"live-key:{counted_address(peer)}", most=_TRIES, window_s=_TRIES_WITHIN_S)
        async with runtime.database.read() as db:
            key = await find_key(db, secret)
    except TooMany:
        log.warning("live.key_tried_too_often", peer=peer)
        raise KeyRefused("Too many attempts from this address; wait a minute and try again.") from None
    except KeyRefused:
        log.warning("live.key_refused", peer=peer)
        raise
    await _note_use_apart(runtime.database, key)
    return _admission(key)


def _admission(key: StreamKey) -> Admission:
    return Admission(event_id=key.event_id, room_id=key.room_id, role=key.role, key_id=key.id)


async def _note_use_apart(database: Database, key: StreamKey) -> None:
    """A database that is busy costs the note, not the broadcast."""
    if key.last_used_at is not None and key.last_used_at >= now() - _USED_EVERY:
        return
    try:
        async with database.write() as db:
            await _note_use(db, key)
    except (SQLAlchemyError, OSError) as error:
        log.warning("live.key_use_not_noted", error=str(error))


async def _note_use(db: Db, key: StreamKey) -> None:
    moment = now()
    unused = or_(StreamKey.last_used_at.is_(None), StreamKey.last_used_at < moment - _USED_EVERY)
    await db.execute(
        update(StreamKey)
        .where(StreamKey.id == key.id, unused)
        .values(last_used_at=moment)
        .execution_options(synchronize_session=False)
    )
