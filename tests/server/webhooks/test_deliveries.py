"""Webhooks from the fact to the receiver: signed, tried again, given up, sent again; what may not be asked is not."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select, update

import workers.webhooks
from server.core.clock import now
from server.core.ids import new_id
from server.core.jobs import ENDED, JobRow, enqueue
from server.core.runtime import Runtime
from server.events.models import Room
from server.live.broadcasts import begin_broadcast, end_broadcast
from server.recordings.jobs import RecordingPublished
from server.recordings.models import Recording
from server.recordings.retire import fail_recording
from server.webhooks.models import Webhook, WebhookDelivery
from server.webhooks.send import send
from tests.server.uploads.world import World, make_world
from workers.runtime import run_claimed


@dataclass
class Receiver:
    """Another site: answers what it is told to, and keeps what came."""

    url: str = ""
    answers: list[bytes] = field(default_factory=list)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        self.came.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(self.answers.pop(0) if self.answers else b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()


def answer(status: str, *headers: str, body: str = "") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", body]).encode()


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    monkeypatch.setattr(workers.webhooks, "send", partial(send, allow_private=True))
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield made


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


async def _work(runtime: Runtime) -> None:
    """Run what is due now, and what becomes due by that."""
    while True:
        async with runtime.database.read() as db:
            due = JobRow.state.not_in(ENDED), JobRow.run_after <= now()
            jobs = list(await db.scalars(select(JobRow.id).where(*due).order_by(JobRow.id)))
        if not jobs:
            return
        for job in jobs:
            await run_claimed(runtime, job, owner="test")


async def _later(runtime: Runtime) -> None:
    """Time passes until every pause is over."""
    async with runtime.database.write() as db:
        await db.execute(update(JobRow).where(JobRow.state.not_in(ENDED)).values(run_after=now()))
    await _work(runtime)


async def _register(client: httpx.AsyncClient, world: World, url: str, *facts: str) -> tuple[dict[str, Any], str]:
    asked = {"url": url, "facts": list(facts)}
    made = await client.post(f"/api/v1/events/{world.event}/webhooks", json=asked, headers=world.organiser)
    assert made.status_code == 201, made.text
    return made.json()["webhook"], made.json()["secret"]


async def _log(client: httpx.AsyncClient, world: World, hook: str) -> list[dict[str, Any]]:
    found = await client.get(f"/api/v1/webhooks/{hook}/deliveries", headers=world.organiser)
    return list(found.json()["items"])


async def _publish(runtime: Runtime, world: World) -> str:
    recording = Recording(id=new_id(), event_id=world.event, session_id=world.talk, state="ready", published_at=now())
    async with runtime.database.write() as db:
        db.add(recording)
        await db.flush()
        await enqueue(db, RecordingPublished(recording=recording.id, session=world.talk), subject=recording.id)
    return recording.id


def _is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in headers["webhook-signature"].split(" ")


async def test_a_published_session_is_told_signed_and_again_until_it_is_taken(
    client: httpx.AsyncClient, runtime: Runtime, world: World, receiver: Receiver
) -> None:
    hook, secret = await _register(client, world, receiver.url, "session.published")
    receiver.answers = [
        answer("302 Found", "Location: http://127.0.0.1/elsewhere"),
        answer("503 Away", body="soon\x07"),
    ]
    recording = await _publish(runtime, world)
    await _work(runtime)
    assert [len(one["tries"]) for one in await _log(client, world, hook["id"])] == [1], "the next try waits"
    await _later(runtime)
    await _later(runtime)
    ((delivery),) = await _log(client, world, hook["id"])
    assert [one["status"] for one in delivery["tries"]] == [302, 503, 204] and delivery["state"] == "delivered"
    assert delivery["tries"][1]["response"] == "soon\ufffd"
    assert len(receiver.came) == 3, "redirects are not followed"
    assert len({headers["webhook-id"] for headers, _body in receiver.came}) == 1
    for headers, body in receiver.came:
        assert _is_signed(secret, headers, body) and headers["content-type"] == "application/json"
    said = msgspec.json.decode(receiver.came[-1][1])
    assert said["type"] == "session.published" and said["data"]["recording"] == {"id": recording}
    assert said["data"]["session"]["url"].endswith("/e26/sessions/a")
    async with runtime.database.read() as db:
        row = await db.get_one(Webhook, hook["id"])
        assert secret not in row.secret, "secrets are encrypted at rest"


async def test_rooms_and_failures_are_told_to_who_wants_to_hear(
    client: httpx.AsyncClient, runtime: Runtime, world: World, receiver: Receiver
) -> None:
    await _register(client, world, receiver.url, "room.live", "room.ended")
    admin = world.askers["admin"]
    asked = {"url": receiver.url, "facts": ["recording.failed"], "description": "all events"}
    assert (await client.post("/api/v1/webhooks", json=asked, headers=admin)).status_code == 201
    room = Room(id=new_id(), event_id=world.event, slug="hall", name="Hall")
    recording = Recording(id=new_id(), event_id=world.event, session_id=world.talk, state="encoding")
    async with runtime.database.write() as db:
        db.add_all([room, recording])
        await db.flush()
        broadcast = await begin_broadcast(
            db, runtime, event_id=world.event, room_id=room.id, started_at=now(), layout={}
        )
        await fail_recording(db, recording.id, code="media.broken", detail="It is damaged.")
    async with runtime.database.write() as db:
        await end_broadcast(db, runtime, await db.get_one(type(broadcast), broadcast.id), moment=now())
    await _work(runtime)
    said = {one["type"]: one["data"] for one in (msgspec.json.decode(body) for _headers, body in receiver.came)}
    assert set(said) == {"room.live", "room.ended", "recording.failed"}
    assert said["room.live"]["room"]["url"].endswith("/e26/live/hall") and said["room.ended"]["broadcast"]["ended_at"]
    assert said["recording.failed"]["recording"]["error"] == {"code": "media.broken", "detail": "It is damaged."}


async def test_what_is_not_taken_for_three_days_pauses_the_webhook_and_says_so(
    client: httpx.AsyncClient, runtime: Runtime, world: World, receiver: Receiver
) -> None:
    hook, secret = await _register(client, world, receiver.url, "session.published")
    receiver.answers = [answer("500 Broken")] * 10
    await _publish(runtime, world)
    for _ in range(10):
        await _later(runtime)
    shown = (await client.get(f"/api/v1/webhooks/{hook['id']}", headers=world.organiser)).json()
    assert "10 times for three days" in shown["paused_because"] and "500" in shown["paused_because"]
    await _publish(runtime, world)
    await _later(runtime)
    newer, older = await _log(client, world, hook["id"])
    assert (older["state"], newer["state"], newer["tries"]) == ("failed", "waiting", [])
    again = f"/api/v1/webhooks/{hook['id']}/deliveries/{older['id']}/again"
    assert (await client.post(again, headers=world.organiser)).json()["code"] == "webhooks.paused"
    ping = await client.post(f"/api/v1/webhooks/{hook['id']}/ping", headers=world.organiser)
    rotated = await client.post(f"/api/v1/webhooks/{hook['id']}/rotate", headers=world.organiser)
    await _work(runtime)
    assert receiver.came[-1][0]["webhook-id"] == ping.json()["message_id"], "a ping goes out although it is paused"
    assert all(_is_signed(one, *receiver.came[-1]) for one in (secret, rotated.json()["secret"]))
    await client.post(f"/api/v1/webhooks/{hook['id']}/resume", headers=world.organiser)
    assert (await client.post(again, headers=world.organiser)).status_code == 202
    await _work(runtime)
    assert {one["state"] for one in await _log(client, world, hook["id"])} == {"delivered"}
    receiver.answers = [answer("410 Gone")]
    await _publish(runtime, world)
    await _work(runtime)
    gone = (await client.get(f"/api/v1/webhooks/{hook['id']}", headers=world.organiser)).json()
    assert "410" in gone["paused_because"]


async def test_nothing_is_sent_into_private_networks(
    client: httpx.AsyncClient, runtime: Runtime, world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.webhooks, "send", send)
    hook, _secret = await _register(client, world, receiver.url, "session.published")
    await _publish(runtime, world)
    await _work(runtime)
    ((delivery),) = await _log(client, world, hook["id"])
    assert "private network" in delivery["tries"][0]["error"] and receiver.came == []
    for wrong, code in (
        ({"url": "ftp://example.org", "facts": ["room.live"]}, "fetch.address_unusable"),
        ({"url": "https://u:p@example.org", "facts": ["room.live"]}, "fetch.address_unusable"),
        ({"url": receiver.url, "facts": ["room.on_fire"]}, "webhooks.fact_unknown"),
        ({"url": receiver.url, "facts": ["room.live"], "secret": "whsec_short"}, "webhooks.secret_unfit"),
    ):
        refused = await client.post(f"/api/v1/events/{world.event}/webhooks", json=wrong, headers=world.organiser)
        assert (refused.status_code, refused.json()["code"]) == (400, code)


async def test_a_deleted_webhook_is_told_nothing_and_an_old_log_is_forgotten(
    client: httpx.AsyncClient, runtime: Runtime, world: World, receiver: Receiver
) -> None:
    hook, _secret = await _register(client, world, receiver.url, "session.published")
    await client.post(f"/api/v1/webhooks/{hook['id']}/ping", headers=world.organiser)
    await _work(runtime)
    async with runtime.database.write() as db:
        await db.execute(update(WebhookDelivery).values(ended_at=now() - timedelta(days=31)))
        assert await workers.webhooks.forget_deliveries(db) == 1
    await client.post(f"/api/v1/webhooks/{hook['id']}/ping", headers=world.organiser)
    deleted = await client.delete(f"/api/v1/webhooks/{hook['id']}", headers=world.organiser)
    assert deleted.status_code == 204
    await _work(runtime)
    assert len(receiver.came) == 1
