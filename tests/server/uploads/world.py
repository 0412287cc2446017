"""A small seminar to upload to, askers with every role, and the headers of tus."""

import base64
import hashlib
import random
from dataclasses import dataclass, field
from typing import Any

import httpx

from server.accounts.models import ApiToken, Grant, User
from server.core.db import Database
from server.core.ids import hash_secret, new_id
from server.events.models import Event
from server.sessions.models import Session

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
URL = "/api/v1/uploads"


@dataclass
class World:
    """Ids of the seminar and the headers with which each asker speaks."""

    event: str
    talk: str
    secret_talk: str
    askers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def organiser(self) -> dict[str, str]:
        return self.askers["organiser"]


async def make_world(database: Database) -> World:
    """An event with two sessions, one of them not to be recorded."""
    event = Event(id=new_id(), slug="e26", title="Seminar 2026")
    talk = Session(id=new_id(), event_id=event.id, guid="a", slug="a", title="On sails")
    secret = Session(id=new_id(), event_id=event.id, guid="b", slug="b", title="Off the record", do_not_record=True)
    world = World(event.id, talk.id, secret.id)
    async with database.write() as db:
        db.add_all([event, talk, secret])
        for name in ("organiser", "organiser_reading", "other_organiser", "stranger", "admin", "speaker"):
            user = User(id=new_id(), email=f"{name}@example.org", is_admin=name == "admin")
            db.add(user)
            await db.flush()
            role, scope = ("speaker", talk.id) if name == "speaker" else ("organiser", event.id)
            if name in ("organiser", "organiser_reading", "other_organiser", "speaker"):
                db.add(Grant(user_id=user.id, role=role, scope_id=scope, event_id=event.id))
            scopes = ["read"] if name == "organiser_reading" else ["read", "upload", "write", "admin"]
            db.add(ApiToken(user_id=user.id, name="t", token_hash=hash_secret(f"tok-{name}"), scopes=scopes))
            world.askers[name] = {"Authorization": f"Bearer tok-{name}"}
    world.askers["nobody"] = {}
    return world


def metadata(**pairs: str) -> dict[str, str]:
    """The Upload-Metadata header."""
    text = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return {"Upload-Metadata": text}


def checksum(body: bytes, algorithm: str = "sha1") -> dict[str, str]:
    """The Upload-Checksum header of a body."""
    digest = hashlib.new(algorithm, body).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def noise(size_bytes: int, seed: int = 0) -> bytes:
    """Bytes that do not repeat, the same for the same seed."""
    return random.Random(seed).randbytes(size_bytes)


async def begin(client: httpx.AsyncClient, world: World, length: int | None, **extra: Any) -> str:
    """Begin an upload of a recording as the organiser; returns its URL."""
    size = {"Upload-Length": str(length)} if length is not None else {"Upload-Defer-Length": "1"}
    answer = await client.post(
        URL, headers=TUS | world.organiser | size | metadata(session=world.talk, filename="talk.mp4") | extra
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def add(
    client: httpx.AsyncClient, world: World, url: str, offset: int, body: bytes, **extra: str
) -> httpx.Response:
    """One PATCH as the organiser."""
    headers = TUS | BYTES | world.organiser | {"Upload-Offset": str(offset)} | extra
    return await client.patch(url, headers=headers, content=body)


async def offset_of(client: httpx.AsyncClient, world: World, url: str) -> int:
    """What HEAD says."""
    answer = await client.head(url, headers=TUS | world.organiser)
    assert answer.status_code == 200, answer.headers
    return int(answer.headers["Upload-Offset"])
