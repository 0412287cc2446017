"""Facts become deliveries: one a webhook that wants to hear of it, written in the transaction of the fact's job."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.jobs import enqueue
from server.webhooks.facts import PING, body_of
from server.webhooks.jobs import DeliverWebhook
from server.webhooks.models import Webhook, WebhookDelivery
from server.webhooks.queries import webhooks_for

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


async def queue_fact(
    db: Db, *, event_id: str, fact: str, message_id: str, moment: datetime, data: dict[str, Any]
) -> int:
    """A delivery for everybody who wants to hear of it; returns how many. The same message twice is queued once."""
    queued = 0
    for webhook in await webhooks_for(db, event_id, fact):
        queued += await _queue(db, webhook, fact, message_id, body_of(fact, moment, data))
    return queued


async def queue_ping(db: Db, webhook: Webhook, message_id: str) -> WebhookDelivery:
    """A message that says nothing but that it came; sent although the webhook is paused."""
    body = body_of(PING, now(), {"webhook": webhook.id})
    row = WebhookDelivery(webhook_id=webhook.id, message_id=message_id, fact=PING, body=body, state=WAITING, tries=0)
    db.add(row)
    await db.flush()
    await order_try(db, row)
    return row


async def _queue(db: Db, webhook: Webhook, fact: str, message_id: str, body: str) -> int:
    known = await db.scalar(
        select(WebhookDelivery.id).where(
            WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.message_id == message_id
        )
    )
    if known is not None:
        return 0
    row = WebhookDelivery(
        webhook_id=webhook.id, message_id=message_id, fact=fact, body=body, state=WAITING, tries=0, log=[]
    )
    db.add(row)
    await db.flush()
    if webhook.paused_at is None:
        await order_try(db, row)
    return 1


async def order_try(db: Db, row: WebhookDelivery, *, delay_s: float = 0.0) -> None:
    """The next try, now or later."""
    job = DeliverWebhook(delivery=row.id, number=row.tries + 1)
    await enqueue(db, job, subject=row.webhook_id, delay_s=delay_s)


async def send_again(db: Db, row: WebhookDelivery) -> None:
    """A person wants it sent once more, whatever became of it: the same message, from the first try on."""
    row.state, row.ended_at, row.next_try_at, row.tries = WAITING, None, None, 0
    await order_try(db, row)
