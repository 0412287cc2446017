"""SRT doors: a UDP port a room and role, with a passphrase that organisers can read again.

A passphrase is all an SRT caller shows (10–79 characters: libsrt, SRTO_PASSPHRASE). It is encrypted under the secret
key. A rotation counts for the next caller; who is connected stays, unless dropped.
"""

import secrets
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.core.db import Db
from server.core.runtime import Runtime
from server.core.secrets import Keyring, SecretUnreadable
from server.events.models import Event, Room
from server.live.commands import tell_ingest
from server.live.errors import NoDoorLeft
from server.live.feed import Admission
from server.live.keys import ROLES, check_role
from server.live.models import SrtDoor

log = structlog.get_logger(__name__)

# Nothing that is mistaken for another when read out, nothing an address would have to escape. 24 of 56 signs: 139 bits.
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 24
_TRIES = 20
_LAST_PORT = 65_535


@dataclass(frozen=True, kw_only=True)
class OpenDoor:
    """A door ingest listens at, and what whoever comes in by it may do."""

    port: int
    passphrase: str
    admission: Admission  # its key_id is the door's id


def make_passphrase() -> str:
    """A fresh passphrase."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


async def find_doors(db: Db, room: Room) -> list[SrtDoor]:
    """The room's doors, main first, as far as they were made."""
    found = await db.scalars(select(SrtDoor).where(SrtDoor.room_id == room.id))
    return sorted(found, key=lambda door: ROLES.index(door.role))


async def doors_of(db: Db, runtime: Runtime, room: Room) -> list[SrtDoor]:
    """The room's doors, main first; made when it has none yet."""
    found = {door.role: door for door in await find_doors(db, room)}
    return [found.get(role) or await _make_door(db, runtime, room, role) for role in ROLES]


async def _make_door(db: Db, runtime: Runtime, room: Room, role: str) -> SrtDoor:
    """Take the lowest free number; when somebody else takes it first, or makes this very door, look again."""
    for _ in range(_TRIES):
        taken = set(await db.scalars(select(SrtDoor.number)))
        number = next(one for one in range(len(taken) + 1) if one not in taken)
        if runtime.srt_port + number > _LAST_PORT:
            raise NoDoorLeft
        door = SrtDoor(
            event_id=room.event_id,
            room_id=room.id,
            role=role,
            number=number,
            passphrase_encrypted=runtime.keyring.encrypt(make_passphrase()),
        )
        try:
            async with db.begin_nested():
                db.add(door)
                await db.flush()
        except IntegrityError:
            made = await db.scalar(select(SrtDoor).where(SrtDoor.room_id == room.id, SrtDoor.role == role))
            if made is not None:
                return made
            continue
        _tell(db, runtime, door)
        return door
    raise NoDoorLeft


async def rotate_passphrase(db: Db, runtime: Runtime, room: Room, *, role: str, drop: bool = False) -> SrtDoor:
    """A new passphrase for the next caller; with `drop` whoever came in by the old one is sent away."""
    check_role(role)
    door = next(one for one in await doors_of(db, runtime, room) if one.role == role)
    door.passphrase_encrypted = runtime.keyring.encrypt(make_passphrase())
    await db.flush()
    _tell(db, runtime, door)
    if drop:
        tell_ingest(db, runtime, {"kind": "revoked", "key_id": door.id})
    return door


async def every_door(db: Db, keyring: Keyring, *, srt_port: int) -> list[OpenDoor]:
    """All doors of rooms that are there, for ingest to listen at. A passphrase that cannot be read (the secret key it
    was encrypted under is gone) only costs its own door: a rotation opens it again."""
    rows = await db.scalars(
        select(SrtDoor)
        .join(Room, Room.id == SrtDoor.room_id)
        .join(Event, Event.id == Room.event_id)
        .where(Room.deleted_at.is_(None), Event.deleted_at.is_(None))
        .order_by(SrtDoor.number)
    )
    doors = []
    for door in rows:
        try:
            passphrase = keyring.decrypt(door.passphrase_encrypted)
        except SecretUnreadable as error:
            log.error("live.srt_passphrase_unreadable", room=door.room_id, role=door.role, error=error.detail)
            continue
        admission = Admission(event_id=door.event_id, room_id=door.room_id, role=door.role, key_id=door.id)
        doors.append(OpenDoor(port=srt_port + door.number, passphrase=passphrase, admission=admission))
    return doors


def _tell(db: Db, runtime: Runtime, door: SrtDoor) -> None:
    tell_ingest(db, runtime, {"kind": "srt", "room_id": door.room_id, "door_id": door.id, "role": door.role})
