"""Reads of webhooks; who may see which is said here, once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from server.accounts.actor import Actor
from server.accounts.policy import ANYTHING, Action, require
from server.core.db import Db
from server.core.errors import NotFound
from server.core.keyset import Key, cut_page, one_page, read_moment
from server.events.errors import EventNotFound
from server.events.queries import get_event
from server.webhooks.errors import DeliveryNotFound, WebhookNotFound
from server.webhooks.models import Webhook, WebhookDelivery

_DELIVERY_KEYS = (
    Key(WebhookDelivery.created_at, lambda row: row.created_at, read_moment, descending=True),
    Key(WebhookDelivery.id, lambda row: row.id, descending=True),
)


async def require_webhooks_of(db: Db, actor: Actor, event_id: str | None) -> None:
    """Webhooks of an event are its organisers', those of all events the admins'. Raises what get_event raises."""
    if event_id is None:
        require(actor, Action.ADMINISTER, ANYTHING)
    else:
        await get_event(db, event_id, actor=actor, action=Action.EDIT_EVENT)


async def get_webhook(db: Db, actor: Actor, webhook_id: str, *, lock: bool = False) -> Webhook:
    """The webhook, if it is the actor's to look after; raises WebhookNotFound, Unauthenticated, Forbidden…"""
    row = await db.get(Webhook, webhook_id, with_for_update=lock)
    if row is None:
        raise WebhookNotFound
    try:
        await require_webhooks_of(db, actor, row.event_id)
    except (EventNotFound, NotFound):
        raise WebhookNotFound from None
    return row


async def webhooks_of(db: Db, event_id: str | None) -> list[Webhook]:
    """Those of an event, or those of all events, oldest first."""
    owner = Webhook.event_id.is_(None) if event_id is None else Webhook.event_id == event_id
    return list(await db.scalars(select(Webhook).where(owner).order_by(Webhook.id)))


async def webhooks_for(db: Db, event_id: str, fact: str) -> list[Webhook]:
    """Who is to be told of this fact."""
    rows = await db.scalars(select(Webhook).where(or_(Webhook.event_id.is_(None), Webhook.event_id == event_id)))
    return [row for row in rows if fact in row.facts]


async def deliveries_of(
    db: Db, webhook_id: str, *, limit: int, after: Sequence[object] | None
) -> tuple[list[WebhookDelivery], list[object] | None]:
    """The log, newest first, and where the next page begins."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    rows = list(await db.scalars(one_page(query, _DELIVERY_KEYS, limit=limit, after=after)))
    return cut_page(rows, _DELIVERY_KEYS, limit=limit)


async def get_delivery(db: Db, webhook: Webhook, delivery_id: str) -> WebhookDelivery:
    """One delivery of the webhook; raises DeliveryNotFound."""
    row = await db.get(WebhookDelivery, delivery_id, with_for_update=True)
    if row is None or row.webhook_id != webhook.id:
        raise DeliveryNotFound
    return row


async def old_deliveries(db: Db, before: datetime, *, most: int = 500) -> list[str]:
    """Ids of those that ended so long ago that the log forgets them."""
    query = select(WebhookDelivery.id).where(WebhookDelivery.ended_at < before).limit(most)
    return list(await db.scalars(query))
