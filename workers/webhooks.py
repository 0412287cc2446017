"""Webhooks: facts become deliveries, deliveries are tried. At least once: a worker that dies between sending and
writing that down sends the same message, with the same id, again."""

from datetime import timedelta

from sqlalchemy import delete

from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.events.models import Event, Room
from server.live.models import Broadcast
from server.recordings.models import Recording
from server.recordings.queries import find_watched
from server.webhooks.deliver import is_due, note_try
from server.webhooks.facts import FAILED, PUBLISHED, ROOM_ENDED, ROOM_LIVE
from server.webhooks.jobs import DeliverWebhook
from server.webhooks.models import Webhook, WebhookDelivery
from server.webhooks.queries import old_deliveries
from server.webhooks.queue_up import queue_fact
from server.webhooks.register import secrets_of
from server.webhooks.send import send
from server.webhooks.sign import headers_of
from workers.runtime import Work, handles

KEPT = timedelta(days=30)


@handles(DeliverWebhook)
async def deliver(job: DeliverWebhook, work: Work) -> None:
    """One try."""
    async with work.read() as db:
        row = await db.get(WebhookDelivery, job.delivery)
        webhook = await db.get(Webhook, row.webhook_id) if row is not None else None
    if row is None or webhook is None or not is_due(webhook, row, job.number):
        return
    body = row.body.encode()
    headers = headers_of(secrets_of(work.runtime.keyring, webhook), row.message_id, int(now().timestamp()), body)
    outcome = await send(webhook.url, body, headers)
    async with work.transaction(last=True) as db:
        hook = await db.get(Webhook, webhook.id, with_for_update=True)
        fresh = await db.get(WebhookDelivery, row.id, with_for_update=True)
        if hook is not None and fresh is not None and is_due(hook, fresh, job.number):
            await note_try(db, hook, fresh, outcome)


def _event(runtime: Runtime, event: Event) -> dict[str, str]:
    return {"id": event.id, "slug": event.slug, "title": event.title, "url": f"{runtime.base_url}/{event.slug}"}


async def tell_of_recording(work: Work, recording_id: str, *, fact: str) -> None:
    """A session was published, or its recording failed; the message's id is the fact's job."""
    async with work.transaction() as db:
        found = await find_watched(db, recording_id)
        if found is None or not _still(found.recording, fact):
            return
        session, event = found.session, found.event
        url = f"{work.runtime.base_url}/{event.slug}/sessions/{session.slug}"
        recording: dict[str, object] = {"id": found.recording.id}
        if fact == FAILED:
            recording["error"] = {"code": found.recording.error_code, "detail": found.recording.error_detail}
        data = {
            "event": _event(work.runtime, event),
            "session": {"id": session.id, "slug": session.slug, "title": session.title, "url": url},
            "recording": recording,
        }
        moment = found.recording.published_at if fact == PUBLISHED else found.recording.ended_at
        message_id = f"msg_{work.job_id}"
        await queue_fact(db, event_id=event.id, fact=fact, message_id=message_id, moment=moment or now(), data=data)


def _still(recording: Recording, fact: str) -> bool:
    return recording.published_at is not None if fact == PUBLISHED else recording.state == "failed"


async def tell_of_room(work: Work, broadcast_id: str, *, fact: str) -> None:
    """A room went live, or its broadcast ended."""
    async with work.transaction() as db:
        broadcast = await db.get(Broadcast, broadcast_id)
        room = await db.get(Room, broadcast.room_id) if broadcast is not None else None
        event = await db.get(Event, broadcast.event_id) if broadcast is not None else None
        if broadcast is None or room is None or event is None:
            return
        moment = broadcast.started_at if fact == ROOM_LIVE else broadcast.ended_at or now()
        url = f"{work.runtime.base_url}/{event.slug}/live/{room.slug}"
        data = {
            "event": _event(work.runtime, event),
            "room": {"id": room.id, "slug": room.slug, "name": room.name, "url": url},
            "broadcast": {"id": broadcast.id, "started_at": broadcast.started_at, "ended_at": broadcast.ended_at},
        }
        message_id = f"msg_{work.job_id}"
        await queue_fact(db, event_id=event.id, fact=fact, message_id=message_id, moment=moment, data=data)


async def forget_deliveries(db: Db) -> int:
    """The log of a month is enough."""
    ids = await old_deliveries(db, now() - KEPT)
    if ids:
        await db.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
    return len(ids)


__all__ = ["FAILED", "PUBLISHED", "ROOM_ENDED", "ROOM_LIVE", "forget_deliveries", "tell_of_recording", "tell_of_room"]
