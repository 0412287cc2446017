"""A webhook's life: registered, changed, its secret changed with overlap, paused, resumed."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from server.core.clock import now
from server.core.db import Db
from server.core.fetch import usable_url
from server.core.secrets import Keyring
from server.webhooks.errors import TooManyWebhooks, WebhookFactUnknown
from server.webhooks.facts import FACTS
from server.webhooks.models import Webhook, WebhookDelivery
from server.webhooks.queries import webhooks_of
from server.webhooks.queue_up import order_try
from server.webhooks.sign import new_webhook_secret, secret_bytes

MOST = 20
# Both secrets sign meanwhile, so that the other side can change at its leisure.
OVERLAP = timedelta(hours=24)


async def register(
    db: Db,
    keyring: Keyring,
    *,
    event_id: str | None,
    url: str,
    facts: Sequence[str],
    description: str,
    secret: str,
    created_by: str | None,
) -> tuple[Webhook, str]:
    """A new webhook and its secret, told this once. Raises AddressUnusable, WebhookFactUnknown, WebhookSecretUnfit,
    TooManyWebhooks."""
    if len(await webhooks_of(db, event_id)) >= MOST:
        raise TooManyWebhooks
    secret = secret or new_webhook_secret()
    secret_bytes(secret)
    row = Webhook(
        event_id=event_id,
        url=checked_url(url),
        facts=checked_facts(facts),
        description=description,
        secret=keyring.encrypt(secret),
        created_by=created_by,
    )
    db.add(row)
    await db.flush()
    return row, secret


def checked_url(url: str) -> str:
    """An address that can be asked for; raises AddressUnusable. Whether it is a public one is looked at with every
    try: names change where they lead."""
    return str(usable_url(url))


def checked_facts(facts: Sequence[str]) -> list[str]:
    """Known facts, each once, in their order; raises WebhookFactUnknown."""
    if unknown := [one for one in facts if one not in FACTS]:
        raise WebhookFactUnknown(f"“{unknown[0]}” does not happen here; facts are {', '.join(FACTS)}.")
    return [one for one in FACTS if one in facts]


def rotate(keyring: Keyring, row: Webhook) -> str:
    """A new secret; the one before signs beside it for a day."""
    secret = new_webhook_secret()
    row.old_secret, row.old_until = row.secret, now() + OVERLAP
    row.secret = keyring.encrypt(secret)
    row.version += 1
    return secret


def secrets_of(keyring: Keyring, row: Webhook) -> list[str]:
    """The secrets in use, the newest first."""
    sealed = [row.secret]
    if row.old_secret and row.old_until is not None and row.old_until > now():
        sealed.append(row.old_secret)
    return [keyring.decrypt(one) for one in sealed]


def pause(row: Webhook, because: str) -> None:
    """Nothing more is sent until somebody says so; what happens meanwhile waits."""
    if row.paused_at is None:
        row.paused_at, row.paused_because = now(), because
        row.version += 1


async def resume(db: Db, row: Webhook) -> int:
    """Send again, first what waited meanwhile; returns how many that is."""
    if row.paused_at is None:
        return 0
    row.paused_at, row.paused_because = None, ""
    row.version += 1
    waiting = await db.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == row.id, WebhookDelivery.state == "waiting")
        .order_by(WebhookDelivery.id)
    )
    count = 0
    for delivery in waiting:
        await order_try(db, delivery)
        count += 1
    return count
